"""All doors of a site together: what is heard of them, what is wanted of them, and what follows from both."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from edge.access.contacts import ContactDesk, ContactState
from edge.access.doors import records
from edge.access.doors.alarms import AlarmLog
from edge.access.doors.door import Door
from edge.access.doors.fire import FireBook, FireMarker
from edge.access.doors.gate import DoorGate
from edge.access.doors.live import Limits, LiveDoors, Sounder
from edge.access.doors.owed import OwedEntries
from edge.access.doors.policy import DoorPolicy
from edge.access.doors.records import DoorAlarm, LockDown
from edge.access.doors.tables import Row
from edge.access.holds import WISHES_TOPIC, HoldKeeper
from edge.access.inputs import Input, InputKind, InputState
from edge.access.ports import Holder
from edge.access.records import Hold, live_holds
from edge.errors import StoreError
from edge.store.store import Store
from edge.trust.clock import Clock, Reading, boot_time_ms

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
"""How often the doors' times are looked at: a pre-alarm may be late by so much."""

_POLICY = msgspec.json.Decoder(DoorPolicy)


class Snapshot(NamedTuple):
    """What the tables said of the doors when they were last read."""

    holds: tuple[Hold, ...] = ()
    lock_downs: tuple[LockDown, ...] = ()
    alarms: tuple[DoorAlarm, ...] = ()


class Silence:
    """The Sounder of a site without buzzers."""

    def sound(self, door: str, pattern_ms: tuple[int, ...]) -> None:
        """Nothing to hear."""


class SiteDoors:
    """Wires live doors, alarms and fire to the store and to whoever holds the locks.

    It is the `Wishes` of its own HoldKeeper. `marker` keeps fire releases beside the database; `on_step` is
    told every row of the tables that is taken.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        doors: Iterable[Door],
        inputs: Iterable[Input],
        contacts: ContactDesk,
        holder: Holder,
        sounder: Sounder | None = None,
        marker: FireMarker | None = None,
        boot_ms: Callable[[], int] = boot_time_ms,
        on_step: Callable[[Row], None] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self.doors = {door.id: door for door in doors}
        self._inputs = {each.id: each for each in inputs}
        self._heard: dict[str, InputState] = {}
        self.owed = OwedEntries(store=store, clock=clock)
        self.alarms = AlarmLog(self.owed)
        self.fire = FireBook(
            inputs={each.id: self._released_by(each) for each in self._inputs.values()},
            owed=self.owed,
            clock=clock,
            device=store.device,
            marker=marker,
        )
        self.live = LiveDoors(
            self.doors.values(),
            inputs=self._inputs.values(),
            alarms=self.alarms,
            sounder=sounder or Silence(),
            boot_ms=boot_ms,
            on_lock=self._follow_soon,
            on_step=on_step,
        )
        self.holds = HoldKeeper(wishes=self, holder=holder)
        self.gate = DoorGate(contacts.state_of, lambda: self.fire.doors)
        self.snapshot = Snapshot()
        self._following: set[asyncio.Task[list[str]]] = set()
        self._refreshing = False
        contacts.follow_doors(self._on_contact)

    def wanted(self) -> frozenset[str]:
        """The doors that are to be held released at this moment."""
        return self.live.wanted()

    async def start(self) -> None:
        """Take up what was so before a restart: fire first, by whatever still knows of it."""
        self.fire.load_marker()
        try:
            self.fire.load(await self._store.read(records.live_fires))
            self.alarms.load(await self._store.read(records.open_alarms))
        except StoreError as error:
            log.error("fire releases and alarms of before the start cannot be read: %s", error)
        self.live.burn(self.fire.doors)
        await self.refresh()

    async def refresh(self) -> None:
        """Read again what is wanted; what cannot be read stays as it was. The caller lets doors follow."""
        now = self._clock.now()
        try:
            self.snapshot, limits = await self._store.read(lambda connection: _read(connection, now))
        except StoreError as error:
            log.error("holds and lock-downs stay as they were: %s", error)
            return
        lock_downs = self.snapshot.lock_downs
        locked = (door for door in self.doors if any(each.covers(door) for each in lock_downs))
        held = frozenset(hold.door for hold in self.snapshot.holds)
        self._refreshing = True
        self.live.wish(held=held, locked_down=frozenset(locked))
        self._refreshing = False
        self.live.limit({door: self._limits(door, policy) for door, policy in limits.items()})

    def hear(self, input_id: str, state: InputState) -> None:
        """An input says. Fire is followed at once: nothing is read, written or awaited before."""
        heard = self._inputs.get(input_id)
        if heard is None:
            return
        self._heard[input_id] = state
        if heard.kind is not InputKind.FIRE:
            self.live.hear(input_id, state)
        elif state is InputState.ACTIVE and self.fire.begin(input_id):
            self.live.burn(self.fire.doors)
            asyncio.get_running_loop().call_soon(self.fire.mark)

    def heard(self, input_id: str) -> InputState:
        """What an input last said; of one that is not in the site file any more: idle."""
        known = InputState.UNKNOWN if input_id in self._inputs else InputState.IDLE
        return self._heard.get(input_id, known)

    def reset_fire(self, release_id: str, account: str) -> bool:
        """A named person resets a release; False when there is none of this id."""
        if self.fire.reset(release_id, account) is None:
            return False
        self.fire.mark()
        self.live.burn(self.fire.doors)
        return True

    async def run(self) -> None:
        """Follow time and what is wanted; never returns."""
        writing = asyncio.create_task(self.owed.run())
        try:
            with self._store.notifier.subscribe(WISHES_TOPIC) as hints:
                await self.holds.apply()
                while True:
                    hint = await hints.wait(LOOK_EVERY_S)
                    self.live.tick()
                    if hint is not None:
                        await self.holds.apply()
        finally:
            writing.cancel()

    async def close(self) -> None:
        """Write what is still owed, as far as that is possible, and name the rest."""
        for task in tuple(self._following):
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        await self.owed.write()
        self.owed.report_lost()

    def _released_by(self, heard: Input) -> tuple[str, ...]:
        if heard.kind is not InputKind.FIRE:
            return ()
        named = heard.doors or tuple(self.doors)
        return tuple(door for door in named if self.doors[door].fail_safe)

    def _on_contact(self, place: str, state: ContactState, authorised: bool) -> None:
        self.live.contact(place.removeprefix("door:"), state, authorised=authorised)

    def _limits(self, door: str, policy: DoorPolicy) -> Limits:
        own = self.doors.get(door)
        held_open_ms, pre_alarm_ms = (0, 0) if own is None else (own.held_open_ms, own.pre_alarm_ms)
        if policy.held_open_s is not None:
            held_open_ms = policy.held_open_s * 1000
        if policy.pre_alarm_s is not None:
            pre_alarm_ms = policy.pre_alarm_s * 1000
        return Limits(held_open_ms, pre_alarm_ms)

    def _follow_soon(self) -> None:
        if self._refreshing:
            return
        task = asyncio.get_running_loop().create_task(self.holds.follow())
        self._following.add(task)
        task.add_done_callback(self._following.discard)


def _read(connection: sqlite3.Connection, now: Reading) -> tuple[Snapshot, dict[str, DoorPolicy]]:
    snapshot = Snapshot(
        holds=tuple(live_holds(connection, now)),
        lock_downs=tuple(records.live_lock_downs(connection)),
        alarms=tuple(records.open_alarms(connection)),
    )
    policies = {each.door: _POLICY.decode(each.data) for each in records.policies(connection)}
    return snapshot, policies
