"""Doors and pickups against devices that lie, die and repeat themselves; and the bugs this must find."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from edge.access import policy, records
from edge.access.contacts import ContactDesk, ContactState
from edge.access.doors.door import Door
from edge.access.entry import DoorOpener, Report
from edge.access.lockers.pickup_records import PickupSession
from edge.access.policy import Intent
from edge.access.records import Opening
from edge.errors import DeviceError, Refusal
from edge.store.journal import verify
from edge.store.unit import Unit
from tests.fakes.access_world import AccessWorld

DOORS = ("gate", "building-3")
CELLS = ("A01", "A02", "B01")
STATES = st.sampled_from(["open", "closed", "unknown"])
SUITE = settings(max_examples=80, stateful_step_count=40, deadline=None)
HUNT = settings(
    max_examples=400, stateful_step_count=30, deadline=None, database=None, phases=[Phase.generate]
)


class AccessMachine(RuleBasedStateMachine):
    """Rules are what people, devices and power do; the invariants are I5 and what the contacts prove."""

    world_type: type[AccessWorld] = AccessWorld

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = self.world_type()
        self.passes = [self.world.visitor(id=f"pass{uses}", uses=uses) for uses in (1, 2)]
        self.world.grant()
        self.codes = [self.world.code() for _ in range(2)]
        self.sessions: set[str] = set()
        self.contact: dict[str, str] = {}
        self.proved: set[str] = set()
        self.uncommitted: list[str] = []
        self.pending: list[asyncio.Task[object]] = []
        self.watch_firing()

    def watch_firing(self) -> None:
        """At the moment of every pulse, look whether its intent is on disk."""
        pulse, open_cell = self.world.pulser.pulse, self.world.cells.open_cell

        def note(opening_id: str) -> None:
            connection = self.world.store.connection
            if connection.in_transaction or records.find_opening(connection, opening_id) is None:
                self.uncommitted.append(opening_id)

        async def watched_pulse(opening_id: str, door_id: str) -> None:
            note(opening_id)
            await pulse(opening_id, door_id)

        async def watched_cell(opening_id: str, bank: str, cell: str) -> None:
            note(opening_id)
            await open_cell(opening_id, bank, cell)

        self.world.pulser.pulse = watched_pulse  # type: ignore[method-assign]
        self.world.cells.open_cell = watched_cell  # type: ignore[method-assign]

    def do(self, step: Callable[[], Awaitable[object]]) -> object:
        """Run one step; a refusal is an answer like any other."""

        async def guarded() -> object:
            try:
                return await step()
            except Refusal as refusal:
                return refusal
            finally:
                await self.world.settle()

        return self.loop.run_until_complete(guarded())

    @rule(which=st.integers(0, 1), door=st.sampled_from(DOORS))
    def show_a_pass(self, which: int, door: str) -> None:
        self.do(lambda: self.world.opener.enter(self.passes[which], door, source="r"))

    @rule(which=st.integers(0, 1), door=st.sampled_from(DOORS))
    def show_a_code(self, which: int, door: str) -> None:
        self.do(lambda: self.world.opener.enter(self.codes[which], door, source="r"))

    @rule(number=st.integers(1, 3), door=st.sampled_from(DOORS))
    def deliver_a_command(self, number: int, door: str) -> None:
        command = self.world.command(id=f"cmd{number}", target=door)

        async def send() -> None:
            task = asyncio.ensure_future(self.world.opener.open_by_command(command))
            self.pending.append(task)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

        self.do(send)

    @rule(mode=st.sampled_from(["fires", "refuses", "silent"]))
    def the_guard_changes(self, mode: str) -> None:
        self.world.pulser.mode = mode
        self.world.cells.mode = {"fires": "takes"}.get(mode, mode)

    @rule(place=st.sampled_from([f"door:{door}" for door in DOORS]), state=STATES)
    def a_door_contact_says(self, place: str, state: str) -> None:
        if (self.contact.get(place), state) == ("closed", "open"):
            undecided = records.undecided_at(self.world.store.connection, place)
            self.proved |= {opening.id for opening in undecided}
        self.contact[place] = state
        self.do(lambda: self.world.contact(place, state))

    @rule(cell=st.sampled_from(CELLS), state=STATES)
    def a_cell_contact_says(self, cell: str, state: str) -> None:
        self.do(lambda: self.world.contact(f"cell:bank-a/{cell}", state))

    @rule(order=st.sampled_from(["o1", "o2"]))
    def show_an_order_pass(self, order: str) -> None:
        session = self.do(lambda: self.world.desk.start(self.world.order_pass(order)))
        if isinstance(session, PickupSession):
            self.sessions.add(session.id)

    @rule(gesture=st.sampled_from(["open_next", "open_next", "retry", "give_up"]))
    def touch(self, gesture: str) -> None:
        desk = self.world.desk
        acts = {"open_next": desk.open_next, "retry": desk.retry, "give_up": desk.give_up}
        for session in sorted(self.sessions):
            self.do(lambda session=session: acts[gesture](session))  # type: ignore[misc]

    @rule()
    def time_runs_out(self) -> None:
        self.do(self.world.run_out)

    @rule(seconds=st.integers(1, 10))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule()
    def the_power_is_cut(self) -> None:
        self.contact.clear()
        self.do(self.world.restart)

    @invariant()
    def every_pulse_has_one_committed_intent(self) -> None:
        asked = [opening for opening, _ in self.world.pulser.fired]
        asked += [opening for opening, _, _ in self.world.cells.asked]
        assert len(asked) == len(set(asked))
        assert self.uncommitted == []

    @invariant()
    def no_authorisation_is_used_beyond_its_uses(self) -> None:
        """A second try is no use; it follows only a first one of which nobody can know whether it moved."""
        connection = self.world.store.connection
        taken: Counter[str] = Counter()
        for opening_id, _ in self.world.pulser.fired:
            opening = records.find_opening(connection, opening_id)
            assert opening is not None
            if opening.authorisation.endswith(policy.AGAIN):
                first = records.find_by_authorisation(
                    connection, opening.authorisation.removesuffix(policy.AGAIN)
                )
                assert first is not None
                assert (first.state, first.reason in policy.UNPROVED) == ("unknown", True)
            else:
                taken[opening.pass_id or opening.authorisation] += 1
        limits = {"pass1": 1, "pass2": 2}
        assert all(count <= limits.get(name, 1) for name, count in taken.items())

    @invariant()
    def a_door_is_opened_exactly_when_its_contact_proved_it(self) -> None:
        told = {str(event["opening"]) for event in self.world.events("DoorOpened")}
        assert told == self.proved

    @invariant()
    def a_cell_is_asked_at_most_twice_a_session(self) -> None:
        asked = Counter(cell for _, _, cell in self.world.cells.asked)
        assert all(count <= 2 for count in asked.values())

    @invariant()
    def an_order_is_collected_only_after_each_cell_opened_and_closed(self) -> None:
        opened = {str(event["place"]) for event in self.world.events("CellOpened")}
        closed = {str(event["place"]) for event in self.world.events("CellClosed")}
        for order in self.world.orders.collected:
            places = {f"cell:{bank}/{cell}" for bank, cell in self.world.orders.orders[order]}
            assert places <= opened & closed
        assert len(set(self.world.orders.collected)) == len(self.world.orders.collected)

    @invariant()
    def the_journal_verifies(self) -> None:
        assert verify(self.world.store.connection).first_bad_seq is None

    def teardown(self) -> None:
        self.do(self.world.close)
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


@pytest.mark.slow
@pytest.mark.proof
def test_no_order_of_events_breaks_a_door_or_a_pickup() -> None:
    run_state_machine_as_test(AccessMachine, settings=SUITE)


class EagerOpener(DoorOpener):
    """Planted: fires first, commits the intent afterwards."""

    async def _open(
        self, door: Door, intend: Callable[[Unit], Intent], tell: Report | None = None
    ) -> Opening:
        with contextlib.suppress(DeviceError):
            await self._pulser.pulse("eager", door.id)
        return await super()._open(door, intend, tell)


class TrustingDesk(ContactDesk):
    """Planted: a contact that was never read passes for closed."""

    def state_of(self, place: str) -> ContactState:
        state = super().state_of(place)
        return ContactState.CLOSED if state is ContactState.UNKNOWN else state


class EagerWorld(AccessWorld):
    """Fires before the commit."""

    def build(self) -> None:
        super().build()
        self.opener.__class__ = EagerOpener


class TrustingWorld(AccessWorld):
    """Takes unknown for closed."""

    def build(self) -> None:
        super().build()
        self.contacts.__class__ = TrustingDesk


class RefiringWorld(AccessWorld):
    """Fires again after a restart what has no result."""

    async def restart(self) -> None:
        left = records.undecided(self.store.connection)
        await super().restart()
        for opening in left:
            if opening.place.startswith("door:"):
                self.pulser.fired.append((opening.id, opening.place))


@pytest.mark.parametrize("planted", [EagerWorld, TrustingWorld, RefiringWorld])
def test_a_planted_bug_is_found(planted: type[AccessWorld]) -> None:
    machine = type("Planted", (AccessMachine,), {"world_type": planted})
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(machine, settings=HUNT)


def test_a_second_try_after_an_opening_that_was_proved_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_may_try_again", lambda _, last: last.state != "refused")
    machine = AccessMachine()
    machine.a_door_contact_says(place="door:gate", state="closed")
    machine.show_a_pass(which=0, door="gate")
    machine.a_door_contact_says(place="door:gate", state="open")
    machine.time_passes(seconds=3)
    machine.show_a_pass(which=0, door="gate")
    with pytest.raises(AssertionError):
        machine.no_authorisation_is_used_beyond_its_uses()
    machine.teardown()


def test_a_second_try_when_nobody_knows_is_no_use() -> None:
    machine = AccessMachine()
    machine.show_a_pass(which=0, door="gate")
    machine.the_power_is_cut()
    machine.time_passes(seconds=3)
    machine.show_a_pass(which=0, door="gate")
    assert len(machine.world.pulser.fired) == 2
    machine.no_authorisation_is_used_beyond_its_uses()
    machine.teardown()
