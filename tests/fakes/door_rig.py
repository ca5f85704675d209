"""A door driver with its device beside it, as the contract of all drivers works them."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from devices.registry import DoorDriver
from edge.access.contacts import ContactState
from edge.links.cancelling import end_task
from edge.links.findings import Findings

PULSE_MS = 500
Move = tuple[int, int, str]
"""Level, boot time in ns, cause."""


@dataclass
class Rig:
    """One driver and its device. `moves()` has everything that the relay did, and `edges()` what it did since
    the rig was made. `silence_s` is how long a held door stays so without the hub.
    """

    driver: DoorDriver
    runs: list[Callable[[], object]]
    moves: Callable[[], Iterable[Move]]
    lose: Callable[[], None]
    restore: Callable[[], None]
    silence: Callable[[bool], None]
    set_open: Callable[[bool], None]
    findings: Findings
    contacts: list[ContactState] = field(default_factory=list)
    resets: int = 0
    pulse_ms: int = PULSE_MS
    silence_s: float = 2.0
    began_ns: int = field(default_factory=lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    tasks: list[asyncio.Task[object]] = field(default_factory=list)

    def edges(self) -> list[Move]:
        """What the relay did since then."""
        return [move for move in self.moves() if move[1] >= self.began_ns]

    def is_on(self) -> bool:
        """Whether the relay is on now."""
        edges = self.edges()
        return bool(edges and edges[-1][0])

    def times_on(self) -> int:
        """How often it went on."""
        return sum(level for level, _, _ in self.edges())

    def online(self) -> bool:
        """Whether the door's device is fit for duty."""
        return self.driver.online("gate") is True

    def note(self, door: str, state: ContactState) -> None:
        """Take a report of the driver."""
        if door == "gate":
            self.contacts.append(state)

    async def connected(self, doors: Iterable[str]) -> None:
        """The device came back with everything off."""
        self.resets += "gate" in doors

    def begin(self) -> None:
        """The hub lives."""
        self.tasks = [asyncio.ensure_future(run()) for run in self.runs]  # type: ignore[call-overload]

    async def end(self) -> None:
        """The hub is gone."""
        for task in self.tasks:
            await end_task(task)
        self.tasks = []


def traced(trace: Path, is_ours: Callable[[dict[str, object]], bool]) -> Callable[[], list[Move]]:
    """The moves of one relay by its device's own trace."""

    def moves() -> list[Move]:
        entries = (json.loads(line) for line in trace.read_text("utf-8").splitlines())
        return [
            (entry["level"], entry["at_boot_ns"], str(entry["id"]))
            for entry in entries
            if "level" in entry and is_ours(entry)
        ]

    return moves


def find() -> Findings:
    """An empty list."""
    return Findings(now_ms=lambda: time.time_ns() // 1_000_000)


class Late:
    """Callbacks that a driver is made with before its rig is there."""

    rig: Rig

    def note(self, door: str, state: ContactState) -> None:
        """A contact says."""
        self.rig.note(door, state)

    async def connected(self, doors: Iterable[str]) -> None:
        """A device is back."""
        await self.rig.connected(doors)
