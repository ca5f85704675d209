"""What staff see of the doors, and do to them."""

from functools import partial

from edge.access.doors import staff
from edge.access.doors.alarms import see_alarm
from edge.access.doors.door import Door
from edge.access.doors.errors import FireStillBurning, NothingThere
from edge.access.doors.history import find_records
from edge.access.doors.records import DoorAlarm, FireRelease, LockDown
from edge.access.doors.site import SiteDoors
from edge.access.doors.views import DoorView, RecordsAsked, RecordsPage
from edge.access.entry import DoorOpener
from edge.access.errors import UnknownDoor
from edge.access.inputs import InputState
from edge.access.late import needing_journal
from edge.access.records import Hold, Opening
from edge.store.store import Store


class DoorDesk:
    """Every act names the account of whoever does it. Changes are hinted on the topic `doors`."""

    def __init__(self, *, store: Store, site: SiteDoors, opener: DoorOpener) -> None:
        self._store = store
        self._site = site
        self._opener = opener

    def doors(self) -> tuple[DoorView, ...]:
        """Every door as it is now, in the order of the site file."""
        return tuple(self._view(door) for door in self._site.doors.values())

    def fires(self) -> tuple[FireRelease, ...]:
        """Fire releases that nobody has reset."""
        return self._site.fire.live

    def lock_downs(self) -> tuple[LockDown, ...]:
        """Lock-downs that last."""
        return self._site.snapshot.lock_downs

    async def open_by_staff(self, door: str, account: str, reason: str, note: str = "") -> Opening:
        """Open a door by hand and wait for what its contact says: opened, unknown, refused.

        Raises UnknownDoor, UnknownReason, JournalStopped.
        """
        return await self._opener.open_for(
            door,
            lambda unit, found: staff.intend_by_staff(unit, found, account=account, reason=reason, note=note),
        )

    async def try_lock(self, door: str, account: str) -> Opening:
        """Open a door once to see its lock work, on record as a test. Raises UnknownDoor, JournalStopped."""
        return await self._opener.open_for(
            door, lambda unit, found: staff.intend_test(unit, found, account=account)
        )

    async def hold(self, door: str, reason: str, until_ms: int, account: str, note: str = "") -> Hold:
        """Hold a door released until an hour. Raises UnknownDoor, UnknownReason, HoldTooLong."""
        found = self._door(door)
        begin = partial(
            staff.hold_by_staff, door=found, account=account, reason=reason, until_ms=until_ms, note=note
        )
        with needing_journal(self._store):
            hold = await self._store.run(begin)
        await self._site.holds.apply()
        return hold

    async def end_hold(self, hold_id: str, account: str) -> None:
        """End a hold before its hour. Raises NothingThere."""
        with needing_journal(self._store):
            await self._store.run(partial(staff.end_hold_by_staff, hold_id=hold_id, account=account))
        await self._site.holds.apply()

    async def lock_down(self, doors: tuple[str, ...], reason: str, account: str, note: str = "") -> LockDown:
        """Lock doors down (none named: all). Raises UnknownDoor, UnknownReason."""
        for door in doors:
            self._door(door)
        begin = partial(staff.begin_lock_down, doors=doors, account=account, reason=reason, note=note)
        with needing_journal(self._store):
            lock_down = await self._store.run(begin)
        await self._site.holds.apply()
        return lock_down

    async def end_lock_down(self, lock_down_id: str, account: str) -> None:
        """End a lock-down. Raises NothingThere."""
        end = partial(staff.end_lock_down, lock_down_id=lock_down_id, account=account)
        with needing_journal(self._store):
            await self._store.run(end)
        await self._site.holds.apply()

    async def reset_fire(self, release_id: str, account: str) -> None:
        """Reset a fire release: its doors do again what is wanted of them. It counts also while nothing can
        be written, and is written afterwards. Raises NothingThere, FireStillBurning.
        """
        release = next((each for each in self._site.fire.live if each.id == release_id), None)
        if release is None:
            raise NothingThere(id=release_id[:64])
        if self._site.heard(release.input) is not InputState.IDLE:
            raise FireStillBurning(input=release.input)
        self._site.reset_fire(release_id, account)
        await self._site.owed.write()
        await self._site.holds.apply()

    async def acknowledge(self, alarm_id: str, account: str) -> DoorAlarm:
        """Take note of an alarm; its door's buzzer falls silent. Raises NothingThere."""
        alarm = await self._store.run(lambda unit: see_alarm(unit, alarm_id, account=account))
        if alarm is None:
            raise NothingThere(id=alarm_id[:64])
        self._site.live.hush(alarm.door)
        await self._site.holds.apply()
        return alarm

    async def records(self, asked: RecordsAsked) -> RecordsPage:
        """Door records, newest first."""
        return await self._store.read(lambda connection: find_records(connection, asked))

    def _door(self, door_id: str) -> Door:
        door = self._site.doors.get(door_id)
        if door is None:
            raise UnknownDoor(door=door_id[:64])
        return door

    def _view(self, door: Door) -> DoorView:
        site = self._site
        status, since_s = site.live.status_of(door.id)
        held = site.snapshot
        return DoorView(
            id=door.id,
            kind=door.kind,
            name_zh=door.name_zh,
            name_en=door.name_en,
            has_contact=door.has_contact,
            state=status.leaf,
            since_s=since_s,
            mode=status.mode,
            loop=status.loop,
            holds=tuple(hold for hold in held.holds if hold.door == door.id),
            lock_down=next((each for each in held.lock_downs if each.covers(door.id)), None),
            fire=next((each for each in site.fire.live if door.id in each.doors), None),
            alarms=tuple(alarm for alarm in held.alarms if alarm.door == door.id),
        )
