"""Proof: lockers under couriers, residents, staff, power cuts, and a board that lies, is late, or dies.

People are honest: a courier fills the cell whose door is open before them, a resident takes what lies in
theirs, staff says what they see. Whatever the board does, no cell holds two parcels, nobody is led to the
parcel of somebody else, and the journal alone shows that every rule was kept (`edge.proof.lockers`).
"""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.access.contacts import ContactState
from edge.access.lockers import case_records, deposit_records, pickup_records, records
from edge.access.lockers.deposit_records import DepositParcel
from edge.access.lockers.keeping import read_standing
from edge.access.lockers.pickup_records import SessionCell
from edge.access.lockers.steps import PICKUP, steps_at
from edge.access.records import find_opening
from edge.errors import EdgeError
from edge.proof.evidence import Entry
from edge.proof.lockers import check_lockers
from tests.fakes.bank_model import MODES, BankModel
from tests.fakes.locker_world import BANK, CELLS, CLERK, OTHER_CLERK, SUPERVISOR, LockerWorld, place_of
from tests.proofs import lockers_bugs
from tests.proofs.machines import run_machine, simulation
from tests.proofs.proof import Proof, Trial

RUNS, STEPS = 10, 50
ROOMS = ("mb-1203", "mb-0801")
HOLDING = frozenset({"empty", "wrong", "not_empty", "unasked", "jam"})
AT_THE_DOOR = ("requested", "opened", "unknown")
CELL = st.sampled_from(CELLS)


class PhysicalWorld(LockerWorld):
    """The lockers over a bank that is a thing of its own."""

    def __init__(self) -> None:
        self.model = BankModel(CELLS)
        super().__init__()

    def build(self) -> None:
        """The same bank behind every start of the hub."""
        super().build()
        self.cells = self.model  # type: ignore[assignment]
        self.desk.sender._cells = self.model


class LockerMachine(RuleBasedStateMachine):
    """One kiosk, one counter, one bank."""

    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.world = PhysicalWorld()
        lockers_bugs.prepare(self.world.store.connection)
        self.model = self.world.model
        self.away = False
        self.deposit = ""
        self.session = ""
        self.filled: set[tuple[str, int]] = set()
        self.run(self.world.begin())

    # --- couriers

    @rule(size=st.sampled_from("sml"), room=st.sampled_from(ROOMS), accessible=st.booleans())
    def a_courier_brings_a_parcel(self, size: str, room: str, accessible: bool) -> None:
        if not self.deposit:
            begun = self.run(self.world.deposits.start(self.world.courier_pass()))
            self.deposit = begun.id if begun else ""
        before = dict(self.world.contacts.states)
        asked = len(self.model.asked)
        self.run(
            self.world.deposits.put(self.deposit, mailbox=room, room=room, size=size, accessible=accessible)
        )
        for _, _, cell in self.model.asked[asked:]:
            said = before.get(place_of(cell))
            assert said is ContactState.CLOSED, f"{cell} was given to a courier while its door was {said}"

    @rule(size=st.sampled_from("sml"), room=st.sampled_from(ROOMS), collected=st.booleans())
    def all_goes_well(self, size: str, room: str, collected: bool) -> None:
        """A parcel is brought and, perhaps, its resident stands before the kiosk, while the board is well."""
        mode, self.model.mode = self.model.mode, "well"
        self.a_courier_brings_a_parcel(size, room, False)
        self.contacts_speak_out()
        self.the_courier_is_at_the_open_door("fill")
        self.the_courier_closes_the_door()
        self.contacts_speak_out()
        self.model.mode = mode
        if collected:
            self.a_resident_comes(room)
            self.the_resident_presses("open_next")
        if collected and not self.model.news:
            self.run(self.world.run_out())
            self.the_resident_presses("open_next")

    @rule(wish=st.sampled_from(["fill", "fill", "fill", "too_small", "not_empty", "cancel"]))
    def the_courier_is_at_the_open_door(self, wish: str) -> None:
        parcel = self.present_parcel()
        if parcel is None or parcel.cell not in self.model.opened or parcel.state not in AT_THE_DOOR:
            return
        mine = (self.deposit, parcel.position)
        if wish == "fill" and not parcel.wish and mine not in self.filled:
            inside = self.model.inside.get(parcel.cell)
            assert not inside, f"{parcel.cell} was given to a courier and holds {inside}"
            self.model.put(parcel.cell, parcel.order_id)
            self.filled.add(mine)
        elif wish != "fill" and parcel.state == "opened":
            act = (
                self.world.deposits.cancel(self.deposit)
                if wish == "cancel"
                else self.world.deposits.take_another(self.deposit, wish, "l")
            )
            if self.run(act) is not None and mine in self.filled:
                self.model.take(parcel.cell)
                self.filled.discard(mine)

    @rule()
    def the_courier_closes_the_door(self) -> None:
        parcel = self.present_parcel()
        if parcel is None or parcel.state not in AT_THE_DOOR:
            return
        if parcel.wish or (self.deposit, parcel.position) in self.filled:
            self.model.swing(parcel.cell, "closed")

    @rule(act=st.sampled_from(["open_next", "retry", "cancel", "finish"]))
    def the_courier_presses(self, act: str) -> None:
        if not self.deposit:
            return
        parcel = self.present_parcel()
        filled = parcel is not None and (self.deposit, parcel.position) in self.filled
        if act == "cancel" and filled and parcel is not None and parcel.cell in self.model.opened:
            return  # they would take it out first: `the_courier_is_at_the_open_door`
        desk = self.world.deposits
        acts = {
            "open_next": desk.open_next,
            "retry": desk.retry,
            "cancel": desk.cancel,
            "finish": desk.finish,
        }
        asked = len(self.model.asked)
        done = self.run(acts[act](self.deposit))
        if act == "open_next" and parcel is not None and parcel.state in ("unknown", "refused"):
            assert len(self.model.asked) == asked, f"{parcel.cell} was asked for again without a gesture"
        if act == "finish" and done is not None:
            self.deposit = ""

    # --- residents

    @rule(room=st.sampled_from(ROOMS))
    def a_resident_comes(self, room: str) -> None:
        waiting = records.parcels_of_mailbox(self.world.store.connection, room)
        if waiting:
            begun = self.run(self.world.desk.start_for(f"res-{room}", waiting[0].order_id))
            self.session = begun.id if begun else self.session

    @rule(act=st.sampled_from(["open_next", "open_next", "retry", "give_up"]))
    def the_resident_presses(self, act: str) -> None:
        if not self.session:
            return
        cell = self.present_cell()
        desk = self.world.desk
        acts = {"open_next": desk.open_next, "retry": desk.retry, "give_up": desk.give_up}
        asked = len(self.model.asked)
        self.run(acts[act](self.session))
        if act == "open_next" and cell is not None and cell.state in ("unknown", "refused"):
            assert len(self.model.asked) == asked, f"{cell.cell} was asked for again without a gesture"

    @rule(problem=st.sampled_from(["", "", "", "empty", "wrong"]))
    def the_resident_is_at_the_open_door(self, problem: str) -> None:
        cell = self.present_cell()
        if cell is None or cell.cell not in self.model.opened or cell.state not in AT_THE_DOOR:
            return
        session = pickup_records.find_session(self.world.store.connection, self.session)
        assert session is not None
        if problem and cell.state == "opened":
            self.run(self.world.desk.report(self.session, cell.cell, problem))
        else:
            for parcel in self.model.take(cell.cell):
                assert parcel == session.order_id, f"{cell.cell} showed {session.order_id} {parcel}"
        self.model.swing(cell.cell, "closed")

    # --- staff

    @rule(cell=CELL, second=st.sampled_from([None, CLERK, OTHER_CLERK, SUPERVISOR, SUPERVISOR, SUPERVISOR]))
    def staff_opens(self, cell: str, second: Any) -> None:
        """Where something lies, or something is wrong, rather than anywhere."""
        found = records.all_cells(self.world.store.connection)
        wanted = [each.cell for each in found if each.state in ("occupied", "held")]
        chosen = wanted[CELLS.index(cell) % len(wanted)] if wanted else cell
        self.run(self.world.keeper.open_cell(BANK, chosen, reason="case", first=CLERK, second=second))

    @rule(cell=CELL, leave=st.booleans())
    def staff_looks(self, cell: str, leave: bool) -> None:
        staff = case_records.staff_cell_at(self.world.store.connection, BANK, cell)
        if staff is None:
            return
        if cell in self.model.opened and staff.state == "opened":
            self.model.swing(cell, "closed")
        elif staff.state == "closed" and cell not in self.model.opened:
            self.settle(staff.opening, cell, leave)
        elif staff.state == "unknown":
            self.run(self.world.keeper.settle(staff.opening, "parcel_left", CLERK))

    @rule()
    def staff_clears_the_bank(self) -> None:
        self.run(self.world.keeper.clear_halt(BANK, SUPERVISOR))

    @rule(cell=CELL, blocked=st.booleans())
    def staff_blocks(self, cell: str, blocked: bool) -> None:
        if not self.model.inside.get(cell):
            self.run(self.world.keeper.block(BANK, cell, blocked, CLERK))

    # --- the bank, time and power

    @rule(mode=st.sampled_from(("well", "well", "well", *MODES)), wrong=CELL)
    def the_board_is(self, mode: str, wrong: str) -> None:
        self.model.mode, self.model.wrong = mode, wrong

    @rule()
    def the_board_acts_late(self) -> None:
        for cell in self.model.pending:
            self.model.swing(cell, "open")
        self.model.pending.clear()

    @rule(cell=CELL)
    def the_board_obeys_once_more(self, cell: str) -> None:
        if any(asked == cell for _, _, asked in self.model.asked):
            self.model.swing(cell, "open")

    @rule(cell=CELL)
    def somebody_shuts_a_door(self, cell: str) -> None:
        if not steps_at(self.world.store.connection, BANK, cell, AT_THE_DOOR):
            self.model.swing(cell, "closed")

    @rule(number=st.integers(1, 4))
    def the_contacts_speak(self, number: int) -> None:
        for _ in range(min(number, len(self.model.news))):
            self.tell(*self.model.news.pop(0))

    @rule(away=st.booleans())
    def the_board_goes_or_comes_back(self, away: bool) -> None:
        if away:
            self.away = True
            self.world.contacts.forget(tuple(place_of(cell) for cell in CELLS))
            self.model.news.clear()
        else:
            self.come_back()

    @rule(seconds=st.sampled_from([1, 30, 130, 700]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)
        self.run(self.world.run_out())
        self.run(self.world.keeper.run_due())
        self.forget_ended()

    @rule()
    def the_power_is_cut(self) -> None:
        self.run(self.world.restart())
        self.run(self.world.keeper.prepare())
        self.come_back()

    # --- what must hold

    @invariant()
    def nothing_is_wrong(self) -> None:
        full = {cell: inside for cell, inside in self.model.inside.items() if len(inside) > 1}
        assert not full, f"two parcels in one cell: {full}"
        faults = list(check_lockers(self.entries()))
        assert not faults, "; ".join(faults)
        connection = self.world.store.connection
        for opening_id, _, cell in self.model.asked:
            opening = find_opening(connection, opening_id)
            assert opening is not None, f"{cell} was asked for without an intent"
            assert opening.place == place_of(cell), f"{cell} was asked for on an intent for {opening.place}"
        for case in case_records.open_cases(connection):
            found = records.find_cell(connection, case.bank, case.cell)
            assert found is not None
            assert case.kind not in HOLDING or found.state == "held", (
                f"{case.cell} has a case and is {found.state}"
            )

    def teardown(self) -> None:
        """The board is well again and staff looks into everything; then the tables say what is there."""
        try:
            self.heal()
        finally:
            self.run(self.world.close())
            self.world.store.close()

    def heal(self) -> None:
        connection = self.world.store.connection
        self.model.mode = "well"
        self.model.pending.clear()
        for cell in tuple(self.model.opened):
            if any(step.kind == PICKUP for step in steps_at(connection, BANK, cell, AT_THE_DOOR)):
                self.model.take(cell)
            self.model.swing(cell, "closed")
        self.come_back()
        self.world.clock.advance(seconds=700)
        self.run(self.world.run_out())
        self.run(self.world.keeper.run_due())
        for _ in range(len(CELLS) + 1):
            self.run(self.world.keeper.clear_halt(BANK, SUPERVISOR))
        for cell in CELLS:
            found = records.find_cell(connection, BANK, cell)
            if found is not None and found.state != "free":
                self.look_into(cell)
        self.nothing_is_wrong()
        lying = {parcel.cell for parcel in read_standing(connection).parcels}
        there = {cell for cell, inside in self.model.inside.items() if inside}
        assert lying == there, f"the tables have parcels in {sorted(lying)}, the bank in {sorted(there)}"

    def look_into(self, cell: str) -> None:
        earlier = case_records.staff_cell_at(self.world.store.connection, BANK, cell)
        if earlier is not None and earlier.state == "closed":
            self.settle(earlier.opening, cell, leave=True)
            return
        self.run(self.world.keeper.block(BANK, cell, False, CLERK))
        opened = self.run(
            self.world.keeper.open_cell(BANK, cell, reason="case", first=CLERK, second=SUPERVISOR)
        )
        if opened is None:
            return  # its holder is at it: a person would wait
        self.contacts_speak_out()
        self.model.swing(cell, "closed")
        self.contacts_speak_out()
        self.settle(opened.opening, cell, leave=False)

    # --- hands

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Let something happen; None when it was refused."""
        with suppress(EdgeError):
            return self.loop.run_until_complete(self._settled(work))
        return None

    async def _settled(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await work
        finally:
            await self.world.settle()

    def tell(self, cell: str, state: str) -> None:
        """A contact's report arrives; a wrong cell that was seen to open must stop the bank."""
        if self.away:
            return
        self.world.clock.advance(seconds=20)
        connection = self.world.store.connection
        asked_id = records.undecided_in_bank(connection, BANK)
        asked = None if asked_id is None else find_opening(connection, asked_id)
        was_closed = self.world.contacts.state_of(place_of(cell)) is ContactState.CLOSED
        own = steps_at(connection, BANK, cell, ("opened", "unknown"))
        self.run(self.world.contact(place_of(cell), state))
        wrong = asked is not None and asked.place != place_of(cell) and not own
        if state == "open" and was_closed and wrong:
            assert case_records.is_halted(connection, BANK), (
                f"{cell} opened, {asked} was asked, nothing stopped"
            )

    def contacts_speak_out(self) -> None:
        while self.model.news:
            self.tell(*self.model.news.pop(0))

    def come_back(self) -> None:
        self.away = False
        self.model.news.clear()
        for cell in CELLS:
            self.tell(cell, self.model.state(cell))

    def settle(self, opening: str, cell: str, leave: bool) -> None:
        """Staff says what is so."""
        inside = self.model.inside.get(cell)
        known = records.parcel_in(self.world.store.connection, BANK, cell)
        outcome: Any = "empty" if not inside else "parcel_left" if leave and known else "to_counter"
        if outcome == "to_counter":
            self.model.take(cell)
        self.run(self.world.keeper.settle(opening, outcome, CLERK))

    def present_parcel(self) -> DepositParcel | None:
        found = deposit_records.find_deposit(self.world.store.connection, self.deposit)
        return found.current if found is not None and found.state == "open" else None

    def present_cell(self) -> SessionCell | None:
        found = pickup_records.find_session(self.world.store.connection, self.session)
        return found.current if found is not None and found.state == "open" else None

    def forget_ended(self) -> None:
        found = deposit_records.find_deposit(self.world.store.connection, self.deposit)
        if found is not None and found.state != "open":
            self.deposit = ""

    def entries(self) -> list[Entry]:
        """The journal so far."""
        rows = self.world.store.connection.execute("SELECT seq, type, body FROM journal ORDER BY seq")
        return [Entry(seq, 1, kind, json.loads(body), 0, "synced", b"", "") for seq, kind, body in rows]


@contextmanager
def open_lockers() -> Iterator[Trial]:
    """All runs share a loop."""
    with simulation() as (_, loop):
        yield lambda number: run_machine(
            LockerMachine,
            {"loop": loop},
            number=number,
            runs=RUNS,
            steps=STEPS,
            hunting=lockers_bugs.PLANTED.hunting,
        )


PROOF = Proof(
    name="lockers",
    promise="No order of couriers, residents, staff, power cuts and a board that lies, is late or dies puts "
    "two parcels into a cell, leads anybody to another's, or lets a bank go on after a wrong cell",
    open=open_lockers,
    suite=10,
    goal=20_000,
    planted=lockers_bugs.BUGS,
    patience=400,
)
"""Runs of up to 50 steps (in soaks 100), journal and bank judged after each."""
