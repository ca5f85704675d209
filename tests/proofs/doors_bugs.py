"""Bugs of the doors that their proof has to find."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from edge.access.contacts import ContactState
from edge.access.doors import live, machine, site, tables
from edge.access.doors.expecting import ExpectedPulses
from edge.access.doors.fire import FireBook, FireMarker
from edge.access.doors.gate import DoorGate
from edge.access.doors.live import LiveDoors
from edge.access.doors.site import SiteDoors
from edge.access.doors.states import Happening, Mode
from edge.access.holds import HoldKeeper
from edge.access.inputs import InputKind, InputState
from edge.access.records import live_holds
from edge.access.schema import MIGRATIONS as ACCESS
from edge.store.schema import MIGRATIONS as STORE
from tests.proofs.planting import replaced_all
from tests.proofs.proof import Plant

MIGRATIONS = (*STORE, *ACCESS)


class Hunted:
    """Whether a planted bug is hunted at the moment."""

    on = False


hunted = Hunted()


def _planted(*changes: tuple[object, str, object]) -> Plant:
    @contextmanager
    def plant() -> Iterator[None]:
        hunted.on = True
        try:
            with replaced_all(*changes):
                yield
        finally:
            hunted.on = False

    return plant


def _without(table: str, happening: Happening) -> Mapping[str, Any]:
    kept = tuple(row for row in tables.TABLES[table] if row.happening is not happening)
    return {**tables.TABLES, table: kept}


def _reset_by_itself() -> Callable[..., None]:
    hear = SiteDoors.hear

    def forgetful(self: SiteDoors, input_id: str, state: InputState) -> None:
        hear(self, input_id, state)
        if state is InputState.IDLE:
            for release in self.fire.live:
                if release.input == input_id:
                    self.reset_fire(release.id, "nobody")

    return forgetful


def _waits_for_the_disk() -> Callable[..., None]:
    hear = SiteDoors.hear

    def patient(self: SiteDoors, input_id: str, state: InputState) -> None:
        if self._inputs[input_id].kind is not InputKind.FIRE or self._store.condition == "ready":
            hear(self, input_id, state)

    return patient


def _born_yesterday() -> tuple[tuple[object, str, object], ...]:
    begin, born = SiteDoors.__init__, {"at_ms": 0}

    def init(self: SiteDoors, **parts: Any) -> None:
        begin(self, **parts)
        born["at_ms"] = parts["clock"].now().at_ms

    def younger(connection: Any, now: Any) -> list[Any]:
        return [hold for hold in live_holds(connection, now) if hold.from_ms >= born["at_ms"]]

    return ((SiteDoors, "__init__", init), (site, "live_holds", younger))


async def _pulse_twice(self: ExpectedPulses, opening_id: str, door_id: str) -> None:
    await self._pulser.pulse(opening_id, door_id)
    await self._pulser.pulse(f"{opening_id}-again", door_id)


def _wanted_but_in_lock_down(self: LiveDoors) -> frozenset[str]:
    return frozenset(
        name
        for name, one in self._doors.items()
        if one.status.is_released and not (one.status.mode is Mode.FIRE and one.status.locked_down)
    )


PLANTED: Mapping[str, Plant] = {
    "unknown read as closed": _planted(
        (live, "_BY_CONTACT", {**live._BY_CONTACT, ContactState.UNKNOWN: Happening.CONTACT_CLOSED})
    ),
    "hold lost at restart": _planted(*_born_yesterday()),
    "hold lost when the device comes back": _planted((HoldKeeper, "forget", lambda self, doors=None: None)),
    "fire reset by itself": _planted((SiteDoors, "hear", _reset_by_itself())),
    "fire waits for the disk": _planted((SiteDoors, "hear", _waits_for_the_disk())),
    "fire lost at restart when nothing was written": _planted((FireMarker, "read", lambda self: [])),
    "fire not written when it was marked": _planted((FireBook, "_owe_begin", lambda self, release: None)),
    "lock-down beats fire": _planted((LiveDoors, "wanted", _wanted_but_in_lock_down)),
    "lock-down lets everybody in": _planted((DoorGate, "judge", lambda self, *asked: None)),
    "forced not seen after a parallel controller": _planted(
        (machine, "TABLES", _without("leaf", Happening.GRACE_OVER))
    ),
    "parallel controller not heard": _planted(
        (live, "_ASKING", {InputKind.EXIT_BUTTON: Happening.EXIT_BUTTON})
    ),
    "boom comes down without its loop": _planted(
        (machine, "CONDITIONS", {**tables.CONDITIONS, "loop clear": lambda status: True})
    ),
    "pulse sent twice": _planted((ExpectedPulses, "pulse", _pulse_twice)),
}
"""The proof plants them in this process."""
