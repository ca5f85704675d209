"""Lockers: deposits, pickups without a pass, wrong cells, cases, and what staff may open."""

from collections.abc import Iterator

import pytest

from edge.access.errors import AskAtCounter, CellInUse, OrderInProgress, PassWrongKind
from edge.access.lockers.case_records import open_cases
from edge.access.lockers.codes import apply_pickup_code
from edge.access.lockers.errors import (
    BankIsHalted,
    CellIsHeld,
    CellStillOpen,
    NoCellFree,
    PickupCodesLocked,
    PickupCodeWrong,
    TwoPeopleNeeded,
)
from edge.access.lockers.feed_parcels import note_order
from edge.access.ports import OrderCell
from edge.trust.cards import pickup_hash
from tests.fakes.locker_world import (
    BANK,
    CLERK,
    MAILBOX,
    OTHER_CLERK,
    SIZE_OF,
    SUPERVISOR,
    LockerWorld,
    place_of,
)

CODE = "40718265"


@pytest.fixture
def lockers() -> Iterator[LockerWorld]:
    world = LockerWorld()
    yield world
    world.store.close()


async def test_a_courier_deposits_and_the_resident_collects(lockers: LockerWorld) -> None:
    await lockers.begin()
    order, cell = await lockers.deposit()
    assert lockers.state_of(cell) == "occupied"
    told = lockers.events("ParcelDeposited")[0]
    assert (told["order_id"], told["mailbox"], told["place"]) == (order, MAILBOX, place_of(cell))
    session = await lockers.desk.start_for("res-1203", order)
    await lockers.desk.open_next(session.id)
    await lockers.use(cell)
    assert (await lockers.desk.find(session.id)).state == "collected"
    assert (lockers.state_of(cell), lockers.parcel_states(order)) == ("free", ["taken"])
    assert lockers.types() == [
        "DepositStarted",
        *["CellOpenRequested", "CellOpened", "CellClosed", "ParcelDeposited"],
        "DepositEnded",
        "PickupStarted",
        *["CellOpenRequested", "CellOpened", "CellClosed", "CellFreed", "OrderCollected"],
    ]


async def test_several_parcels_of_a_room_are_one_order_each_in_a_fitting_cell(lockers: LockerWorld) -> None:
    await lockers.begin()
    deposit = await lockers.deposits.start(lockers.courier_pass())
    for size in ("s", "m", "l"):
        deposit = await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size=size)
        await lockers.use(deposit.parcels[-1].cell)
    deposit = await lockers.deposits.finish(deposit.id)
    assert {parcel.order_id for parcel in deposit.parcels} == {deposit.parcels[0].order_id}
    assert [SIZE_OF[parcel.cell] for parcel in deposit.parcels] == ["s", "m", "l"]
    assert lockers.events("DepositEnded")[0]["stored"] == 3


async def test_reach_comes_first_for_who_asks_and_last_for_who_does_not(lockers: LockerWorld) -> None:
    await lockers.begin()
    deposit = await lockers.deposits.start(lockers.courier_pass())
    asked = await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s", accessible=True)
    assert asked.parcels[-1].cell == "A03"
    await lockers.use("A03")
    other = await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    assert other.parcels[-1].cell == "A01"


async def test_a_cell_whose_door_is_not_known_to_be_closed_is_never_given(lockers: LockerWorld) -> None:
    await lockers.begin("unknown")
    deposit = await lockers.deposits.start(lockers.courier_pass())
    with pytest.raises(NoCellFree):
        await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    await lockers.contact(place_of("C02"), "closed")
    deposit = await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    assert deposit.parcels[-1].cell == "C02"


async def test_a_parcel_that_does_not_fit_gets_another_cell_after_the_first_is_closed(
    lockers: LockerWorld,
) -> None:
    await lockers.begin()
    deposit = await lockers.deposits.start(lockers.courier_pass())
    await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    first = lockers.asked_cells()[-1]
    await lockers.move(first, "open")
    await lockers.deposits.take_another(deposit.id, "too_small", "l")
    await lockers.deposits.open_next(deposit.id)
    assert lockers.asked_cells() == [first]
    await lockers.move(first, "closed")
    await lockers.deposits.open_next(deposit.id)
    second = lockers.asked_cells()[-1]
    await lockers.use(second)
    assert (SIZE_OF[second], lockers.state_of(first), lockers.state_of(second)) == ("l", "free", "occupied")


async def test_a_cell_that_is_not_empty_is_held_and_another_one_opens(lockers: LockerWorld) -> None:
    await lockers.begin()
    deposit = await lockers.deposits.start(lockers.courier_pass())
    await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    first = lockers.asked_cells()[-1]
    await lockers.move(first, "open")
    await lockers.deposits.take_another(deposit.id, "not_empty", "s")
    await lockers.move(first, "closed")
    await lockers.deposits.open_next(deposit.id)
    await lockers.use(lockers.asked_cells()[-1])
    assert lockers.state_of(first) == "held"
    assert [case.kind for case in open_cases(lockers.store.connection)] == ["not_empty"]


async def test_a_deposit_is_resumed_after_a_crash_and_an_unknown_cell_is_not_fired_again(
    lockers: LockerWorld,
) -> None:
    await lockers.begin()
    text = lockers.courier_pass()
    deposit = await lockers.deposits.start(text)
    await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    await lockers.restart()
    await lockers.begin()
    again = await lockers.deposits.start(text)
    assert (again.id, [parcel.state for parcel in again.parcels]) == (deposit.id, ["unknown"])
    await lockers.deposits.open_next(deposit.id)
    assert len(lockers.cells.asked) == 1
    await lockers.deposits.cancel(deposit.id)
    assert lockers.state_of(lockers.asked_cells()[0]) == "held"


async def test_a_cancelled_parcel_gives_its_cell_back_once_it_is_closed(lockers: LockerWorld) -> None:
    await lockers.begin()
    deposit = await lockers.deposits.start(lockers.courier_pass())
    await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    cell = lockers.asked_cells()[-1]
    await lockers.move(cell, "open")
    await lockers.deposits.cancel(deposit.id)
    with pytest.raises(CellStillOpen):
        await lockers.deposits.finish(deposit.id)
    await lockers.move(cell, "closed")
    await lockers.deposits.finish(deposit.id)
    assert (lockers.state_of(cell), lockers.events("ParcelDeposited")) == ("free", [])


async def test_only_a_couriers_pass_deposits(lockers: LockerWorld) -> None:
    with pytest.raises(PassWrongKind):
        await lockers.deposits.start(lockers.order_pass())


async def test_the_wrong_cell_halts_the_bank_at_its_first_opening(lockers: LockerWorld) -> None:
    await lockers.begin()
    order, cell = await lockers.deposit()
    session = await lockers.desk.start_for("res-1203", order)
    await lockers.desk.open_next(session.id)
    await lockers.move("C01", "open")
    found = await lockers.desk.find(session.id)
    assert (found.cells[0].state, await lockers.desk.wrong_cell(found)) == ("unknown", "C01")
    assert lockers.state_of("C01") == "held"
    with pytest.raises(BankIsHalted):
        await lockers.desk.retry(session.id)
    deposit = await lockers.deposits.start_by_clerk(CLERK.id)
    with pytest.raises(NoCellFree):
        await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    await lockers.keeper.clear_halt(BANK, SUPERVISOR)
    await lockers.move("C01", "closed")
    await lockers.desk.retry(session.id)
    await lockers.use(cell)
    assert (await lockers.desk.find(session.id)).state == "collected"


async def test_a_wrong_cell_that_opens_late_halts_the_bank_too(lockers: LockerWorld) -> None:
    await lockers.begin()
    order, _ = await lockers.deposit()
    session = await lockers.desk.start_for("res-1203", order)
    await lockers.desk.open_next(session.id)
    await lockers.run_out()
    await lockers.move("C01", "open")
    assert [event["moved"] for event in lockers.events("BankHalted")] == [place_of("C01")]


async def test_a_door_that_springs_open_after_closing_halts_nothing(lockers: LockerWorld) -> None:
    await lockers.begin()
    _, cell = await lockers.deposit()
    await lockers.contact(place_of(cell), "open")
    await lockers.contact(place_of(cell), "closed")
    assert (lockers.events("CellOpenedUnasked", "BankHalted"), lockers.state_of(cell)) == ([], "occupied")


async def test_an_empty_cell_or_wrong_things_become_a_case_and_the_cell_is_held(lockers: LockerWorld) -> None:
    await lockers.begin()
    order, cell = await lockers.deposit()
    session = await lockers.desk.start_for("res-1203", order)
    await lockers.desk.open_next(session.id)
    await lockers.move(cell, "open")
    case = await lockers.desk.report(session.id, cell, "empty")
    await lockers.move(cell, "closed")
    assert (await lockers.desk.find(session.id)).state == "partial"
    assert (lockers.state_of(cell), lockers.parcel_states(order)) == ("held", ["in_cell"])
    assert [event["case_id"] for event in lockers.events("LockerCaseOpened")] == [case]
    with pytest.raises(AskAtCounter):
        await lockers.desk.start_for("res-1203", order)


async def test_an_occupied_cell_opens_for_two_different_people_only_one_in_charge(
    lockers: LockerWorld,
) -> None:
    await lockers.begin()
    order, cell = await lockers.deposit()
    for second in (None, CLERK, OTHER_CLERK):
        with pytest.raises(TwoPeopleNeeded):
            await lockers.keeper.open_cell(BANK, cell, reason="overdue", first=CLERK, second=second)
    opened = await lockers.keeper.open_cell(BANK, cell, reason="overdue", first=CLERK, second=SUPERVISOR)
    with pytest.raises(CellStillOpen):
        await lockers.keeper.settle(opened.opening, "to_counter", CLERK)
    await lockers.use(cell)
    assert lockers.state_of(cell) == "held"
    await lockers.keeper.settle(opened.opening, "to_counter", CLERK)
    assert (lockers.state_of(cell), lockers.parcel_states(order)) == ("free", ["removed"])
    removed = lockers.events("ParcelRemoved")[0]
    assert (removed["by"], removed["second"], removed["to"]) == (CLERK.id, SUPERVISOR.id, "counter")


async def test_a_free_cell_opens_for_one_person_and_a_held_one_does_not(lockers: LockerWorld) -> None:
    await lockers.begin()
    opened = await lockers.keeper.open_cell(BANK, "C02", reason="inspection", first=CLERK)
    await lockers.use("C02")
    with pytest.raises(TwoPeopleNeeded):
        await lockers.keeper.open_cell(BANK, "C02", reason="inspection", first=CLERK)
    await lockers.keeper.settle(opened.opening, "empty", CLERK)
    assert lockers.state_of("C02") == "free"


async def test_while_staff_is_at_a_cell_its_holder_waits(lockers: LockerWorld) -> None:
    await lockers.begin()
    order, cell = await lockers.deposit()
    opened = await lockers.keeper.open_cell(BANK, cell, reason="case", first=CLERK, second=SUPERVISOR)
    await lockers.use(cell)
    session = await lockers.desk.start_for("res-1203", order)
    with pytest.raises(CellIsHeld):
        await lockers.desk.open_next(session.id)
    await lockers.keeper.settle(opened.opening, "parcel_left", CLERK)
    await lockers.desk.open_next(session.id)
    await lockers.use(cell)
    assert lockers.parcel_states(order) == ["taken"]


async def test_a_code_opens_the_order_and_wrong_ones_lock_the_screen_for_a_while(
    lockers: LockerWorld,
) -> None:
    await lockers.begin()
    order, _ = await lockers.deposit()
    salt = bytes(32)
    lockers.store.run_now(
        lambda unit: unit.connection.execute("INSERT INTO credential_salt VALUES (1, ?)", (salt,))
    )
    code = {"order": order, "hash": pickup_hash(salt, CODE), "until_ms": lockers.clock.at_ms + 86_400_000}
    lockers.store.run_now(lambda unit: apply_pickup_code(unit, order, 1, code))
    for _ in range(4):
        with pytest.raises(PickupCodeWrong):
            await lockers.desk.start_by_code("00000000")
    with pytest.raises(PickupCodesLocked):
        await lockers.desk.start_by_code("00000000")
    with pytest.raises(PickupCodesLocked):
        await lockers.desk.start_by_code(CODE)
    lockers.clock.advance(seconds=301)
    assert (await lockers.desk.start_by_code(CODE)).order_id == order


async def test_a_delegate_goes_on_once_the_first_holder_has_left(lockers: LockerWorld) -> None:
    await lockers.begin()
    order, cell = await lockers.deposit()
    session = await lockers.desk.start(lockers.order_pass(order))
    friend = lockers.order_pass(order, subject="friend-2")
    with pytest.raises(OrderInProgress):
        await lockers.desk.start(friend)
    lockers.clock.advance(seconds=121)
    assert (await lockers.desk.start(friend)).id == session.id
    await lockers.desk.open_next(session.id)
    await lockers.use(cell)
    assert lockers.parcel_states(order) == ["taken"]


async def test_people_are_told_before_a_parcel_is_overdue_and_when_it_is(lockers: LockerWorld) -> None:
    await lockers.begin()
    order, _ = await lockers.deposit()
    await lockers.keeper.run_due()
    assert lockers.events("ParcelReminderDue", "ParcelOverdue") == []
    lockers.clock.advance(seconds=42 * 3600)
    await lockers.keeper.run_due()
    assert [event["order_id"] for event in lockers.events("ParcelReminderDue")] == [order]
    lockers.clock.advance(seconds=6 * 3600)
    for _ in range(2):
        await lockers.keeper.run_due()
    assert [event["order_id"] for event in lockers.events("ParcelOverdue")] == [order]


async def test_a_cell_that_is_not_closed_is_a_case_that_its_closing_ends(lockers: LockerWorld) -> None:
    await lockers.begin()
    deposit = await lockers.deposits.start(lockers.courier_pass())
    await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    cell = lockers.asked_cells()[-1]
    await lockers.move(cell, "open")
    lockers.clock.advance(seconds=121)
    await lockers.keeper.run_due()
    assert [case.kind for case in open_cases(lockers.store.connection)] == ["left_open"]
    await lockers.move(cell, "closed")
    assert (open_cases(lockers.store.connection), lockers.state_of(cell)) == ([], "occupied")


async def test_an_idle_deposit_ends_and_gives_back_what_it_reserved(lockers: LockerWorld) -> None:
    await lockers.begin()
    lockers.cells.mode = "refuses"
    deposit = await lockers.deposits.start(lockers.courier_pass())
    deposit = await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    assert lockers.state_of(deposit.parcels[0].cell) == "reserved"
    lockers.clock.advance(seconds=601)
    await lockers.keeper.run_due()
    assert lockers.state_of(deposit.parcels[0].cell) == "free"
    assert lockers.types()[-1] == "DepositEnded"


async def test_the_feeds_orders_occupy_their_cells_and_two_in_one_are_a_case(lockers: LockerWorld) -> None:
    await lockers.begin()
    cells = (OrderCell(bank=BANK, cell="A01", parcel="p1"),)
    lockers.in_app.orders |= {"o1": ((BANK, "A01"),), "o3": ((BANK, "A01"),)}
    lockers.store.run_now(lambda unit: note_order(unit, "o1", cells, overdue_at_ms=0))
    lockers.store.run_now(lambda unit: note_order(unit, "o3", cells, overdue_at_ms=0))
    assert lockers.state_of("A01") == "occupied"
    assert [case.kind for case in open_cases(lockers.store.connection)] == ["double"]
    session = await lockers.desk.start_for("res-1203", "o3")
    with pytest.raises(CellInUse):
        await lockers.desk.open_next(session.id)
