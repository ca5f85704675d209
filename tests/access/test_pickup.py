"""Pickup: cells one after another, each opened by its contact's word and waited for until it is closed."""

import pytest

from edge.access.errors import (
    AskAtCounter,
    AttemptsUsedUp,
    CellInUse,
    OrderInProgress,
    PassRevoked,
    PassUsedUp,
    PassWrongKind,
    PassWrongSite,
    UnknownOrder,
    UnknownSession,
)
from edge.access.feed import apply_revocation
from edge.errors import Refusal
from edge.trust.clock import Trust
from edge.trust.passes import PassExpired
from tests.fakes.access_world import AccessWorld

A01, A02 = "cell:bank-a/A01", "cell:bank-a/A02"


async def start(world: AccessWorld, text: str | None = None) -> str:
    """Begin a session with both cells read as closed; return its id."""
    for place in (A01, A02, "cell:bank-a/B01"):
        await world.contact(place, "closed")
    return (await world.desk.start(text or world.order_pass())).id


async def states(world: AccessWorld, session_id: str) -> list[str]:
    """States of the session's cells."""
    return [cell.state for cell in (await world.desk.find(session_id)).cells]


async def test_cells_open_one_after_another_each_closed_before_the_next(world: AccessWorld) -> None:
    session = await start(world)
    assert await states(world, session) == ["waiting", "waiting"]
    await world.desk.open_next(session)
    assert await states(world, session) == ["requested", "waiting"]
    await world.contact(A01, "open")
    await world.desk.open_next(session)
    assert [cell for _, _, cell in world.cells.asked] == ["A01"]
    await world.contact(A01, "closed")
    assert await states(world, session) == ["closed", "waiting"]
    await world.desk.open_next(session)
    await world.contact(A02, "open")
    await world.contact(A02, "closed")
    assert (await world.desk.find(session)).state == "collected"
    assert world.orders.collected == ["o1"]
    assert world.types() == [
        "PickupStarted",
        *["CellOpenRequested", "CellOpened", "CellClosed"] * 2,
        "OrderCollected",
    ]


async def test_a_cell_whose_contact_never_moves_is_unknown_and_left_alone(world: AccessWorld) -> None:
    session = await start(world)
    await world.desk.open_next(session)
    await world.run_out()
    assert await states(world, session) == ["unknown", "waiting"]
    await world.desk.open_next(session)
    assert len(world.cells.asked) == 1
    assert world.types()[-1] == "CellUnknown"


async def test_a_cell_is_tried_twice_by_gesture_and_then_goes_to_the_counter(world: AccessWorld) -> None:
    session = await start(world)
    await world.desk.open_next(session)
    await world.run_out()
    await world.desk.retry(session)
    await world.run_out()
    with pytest.raises(AttemptsUsedUp):
        await world.desk.retry(session)
    assert len(world.cells.asked) == 2
    await world.desk.give_up(session)
    await world.desk.open_next(session)
    await world.contact(A02, "open")
    await world.contact(A02, "closed")
    assert (await world.desk.find(session)).state == "partial"
    assert world.orders.collected == []
    with pytest.raises(AskAtCounter):
        await world.desk.start(world.order_pass())


async def test_a_board_that_did_nothing_gives_the_attempt_back(world: AccessWorld) -> None:
    session = await start(world)
    world.cells.mode = "refuses"
    await world.desk.open_next(session)
    for _ in range(4):
        await world.desk.retry(session)
    found = await world.desk.find(session)
    assert (found.cells[0].state, found.cells[0].attempts) == ("refused", 0)
    world.cells.mode = "takes"
    await world.desk.retry(session)
    await world.contact(A01, "open")
    assert await states(world, session) == ["opened", "waiting"]


async def test_a_board_that_does_not_answer_leaves_it_to_the_contact(world: AccessWorld) -> None:
    session = await start(world)
    world.cells.mode = "silent"
    await world.desk.open_next(session)
    await world.contact(A01, "open")
    assert await states(world, session) == ["opened", "waiting"]


async def test_a_contact_that_speaks_late_still_says_that_the_cell_opened(world: AccessWorld) -> None:
    session = await start(world)
    await world.desk.open_next(session)
    await world.run_out()
    await world.contact(A01, "open")
    await world.contact(A01, "closed")
    assert await states(world, session) == ["closed", "waiting"]


async def test_a_cell_opened_by_somebody_else_is_not_ours(world: AccessWorld) -> None:
    session = await start(world)
    await world.contact(A01, "open")
    await world.contact(A01, "closed")
    assert await states(world, session) == ["waiting", "waiting"]


async def test_the_same_pass_resumes_its_own_session_also_after_a_restart(world: AccessWorld) -> None:
    text = world.order_pass()
    session = await start(world, text)
    await world.desk.open_next(session)
    await world.restart()
    assert await states(world, session) == ["unknown", "waiting"]
    assert (await world.desk.start(text)).id == session
    await world.desk.open_next(session)
    assert len(world.cells.asked) == 1
    await world.desk.retry(session)
    assert len(world.cells.asked) == 2


async def test_a_door_closed_while_the_hub_was_away_is_read_as_closed_afterwards(world: AccessWorld) -> None:
    session = await start(world)
    await world.desk.open_next(session)
    await world.contact(A01, "open")
    await world.restart()
    assert await states(world, session) == ["opened", "waiting"]
    await world.contact(A01, "closed")
    assert await states(world, session) == ["closed", "waiting"]


async def test_a_board_that_reconnects_does_not_count_as_closed(world: AccessWorld) -> None:
    session = await start(world)
    await world.desk.open_next(session)
    await world.contact(A01, "open")
    await world.contact(A01, "unknown")
    assert await states(world, session) == ["opened", "waiting"]


async def test_a_collected_order_opens_nothing_more(world: AccessWorld) -> None:
    text = world.order_pass("o2")
    session = await start(world, text)
    await world.desk.open_next(session)
    await world.contact("cell:bank-a/B01", "open")
    await world.contact("cell:bank-a/B01", "closed")
    with pytest.raises(PassUsedUp):
        await world.desk.start(text)
    await world.desk.open_next(session)
    assert len(world.cells.asked) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"site": "elsewhere"}, PassWrongSite),
        ({"kind": "visitor"}, PassWrongKind),
        ({"expires_ms": 1_700_000_000_000}, PassExpired),
        ({"order": "o9"}, UnknownOrder),
        ({"id": "v-lost"}, PassRevoked),
    ],
)
async def test_a_pass_that_does_not_fit_begins_nothing_and_says_why(
    world: AccessWorld, changes: dict[str, object], error: type[Refusal]
) -> None:
    entry = {"pass_id": "v-lost", "until_ms": world.clock.at_ms + 1}
    world.store.run_now(lambda unit: apply_revocation(unit, "r1", 1, entry))
    with pytest.raises(error):
        await world.desk.start(world.order_pass(**changes))  # type: ignore[arg-type]
    assert [event["code"] for event in world.events("PassRefused")] == [error.code]
    assert world.types() == ["PassRefused"]


async def test_another_persons_pass_does_not_enter_an_open_session(world: AccessWorld) -> None:
    session = await start(world)
    assert (await world.desk.start(world.order_pass())).id == session
    with pytest.raises(OrderInProgress):
        await world.desk.start(world.order_pass(subject="res-1999"))


async def test_with_an_unknown_clock_a_parcel_still_comes_out(world: AccessWorld) -> None:
    world.clock.trust = Trust.UNKNOWN
    session = await start(world)
    await world.desk.open_next(session)
    assert len(world.cells.asked) == 1


async def test_an_unknown_session_is_refused(world: AccessWorld) -> None:
    with pytest.raises(UnknownSession):
        await world.desk.open_next("k1-1-999")


async def test_a_cell_that_holds_another_order_is_not_opened(world: AccessWorld) -> None:
    world.orders.orders["o3"] = (("bank-a", "A01"),)
    first = await world.desk.start(world.order_pass("o1"))
    await world.desk.open_next(first.id)
    await world.run_out()
    second = await world.desk.start(world.order_pass("o3"))
    with pytest.raises(CellInUse):
        await world.desk.open_next(second.id)
    assert len(world.cells.asked) == 1
    world.orders.collected.append("o1")  # the platform says that a person emptied the cell
    await world.desk.open_next(second.id)
    assert len(world.cells.asked) == 2
