"""Holds (常开): a door that is to stay released until an hour. Applied again after a restart."""

from collections.abc import Iterable

from edge.access import records
from edge.access.errors import NotMoved
from edge.access.events import HoldBegan, HoldEnded
from edge.access.ports import Holder
from edge.access.records import Hold
from edge.errors import DeviceError
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock


def begin_hold(unit: Unit, *, door: str, reason: str, until_ms: int, actor: str) -> Hold:
    """Want a door released from now until `until_ms`."""
    hold = Hold(id=unit.next_id(), door=door, reason=reason, from_ms=unit.now.at_ms, until_ms=until_ms)
    records.insert_hold(unit.connection, hold)
    unit.record(HoldBegan(hold=hold.id, door=door, reason=reason, until_ms=until_ms), actor=actor)
    unit.hint("doors")
    return hold


def end_hold(unit: Unit, hold_id: str, *, reason: str, actor: str) -> None:
    """End a hold; an ended one stays as it is."""
    hold = records.end_hold(unit.connection, hold_id)
    if hold is not None:
        unit.record(HoldEnded(hold=hold.id, door=hold.door, reason=reason), actor=actor)
        unit.hint("doors")


def end_overdue_holds(unit: Unit) -> int:
    """End the holds whose hour has come; the `timers` role calls it."""
    overdue = records.overdue_holds(unit.connection, unit.now.at_ms)
    for hold in overdue:
        end_hold(unit, hold.id, reason="over", actor="timers")
    return len(overdue)


class HoldKeeper:
    """Makes the device do what the table says: at every connect, and after every change."""

    def __init__(self, *, store: Store, clock: Clock, holder: Holder) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._applied: set[str] = set()
        self._unsure: set[str] = set()

    def forget(self, doors: Iterable[str] | None = None) -> None:
        """A device dropped these doors (None: all): what was applied there is applied no more."""
        if doors is None:
            doors = self._applied | self._unsure
        self._applied.difference_update(doors)
        self._unsure.difference_update(doors)

    async def apply(self) -> list[str]:
        """Hold and release doors as the table says; return the doors that did not follow."""
        now = self._clock.now()
        live = await self._store.read(lambda connection: records.live_holds(connection, now))
        wanted = {hold.door for hold in live}
        failed: list[str] = []
        for door in sorted((wanted ^ self._applied) | self._unsure):
            try:
                await self._holder.hold(door, door in wanted)
            except NotMoved:
                failed.append(door)
            except DeviceError:
                # It may have followed: it is told again, also to let go of a hold that is over by then.
                self._unsure.add(door)
                failed.append(door)
            else:
                self._unsure.discard(door)
                self._applied = self._applied | {door} if door in wanted else self._applied - {door}
        return failed
