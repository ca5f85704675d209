"""Doors under any order of what people, contacts, inputs, devices, disk and power do."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.access import records
from edge.access.contacts import ContactState
from edge.access.doors.door import Door, DoorKind, Lock
from edge.access.doors.errors import DoorLockedDown
from edge.access.doors.fire import FireMarker
from edge.access.doors.machine import step
from edge.access.doors.records import live_fires, live_lock_downs
from edge.access.doors.states import Boom, Happening, Leaf, Loop, Mode, Status
from edge.access.doors.tables import TABLES, Row
from edge.access.holds import end_overdue_holds
from edge.access.inputs import Input, InputKind, InputState
from edge.errors import EdgeError, Refusal
from edge.store.condition import Condition
from edge.store.connections import prepare_writer
from edge.store.inline import InlineStore
from edge.store.migrate import apply_to
from tests.fakes.access_world import DAY_MS, AccessWorld
from tests.fakes.power import Power, PoweredConnection
from tests.proofs import doors_bugs
from tests.proofs.machines import run_machine, simulation
from tests.proofs.proof import Proof, Trial

RUNS, STEPS = 25, 60
"""One seed drives so many runs of so many steps; seeds of soaks drive twice as many steps."""
GRACE_MS, SETTLE_MS, PASSAGE_MS = 8_000, 1_000, 15_000
"""What the page of doors promises, not what the code says."""
RESIDENT = "res-1203"
NAMES = ("gate", "hall", "barrier")
DOORS = st.sampled_from(NAMES)
STATES = st.sampled_from(InputState)


class DoorSite(AccessWorld):
    """A gate with exit button and intercom, a fail-safe hall, a barrier with a loop; a disk that breaks."""

    doors: ClassVar[Mapping[str, Door]] = {
        "gate": Door(id="gate", kind=DoorKind.VISITOR),
        "hall": Door(id="hall", kind=DoorKind.RESIDENTS, fail_safe=True, lock=Lock.MAGLOCK),
        "barrier": Door(id="barrier", kind=DoorKind.VISITOR, fail_safe=True, lock=Lock.BARRIER),
    }
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(id="button", kind=InputKind.EXIT_BUTTON, doors=("gate", "hall")),
        Input(id="intercom", kind=InputKind.PARALLEL, doors=("gate",)),
        Input(id="loop", kind=InputKind.LOOP, doors=("barrier",)),
        Input(id="fire", kind=InputKind.FIRE),
    )

    def __init__(self, template: sqlite3.Connection, marker: Path) -> None:
        super().__init__()
        self.store.close()
        connection = sqlite3.connect(":memory:", isolation_level=None, factory=PoweredConnection)
        template.backup(connection)
        prepare_writer(connection)
        self.store = InlineStore(connection, site="heyuanli", device="k1", clock=self.clock)
        self.power = connection.power = Power()
        self.store._writer._monotonic_s = lambda: self.clock.at_ms / 1000
        self.marker = FireMarker(marker)
        self.build()
        self.grant(RESIDENT, NAMES)


class Told:
    """What a person who watches a door knows: when it may be opened, and what keeps it released."""

    def __init__(self) -> None:
        self.contact = ContactState.UNKNOWN
        self.may_open_until_ms = 0
        self.forced = False
        self.boom_until_ms = 0
        self.boom_up = False


class DoorsMachine(RuleBasedStateMachine):
    """Rules are what may happen; an own, simpler account of the site says what must be so afterwards."""

    loop: asyncio.AbstractEventLoop
    template: sqlite3.Connection
    folder: Path
    rows: set[Row]

    def __init__(self) -> None:
        super().__init__()
        self.marker = self.folder / f"fire-{id(self)}.json"
        self.marker.unlink(missing_ok=True)
        self.world = DoorSite(self.template, self.marker)
        self.told = {door: Told() for door in NAMES}
        self.pressed: set[str] = set()
        self.loop_state = InputState.UNKNOWN
        self.fire_state = InputState.UNKNOWN
        self.burning = self.locked_down = False
        self.fired = self.forgot_until_ms = 0
        self.lost: frozenset[str] = frozenset()

    def do(self, act: Callable[[], Awaitable[object]]) -> object:
        """One step; a refusal or an error of a broken disk is an answer."""

        async def guarded() -> object:
            try:
                return await act()
            except EdgeError as error:
                return error
            finally:
                await self.world.settle()
                self.note_pulses()

        return self.loop.run_until_complete(guarded())

    def teardown(self) -> None:
        self.rows.update(self.world.rows)
        self.world.power.read_only = False
        self.loop.run_until_complete(self.world.close())
        self.marker.unlink(missing_ok=True)

    def note_pulses(self) -> None:
        """Whatever fired may be opened; whoever asked knows it."""
        now_ms = self.world.clock.at_ms
        for _, door in self.world.pulser.fired[self.fired :]:
            told = self.told[door]
            told.may_open_until_ms = now_ms + GRACE_MS
            if door == "barrier":
                self.raise_boom(now_ms)
        self.fired = len(self.world.pulser.fired)

    def raise_boom(self, now_ms: int) -> None:
        told = self.told["barrier"]
        told.boom_up, told.boom_until_ms = True, now_ms + PASSAGE_MS

    # --- what people do

    @rule(door=DOORS, how=st.sampled_from(["code", "visitor", "command", "guard"]))
    def ask(self, door: str, how: str) -> None:
        world = self.world
        before = len(world.pulser.fired)

        async def enter() -> object:
            if how == "guard":
                intend = world.staff.open_by_staff(door, "guard-1", "delivery")
                return await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(intend)), 0)
            if how == "command":
                command = world.command(target=door, subject=RESIDENT)
                return await asyncio.wait_for(
                    asyncio.shield(asyncio.ensure_future(world.opener.open_by_command(command))), 0
                )
            text = world.code() if how == "code" else world.visitor(doors=(door,), uses=None)
            return await world.opener.enter(text, door, source=f"{door}-reader")

        async def ask() -> object:
            try:
                return await enter()
            except TimeoutError:
                return None

        answer = self.do(ask)
        if isinstance(answer, DoorLockedDown):
            assert self.locked_down and how != "guard", "a lock-down kept out whom it may not"
        if len(world.pulser.fired) > before and how != "guard" and self.locked_down:
            assert self.is_burning(door), f"{how} opened {door} in a lock-down"

    @rule(which=st.sampled_from(["button", "intercom"]), state=STATES)
    def press(self, which: str, state: InputState) -> None:
        now_ms = self.world.clock.at_ms
        for door in ("gate", "hall") if which == "button" else ("gate",):
            if state is InputState.ACTIVE or which in self.pressed:
                self.told[door].may_open_until_ms = max(self.told[door].may_open_until_ms, now_ms + GRACE_MS)
        (self.pressed.add if state is InputState.ACTIVE else self.pressed.discard)(which)
        self.do(partial(self.hear, which, state))

    async def hear(self, which: str, state: InputState) -> None:
        self.world.site.hear(which, state)

    @rule(door=DOORS, for_s=st.sampled_from([5, 60, 3600]))
    def hold(self, door: str, for_s: int) -> None:
        until_ms = self.world.clock.at_ms + for_s * 1000
        self.do(lambda: self.world.staff.hold(door, "moving", until_ms, "guard-1"))
        self.note_boom()

    @rule()
    def end_a_hold(self) -> None:
        holds = self.live_holds()
        if holds:
            self.do(lambda: self.world.staff.end_hold(holds[0].id, "guard-1"))
            self.note_boom()

    @rule()
    def lock_down(self) -> None:
        self.do(lambda: self.world.staff.lock_down((), "drill", "guard-1"))
        self.look_for_lock_downs()

    @rule()
    def end_lock_downs(self) -> None:
        for lock_down in self.world.site.snapshot.lock_downs:
            self.do(partial(self.world.staff.end_lock_down, lock_down.id, "guard-1"))
        self.look_for_lock_downs()

    def look_for_lock_downs(self) -> None:
        """A disk that breaks may have taken what nobody was told of."""
        self.locked_down = bool(live_lock_downs(self.world.store.connection))

    @rule(state=STATES)
    def fire(self, state: InputState) -> None:
        self.fire_state = state
        self.burning |= state is InputState.ACTIVE
        self.do(partial(self.hear, "fire", state))

    @rule()
    def reset_fire(self) -> None:
        for release in self.world.site.fire.live:
            answer = self.do(partial(self.world.staff.reset_fire, release.id, "guard-1"))
            if not isinstance(answer, Refusal):
                assert self.fire_state is InputState.IDLE, "reset while the input calls, or cannot be read"
                self.burning = False
        self.note_boom()

    # --- what contacts and devices say

    @rule(door=DOORS, state=st.sampled_from(ContactState))
    def contact(self, door: str, state: ContactState) -> None:
        told, now_ms = self.told[door], self.world.clock.at_ms
        moved = (told.contact, state) == (ContactState.CLOSED, ContactState.OPEN)
        expected = now_ms < told.may_open_until_ms or self.is_pressed(door) or self.is_held(door)
        waiting = self.has_undecided(door)
        self.do(lambda: self.world.contact(f"door:{door}", state))
        if moved and now_ms < self.forgot_until_ms:
            told.forced = self.leaf(door) is Leaf.FORCED  # what was released before the restart is forgotten
        elif moved and not expected:
            # Patience never runs out here: an opening that still waits decides it, where the disk says so.
            told.forced = not waiting or self.leaf(door) is Leaf.FORCED
        elif state is not ContactState.OPEN:
            if told.contact is ContactState.OPEN and state is ContactState.CLOSED and not told.forced:
                told.may_open_until_ms = max(told.may_open_until_ms, now_ms + SETTLE_MS)
            told.forced = False
        told.contact = state
        if moved and told.forced:
            assert self.leaf(door) is Leaf.FORCED, f"{door} was opened by nobody and is {self.leaf(door)}"
        elif moved:
            assert self.leaf(door) is Leaf.OPEN, f"{door} was opened rightly and is {self.leaf(door)}"

    @rule(state=STATES)
    def loop_says(self, state: InputState) -> None:
        self.loop_state = state
        self.do(partial(self.hear, "loop", state))
        if state is InputState.IDLE:
            self.told["barrier"].boom_up = False  # it may come down now
            self.told["barrier"].boom_until_ms = max(
                self.told["barrier"].boom_until_ms, self.world.clock.at_ms + PASSAGE_MS
            )

    @rule(mode=st.sampled_from(["fires", "fires", "fires", "refuses", "silent"]))
    def devices(self, mode: str) -> None:
        self.world.pulser.mode = mode

    @rule()
    def device_restarts(self) -> None:
        """Every line is off, every contact and input unknown until it is read again."""

        async def come_back() -> None:
            self.world.pulser.held.clear()
            self.world.contacts.forget(tuple(f"door:{door}" for door in NAMES))
            for each in self.world.inputs:
                self.world.site.hear(each.id, InputState.UNKNOWN)
            self.world.site.holds.forget()

        self.do(come_back)
        self.all_unknown()

    @rule()
    def disk_breaks(self) -> None:
        self.world.power.read_only = True

    @rule()
    def disk_mends(self) -> None:
        self.world.power.read_only = False
        self.time_passes(10)
        self.world.store._writer.look()

    @rule()
    def hub_restarts(self) -> None:
        """Lines go off with the hub; what was only in memory is lost, but not a fire."""
        self.world.clock.advance(seconds=1)
        self.world.pulser.held.clear()
        self.world.rows, rows = [], self.world.rows
        self.rows.update(rows)
        self.world.site.owed._entries.clear()
        self.lost |= self.world.opener.late.ids
        self.do(self.world.restart)
        self.all_unknown()
        self.look_for_lock_downs()
        self.forgot_until_ms = self.world.clock.at_ms + GRACE_MS
        self.told["barrier"].boom_up = False
        self.note_boom()

    @rule(seconds=st.sampled_from([0.4, 1, 5, 9, 16, 50, 100, 4000]))
    def time_passes(self, seconds: float) -> None:
        if seconds * 1000 + self.world.clock.at_ms > self.began_ms + DAY_MS:
            return
        for door in NAMES:
            if self.is_pressed(door):
                until_ms = int(self.world.clock.at_ms + seconds * 1000 + GRACE_MS)
                self.told[door].may_open_until_ms = until_ms

        async def look() -> None:
            self.world.clock.advance(ms=int(seconds * 1000))
            self.world.site.live.tick()
            if self.world.store.condition is Condition.READY:
                await self.world.site.owed.write()
                self.world.store.run_now(end_overdue_holds)
                written = {release.id for release in live_fires(self.world.store.connection)}
                told = {release.id for release in self.world.site.fire.live}
                assert told <= written or self.world.site.owed.waiting, "a fire was not written down"

        self.do(look)
        self.note_boom()

    @initialize()
    def everything_is_read(self) -> None:
        self.began_ms = self.world.clock.at_ms
        for door in NAMES:
            self.contact(door, ContactState.CLOSED)
        self.loop_says(InputState.IDLE)
        self.fire(InputState.IDLE)

    # --- what must be so

    @invariant()
    def locks_follow(self) -> None:
        """I6: held only for a fire, a live hold, or a boom over its loop; and held for each of them."""
        self.world.pulser.mode, mode = "fires", self.world.pulser.mode
        self.do(self.world.site.holds.apply)
        self.world.pulser.mode = mode
        for door in NAMES:
            held = self.world.pulser.held.get(door, False)
            if self.is_held(door):
                assert held, f"{door} is to be held released, and is not"
            elif held:
                assert door == "barrier" and self.boom_may_be_up(), f"{door} is held released for nothing"
        if self.told["barrier"].boom_up and self.loop_state is not InputState.IDLE:
            assert self.world.pulser.held.get("barrier"), "the boom came down while its loop was not clear"

    @invariant()
    def unknown_is_not_closed(self) -> None:
        for door, told in self.told.items():
            leaf = self.leaf(door)
            if leaf in (Leaf.CLOSED, Leaf.RELEASED):
                assert told.contact is ContactState.CLOSED, f"{door} is {leaf}, its contact is {told.contact}"

    @invariant()
    def every_pulse_has_its_intent(self) -> None:
        """I5: one earlier accepted authorisation a pulse, and one pulse an authorisation."""
        fired = [opening for opening, _ in self.world.pulser.fired]
        assert len(fired) == len(set(fired)), "a pulse was fired twice"
        for opening in fired:
            known = records.find_opening(self.world.store.connection, opening)
            late = opening in self.world.opener.late.ids or opening in self.lost
            assert known or late, f"{opening} has no intent"

    def live_holds(self) -> list[records.Hold]:
        return records.live_holds(self.world.store.connection, self.world.clock.now())

    def has_undecided(self, door: str) -> bool:
        place = f"door:{door}"
        late = [self.world.opener.late.find(each) for each in self.world.opener.late.ids]
        return bool(records.undecided_at(self.world.store.connection, place)) or any(
            opening is not None and opening.place == place and not opening.is_decided for opening in late
        )

    def is_pressed(self, door: str) -> bool:
        return ("button" in self.pressed and door in ("gate", "hall")) or (
            "intercom" in self.pressed and door == "gate"
        )

    def is_burning(self, door: str) -> bool:
        return self.burning and door != "gate"

    def is_held(self, door: str) -> bool:
        holds = any(hold.door == door for hold in self.live_holds())
        return self.is_burning(door) or (holds and not self.locked_down)

    def boom_may_be_up(self) -> bool:
        told = self.told["barrier"]
        return self.loop_state is not InputState.IDLE or self.world.clock.at_ms <= told.boom_until_ms

    def note_boom(self) -> None:
        """Where the boom is kept up beyond a hold is only ever because of its loop."""
        told = self.told["barrier"]
        told.boom_up = told.boom_up and self.loop_state is not InputState.IDLE
        if self.world.pulser.held.get("barrier") and self.loop_state is not InputState.IDLE:
            told.boom_up = True
            told.boom_until_ms = self.world.clock.at_ms + PASSAGE_MS

    def leaf(self, door: str) -> Leaf:
        return self.world.site.live.status_of(door)[0].leaf

    def all_unknown(self) -> None:
        for told in self.told.values():
            told.contact, told.forced = ContactState.UNKNOWN, False
        self.pressed.clear()
        self.loop_state = self.fire_state = InputState.UNKNOWN


def walk_tables() -> set[Row]:
    """Every status that a barrier can reach by any happenings, and what must be so in each of them."""
    begin = Status(is_barrier=True, fail_safe=True, loop=Loop.UNKNOWN)
    seen: set[tuple[Status, Happening | None]] = {(begin, None)}
    waiting = list(seen)
    taken: set[Row] = set()
    while waiting:
        status, read = waiting.pop()
        for happening in Happening:
            done = step(status, happening)
            taken.update(done.rows)
            after = (done.status, happening if happening.startswith("contact") else read)
            _judge(status, happening, done.status, after[1])
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return taken


def _judge(before: Status, happening: Happening, after: Status, read: Happening | None) -> None:
    words = f"{before} {happening} {after}"
    if after.leaf in (Leaf.CLOSED, Leaf.RELEASED):
        assert read is Happening.CONTACT_CLOSED, words
    if before.mode is Mode.FIRE and happening is not Happening.FIRE_RESET:
        assert after.mode is Mode.FIRE, words
    if before.is_released and not after.is_released:
        assert after.loop is Loop.CLEAR, words
    if after.mode is Mode.LOCKED_DOWN and after.boom is Boom.DOWN:
        assert not after.is_released, words


@contextmanager
def doors() -> Iterator[Trial]:
    """One migrated database for all runs; all rows of the tables are seen in the walk through them."""
    left = {row for table in TABLES.values() for row in table} - walk_tables()
    assert not left, f"rows that nothing reaches: {left}"
    template = sqlite3.connect(":memory:", isolation_level=None)
    apply_to(template, doors_bugs.MIGRATIONS)
    rows: set[Row] = set()
    with simulation() as (folder, loop):

        def trial(number: int) -> int:
            shared = {"loop": loop, "template": template, "folder": folder, "rows": rows}
            return run_machine(
                DoorsMachine, shared, number=number, runs=RUNS, steps=STEPS, hunting=doors_bugs.hunted.on
            )

        yield trial


PROOF = Proof(
    name="doors",
    promise="I5 and I6 at doors, *forced* and *held*, by an own account of the site, while contacts lie,"
    " inputs come and go, devices die, the disk breaks and the hub restarts; every row is reached",
    open=doors,
    suite=RUNS,
    goal=100_000,
    planted=doors_bugs.PLANTED,
    share=1.0,
)
