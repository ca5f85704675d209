"""What is away, for the banners: the health registry, looked at now and then, with when it began."""

import asyncio
from collections.abc import Callable

from edge.links.health import HealthRegistry, PartHealth, State
from edge.trust.clock import Clock
from kiosk.desks.views import Condition, Conditions

LOOK_EVERY_S = 1.0
NAMES: tuple[tuple[str, str], ...] = (
    ("store", "storage"),
    ("identity", "identity"),
    ("guard", "doors"),
    ("bank:", "lockers"),
    ("platform", "platform"),
    ("uplink", "platform"),
    ("vision", "camera"),
    ("reader:", "camera"),
    ("clock", "clock"),
)
"""Beginning of a part's name and what the screens call it, the gravest first."""
UNKNOWN_TOO = ("bank:",)
"""Beginnings of parts that are away as well when nobody knows: a board behind a dead broker says nothing."""
STORAGE, JOURNAL = "storage", "journal"
"""A full disk leaves doors and lockers; where nothing at all can be written, pickup stops, too."""


class RoomHealthDesk:
    """`kiosk.desks.ports.HealthDesk` over the registry.

    `readers` names the cameras of this screen; `cannot_write` says whether the store takes nothing at all.
    """

    def __init__(
        self,
        *,
        health: HealthRegistry,
        clock: Clock,
        readers: frozenset[str],
        cannot_write: Callable[[], bool] = lambda: False,
    ) -> None:
        self._cannot_write = cannot_write
        self._health = health
        self._clock = clock
        self._readers = readers
        self._since_ms: dict[str, int | None] = {}
        self._looked = False

    def conditions(self) -> Conditions:
        """Parts that were away at the last look."""
        order = dict.fromkeys((JOURNAL, *(name for _, name in NAMES)))
        return Conditions(
            tuple(Condition(name, self._since_ms[name]) for name in order if name in self._since_ms)
        )

    async def run(self) -> None:
        """Look again and again; never returns."""
        while True:
            self.take(await self._health.check())
            await asyncio.sleep(LOOK_EVERY_S)

    def take(self, parts: dict[str, PartHealth]) -> None:
        """Remember what is away; what was away at the very first look has no known beginning."""
        away = {name for part, health in parts.items() if (name := self._name_if_away(part, health))}
        if STORAGE in away and self._cannot_write():
            away = away - {STORAGE} | {JOURNAL}
        began_ms = self._clock.now().at_ms if self._looked else None
        self._since_ms = {name: self._since_ms.get(name, began_ms) for name in away}
        self._looked = True

    def _name_if_away(self, part: str, health: PartHealth) -> str | None:
        unknown_counts = health.state is State.UNKNOWN and part.startswith(UNKNOWN_TOO)
        if health.state is not State.DOWN and not unknown_counts:
            return None
        if part.startswith("reader:") and part.removeprefix("reader:") not in self._readers:
            return None
        return next((name for start, name in NAMES if part.startswith(start)), None)
