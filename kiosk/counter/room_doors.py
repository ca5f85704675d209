"""Doors as the counter sees them, over the access room."""

import asyncio
import sqlite3
from collections.abc import Callable

from edge.access.doors.desk import DoorDesk
from edge.access.doors.records import DoorAlarm, FireRelease
from edge.access.doors.states import Leaf, Mode
from edge.access.doors.views import DoorRecord, RecordsAsked
from edge.access.doors.views import DoorView as RoomDoorView
from edge.access.inputs import InputState
from edge.access.places import door_place, is_cell
from edge.access.records import Hold, Opening
from edge.homes.errors import ResidentUnknown, RoomUnknown
from edge.homes.residents import find_resident
from edge.homes.rooms import find_room
from edge.staff.records import list_members
from edge.store.store import Store
from edge.trust.clock import Clock
from kiosk.counter.door_views import (
    AlarmView,
    Contact,
    DoorView,
    FireView,
    HoldView,
    LockDownView,
    OpeningView,
    RecordsShown,
    Search,
    SiteView,
)
from kiosk.refusals import REFUSALS
from kiosk.words import Text, same

ANSWER_S = 1.5
"""A page waits so long for the contact's word; what comes later stands on the page when it is there."""
REASONS = {
    "contact_silent": Text("门磁没有回音", "contact silent"),
    "no_answer": Text("控制器没有回答", "controller silent"),
    "restart": Text("主机重启，结果没记上", "hub restarted meanwhile"),
    "offline": Text("控制器不在", "controller away"),
}
"""Why an opening ended as it did."""


class RoomDoorDesk:
    """`kiosk.counter.door_views.DoorDesk` over the doors of the access room.

    heard: what a fire input last said; reachable: whether the device that drives a door answers.
    """

    def __init__(
        self,
        *,
        desk: DoorDesk,
        store: Store,
        clock: Clock,
        heard: Callable[[str], InputState],
        reachable: Callable[[str], bool | None],
    ) -> None:
        self._desk = desk
        self._store = store
        self._clock = clock
        self._heard = heard
        self._reachable = reachable
        self._opening: set[asyncio.Task[Opening]] = set()

    async def site(self) -> SiteView:
        """How everything stands now."""
        doors = self._desk.doors()
        now_ms = self._clock.now().at_ms
        alarms = [_alarm(alarm) for door in doors for alarm in door.alarms]
        return SiteView(
            doors=tuple(self._door(door, now_ms) for door in doors),
            alarms=tuple(sorted(alarms, key=lambda alarm: (alarm.over, -alarm.since_ms))),
            fires=tuple(self._fire(fire) for fire in self._desk.fires()),
            lock_downs=tuple(
                LockDownView(
                    id=down.id,
                    since_ms=down.began_at_ms,
                    doors=down.doors or tuple(door.id for door in doors),
                    reason=down.reason,
                )
                for down in self._desk.lock_downs()
            ),
        )

    async def records(self, search: Search) -> RecordsShown:
        """Entries that match, the newest first."""
        page = await self._desk.records(
            RecordsAsked(
                place=door_place(search.door) if search.door else "",
                kind=search.way,
                from_ms=search.from_ms,
                until_ms=search.until_ms,
                before=search.before,
                limit=search.size,
            )
        )
        entries = await self._store.read(lambda c: tuple(_entry(c, record) for record in page.records))
        return RecordsShown(entries=entries, before=page.before)

    async def open(self, door: str, *, staff: str, reason: str, note: str) -> None:
        """Open once; waits a moment for the contact, and lets the rest come by itself. Raises Refusal."""
        task = asyncio.create_task(self._desk.open_by_staff(door, staff, reason, note))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        done, _ = await asyncio.wait({task}, timeout=ANSWER_S)
        if done:
            task.result()

    async def hold(self, door: str, *, staff: str, reason: str, note: str, until_ms: int) -> None:
        """Keep a door released until then."""
        await self._desk.hold(door, reason, until_ms, staff, note)

    async def end_hold(self, hold: str, *, staff: str) -> None:
        """Let a hold go."""
        await self._desk.end_hold(hold, staff)

    async def lock_down(self, doors: tuple[str, ...], *, staff: str, reason: str, note: str) -> None:
        """Nobody but staff from now on."""
        await self._desk.lock_down(doors, reason, staff, note)

    async def end_lock_down(self, lock_down: str, *, staff: str) -> None:
        """As before."""
        await self._desk.end_lock_down(lock_down, staff)

    async def reset_fire(self, release: str, *, staff: str) -> None:
        """End a fire release."""
        await self._desk.reset_fire(release, staff)

    async def acknowledge(self, alarm: str, *, staff: str) -> None:
        """A person has seen to an alarm."""
        await self._desk.acknowledge(alarm, staff)

    def _door(self, door: RoomDoorView, now_ms: int) -> DoorView:
        return DoorView(
            id=door.id,
            name=_name(door),
            kind=door.kind.value,
            contact=_contact(door),
            state=door.state.value,
            since_ms=now_ms - door.since_s * 1000,
            mode=door.mode.value,
            holds=tuple(_hold(hold) for hold in door.holds) if door.mode is not Mode.FIRE else (),
            loop=door.loop.value,
            reachable=self._reachable(door.id),
        )

    def _fire(self, fire: FireRelease) -> FireView:
        heard = self._heard(fire.input)
        active = None if heard is InputState.UNKNOWN else heard is InputState.ACTIVE
        return FireView(id=fire.id, since_ms=fire.began_at_ms, doors=fire.doors, active=active)


def _name(door: RoomDoorView) -> Text:
    return Text(door.name_zh or door.id, door.name_en or door.id)


def _contact(door: RoomDoorView) -> Contact:
    """A released lock says nothing of the leaf: the contact still reads closed."""
    if not door.has_contact:
        return "none"
    if door.state is Leaf.UNKNOWN:
        return "unknown"
    return "closed" if door.state in (Leaf.CLOSED, Leaf.RELEASED) else "open"


def _hold(hold: Hold) -> HoldView:
    by_hand = hold.kind == "staff"
    reason = hold.reason if by_hand else hold.kind
    return HoldView(id=hold.id, reason=reason, until_ms=hold.until_ms, by_hand=by_hand)


def _alarm(alarm: DoorAlarm) -> AlarmView:
    over = alarm.ended_at_ms is not None
    return AlarmView(id=alarm.id, door=alarm.door, kind=alarm.kind, since_ms=alarm.began_at_ms, over=over)


def _entry(connection: sqlite3.Connection, record: DoorRecord) -> OpeningView:
    """One entry; staff is named, a resident said by the room, a visitor by nothing."""
    place = record.place.partition(":")[2]
    return OpeningView(
        id=record.id,
        at_ms=record.at_ms,
        door="" if is_cell(record.place) else place,
        place=place,
        way=record.kind,
        result=record.state,
        why=_why(record.reason),
        note=record.note,
        who=_who(connection, record),
        source=record.source,
        decided_at_ms=record.decided_at_ms,
    )


def _why(reason: str) -> Text | None:
    if not reason:
        return None
    return REASONS.get(reason) or (REFUSALS[reason][0] if reason in REFUSALS else same(reason))


def _who(connection: sqlite3.Connection, record: DoorRecord) -> Text | None:
    if record.source:
        named = {member.id: member.name for member in list_members(connection)}.get(record.source)
        if named is not None:
            return same(named)
    if not record.subject:
        return None
    try:
        room = find_room(connection, find_resident(connection, record.subject).room)
    except (ResidentUnknown, RoomUnknown):
        return None
    return Text("{b}号楼 {n} 室", "Building {b}, room {n}").fill(b=room.building, n=room.number)
