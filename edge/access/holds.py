"""Holds (常开): a door that is to stay released until an hour. Applied again after a restart."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from edge.access import records
from edge.access.events import HoldBegan, HoldEnded
from edge.access.ports import Holder
from edge.access.records import Hold
from edge.errors import DeviceError
from edge.store.unit import Unit

WISHES_TOPIC = "door_wishes"
"""The notifier's topic for what doors are wanted to do, and for what is wrong with them."""


def hint_wishes(unit: Unit) -> None:
    """Tell whoever follows the doors, and the screens, that something is wanted of them anew."""
    unit.hint(WISHES_TOPIC)
    unit.hint("doors")


def begin_hold(unit: Unit, *, door: str, reason: str, until_ms: int, actor: str, kind: str = "staff") -> Hold:
    """Want a door released from now until `until_ms`; `kind` is who wants it: `staff` or `schedule`."""
    hold = Hold(
        id=unit.next_id(), door=door, reason=reason, from_ms=unit.now.at_ms, until_ms=until_ms, kind=kind
    )
    records.insert_hold(unit.connection, hold)
    unit.record(HoldBegan(hold=hold.id, door=door, reason=reason, until_ms=until_ms), actor=actor)
    hint_wishes(unit)
    return hold


def end_hold(unit: Unit, hold_id: str, *, reason: str, actor: str) -> Hold | None:
    """End a hold and return it; an ended one stays as it is."""
    hold = records.end_hold(unit.connection, hold_id)
    if hold is not None:
        unit.record(HoldEnded(hold=hold.id, door=hold.door, reason=reason), actor=actor)
        hint_wishes(unit)
    return hold


def end_overdue_holds(unit: Unit) -> int:
    """End the holds whose hour has come; the `timers` role calls it."""
    overdue = records.overdue_holds(unit.connection, unit.now.at_ms)
    for hold in overdue:
        end_hold(unit, hold.id, reason="over", actor="timers")
    return len(overdue)


class Wishes(Protocol):
    """Which doors are wanted released."""

    def wanted(self) -> frozenset[str]:
        """The doors that are to be held released at this moment, from memory."""
        ...

    async def refresh(self) -> None:
        """Read again what is on disk; what cannot be read stays as it was."""
        ...


class HoldKeeper:
    """Makes the devices do what is wanted: at every connect, after every change, and again and again.

    Each door is followed by itself, so that a device that does not answer holds up no other.
    """

    def __init__(self, *, wishes: Wishes, holder: Holder) -> None:
        self._wishes = wishes
        self._holder = holder
        self._applied: set[str] = set()
        self._unsure: set[str] = set()
        self._asked: dict[str, int] = {}

    def forget(self, doors: Iterable[str] | None = None) -> None:
        """A device dropped these doors (None: all): what was applied there is applied no more."""
        for door in tuple(self._asked) if doors is None else doors:
            self._asked[door] = self._asked.get(door, 0) + 1
            self._applied.discard(door)
            self._unsure.discard(door)

    async def apply(self) -> list[str]:
        """Hold and release doors as is wanted by now; return the doors that did not follow.

        What is known goes out before anything is read.
        """
        await self.follow()
        await self._wishes.refresh()
        return await self.follow()

    async def follow(self) -> list[str]:
        """The same by what is in memory: nothing is read before a door is told."""
        doors = sorted((self._wishes.wanted() ^ self._applied) | self._unsure)
        followed = await asyncio.gather(*(self._tell(door) for door in doors))
        return [door for door, did in zip(doors, followed, strict=True) if not did]

    async def _tell(self, door: str) -> bool:
        # What is wanted is looked at directly before it is sent: a fire that came meanwhile is not undone.
        on = door in self._wishes.wanted()
        number = self._asked[door] = self._asked.get(door, 0) + 1
        # Until it has answered it may have followed or not, and is told again: also to let go of a hold that
        # is over by then.
        self._unsure.add(door)
        try:
            await self._holder.hold(door, on)
        except DeviceError:
            return False
        if number == self._asked[door]:
            self._unsure.discard(door)
            (self._applied.add if on else self._applied.discard)(door)
        return True
