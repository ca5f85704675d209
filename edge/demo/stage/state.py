"""What is told to the page: everything asked anew from hub, platform and simulators, nothing kept.

While no page looks nobody is asked. Each source has a beat of its own; an answer that does not come is told
as *not known*, never as the last known.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from devices.simulator.hands import Hands
from edge.demo.layout import Layout
from edge.demo.stage.asking import Asker
from edge.demo.stage.switches.port import Switch
from edge.demo.stage.view_journal import JournalView, Names, read_goods
from edge.demo.stage.view_places import PlacesView, pickup_marks
from edge.demo.stage.words import NOTHING, Said

LOOK_S = 0.3
HEALTH = {"ok": "ok", "unknown": "starting", "down": "degraded"}
"""What the page calls what the hub says of itself."""


class Line(Protocol):
    """The line of the invariant checker."""

    def told(self) -> dict[str, Any]:
        """The newest judgement, as the page reads it."""


class StateTeller:
    """Collects the state while somebody watches, and wakes who waits for a newer one."""

    def __init__(
        self, layout: Layout, asker: Asker, *, hands: Hands, switches: Sequence[Switch], line: Line
    ) -> None:
        self._switches = switches
        self._line = line
        self._hands = hands
        self._asker = asker
        self._places = PlacesView(layout)
        self._journal = JournalView(asker, Names(doors=self._places.names, goods=read_goods()))
        self._said: dict[str, Said] = {}
        self._watching = 0
        self._text = ""
        self._revision = 0
        self._changed = asyncio.Condition()
        self._wanted = asyncio.Event()

    def say(self, switch: str, said: Said) -> None:
        """Remember what a switch has done, in words."""
        self._said[switch] = said

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """While this is open, the state is asked for."""
        if not self._watching:
            self._text = ""  # what was told last is old by now
        self._watching += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._watching -= 1
            if not self._watching:
                self._wanted.clear()

    async def newer(self, than: int) -> tuple[int, str]:
        """Wait for a state that is newer than this revision: its revision, and its JSON."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._text and self._revision > than)
            return self._revision, self._text

    async def run(self) -> None:
        """Collect for ever."""
        while True:
            await self._wanted.wait()
            text = json.dumps(await self.collect(), ensure_ascii=False)
            if text != self._text:
                async with self._changed:
                    self._text, self._revision = text, self._revision + 1
                    self._changed.notify_all()
            await asyncio.sleep(LOOK_S)

    async def collect(self) -> dict[str, Any]:
        """The whole state, now."""
        status = await self._asker.hub("/status")
        world, devices, journal, switches = await asyncio.gather(
            self._hands.look(),
            self._asker.hub("/devices"),
            self._journal.look(status),
            self._look_at_switches(),
        )
        marks = pickup_marks(self._journal.entries)
        return {
            "line": self._line.told(),
            "journal": journal,
            "doors": self._places.doors(world["doors"], devices),
            "bank": self._places.bank(world["cells"], devices, marks),
            "switches": switches,
            "camera": {"said": self._places.camera(devices)._asdict()},
            "health": {"hub": "away" if status is None else HEALTH[status["state"]]},
        }

    async def _look_at_switches(self) -> list[dict[str, Any]]:
        states = await asyncio.gather(*(switch.observed() for switch in self._switches))
        return [
            {
                "id": switch.id,
                "group": switch.group,
                **switch.words._asdict(),
                "help": switch.help._asdict(),
                "one_shot": switch.one_shot,
                "state": state,
                "said": self._said.get(switch.id, NOTHING)._asdict(),
            }
            for switch, state in zip(self._switches, states, strict=True)
        ]
