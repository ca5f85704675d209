"""When a day is matched, over real payments in memory and a platform made by hand."""

import pytest

from edge.errors import PlatformUnreachable, Refusal
from edge.settlement.cases import close_case, open_cases
from edge.settlement.match import BillLine
from edge.settlement.matching import due_dates, matched_days, without_taken_back
from edge.trust.clock import Trust
from tests.fakes.counter_stand import TODAY, CounterStand
from tests.fakes.trade import events_of

TOMORROW = "2026-11-23"
HOUR_S = 3600


@pytest.fixture
def stand() -> CounterStand:
    """The clock stands at 10:00 of the site."""
    return CounterStand()


def due(stand: CounterStand) -> tuple[str, ...]:
    return due_dates(stand.store.connection, now_ms=stand.clock.at_ms)


async def test_a_day_is_due_after_ten_on_the_next_one_and_once(stand: CounterStand) -> None:
    attempt = await stand.sell()
    stand.bill(attempt, "12.80")
    assert due(stand) == ()
    stand.clock.advance(seconds=24 * HOUR_S - 1)
    assert due(stand) == ()
    stand.clock.advance(seconds=1)
    assert await stand.matcher.match_due() == (TODAY,)
    (day,) = matched_days(stand.store.connection, TODAY)
    assert (day.state, day.agreed, day.differing, day.here_fen) == ("matched", 1, 0, 1280)
    assert due(stand) == ()


async def test_a_bill_that_is_late_is_asked_for_again_without_doubling_cases(stand: CounterStand) -> None:
    await stand.sell()
    stand.settlement.ready = False
    stand.clock.advance(days=1)
    await stand.matcher.match_due()
    assert due(stand) == (TODAY,)
    assert matched_days(stand.store.connection, TODAY)[0].state == "waiting"
    assert open_cases(stand.store.connection) == ()
    stand.settlement.ready = True
    for _ in range(3):
        await stand.matcher.match_due()
    assert len(open_cases(stand.store.connection)) == 1
    assert len(events_of(stand.store, "CaseOpened")) == 1


async def test_a_day_with_open_cases_is_looked_at_again_the_next_day(stand: CounterStand) -> None:
    attempt = await stand.sell()
    stand.clock.advance(days=1)
    await stand.matcher.match_due()
    assert len(open_cases(stand.store.connection)) == 1
    assert due(stand) == ()
    stand.bill(attempt, "12.80")
    stand.clock.advance(days=1)
    assert await stand.matcher.match_due() == (TODAY, TOMORROW)
    assert open_cases(stand.store.connection) == ()
    assert [event["reason"] for event in events_of(stand.store, "CaseClosed")] == ["vanished"]


async def test_what_a_person_closed_is_not_looked_at_again(stand: CounterStand) -> None:
    await stand.sell()
    stand.clock.advance(days=1)
    await stand.matcher.match_due()
    (case,) = open_cases(stand.store.connection)
    stand.store.run_now(
        lambda unit: close_case(unit, case.id, staff="s", reason="paid_outside", note="in cash")
    )
    stand.clock.advance(days=1)
    assert await stand.matcher.match_due() == (TOMORROW,)
    await stand.matcher.match(TODAY)
    assert open_cases(stand.store.connection) == ()


async def test_days_of_a_power_cut_are_caught_up_on_but_not_for_ever(stand: CounterStand) -> None:
    await stand.sell()
    stand.clock.advance(days=3)
    assert due(stand) == (TODAY, TOMORROW, "2026-11-24")
    stand.clock.advance(days=400)
    assert len(due(stand)) == 36


async def test_with_the_platform_away_or_the_time_unknown_nothing_is_judged(stand: CounterStand) -> None:
    await stand.sell()
    stand.clock.advance(days=1)
    stand.settlement.away = True
    await stand.matcher.match_due()
    assert due(stand) == (TODAY,)
    with pytest.raises(PlatformUnreachable):
        await stand.matcher.match(TODAY)
    stand.clock.trust = Trust.UNKNOWN
    assert await stand.matcher.match_due() == ()
    with pytest.raises(Refusal, match="day_not_over"):
        await stand.matcher.match(TODAY)


async def test_an_open_payment_is_a_case_until_it_has_an_outcome(stand: CounterStand) -> None:
    attempt = await stand.order()
    await stand.matcher.match(TODAY)
    (case,) = open_cases(stand.store.connection)
    assert (case.kind, case.here_fen, case.channel_fen) == ("unknown_open", 1280, None)
    stand.platform.set_state(attempt.id, "failed")
    await stand.engine.settle(attempt.id)
    await stand.matcher.match(TODAY)
    assert open_cases(stand.store.connection) == ()


async def test_money_for_a_payment_that_failed_here_is_a_case(stand: CounterStand) -> None:
    attempt = await stand.order()
    stand.platform.set_state(attempt.id, "failed")
    await stand.engine.settle(attempt.id)
    stand.bill(attempt, "12.80")
    await stand.matcher.match(TODAY)
    (case,) = open_cases(stand.store.connection)
    assert (case.kind, case.order_id, case.here_fen) == ("missing_here", attempt.order_id, None)


async def test_nothing_happened_nothing_is_asked(stand: CounterStand) -> None:
    stand.clock.advance(days=3)
    assert await stand.matcher.match_due() == ()
    assert stand.settlement.asked == []


def test_a_payment_that_the_channel_took_back_is_not_on_the_bill() -> None:
    paid = BillLine(line="payment", subject="k1-1-7", payee="shop", amount_yuan="12.80")
    back = BillLine(line="refund", subject="k1-1-7", payee="shop", amount_yuan="12.80")
    part = BillLine(line="refund", subject="k1-1-9", payee="shop", amount_yuan="12.80")
    other = BillLine(line="refund", subject="k1-1-7", payee="shop", amount_yuan="2.80")
    assert without_taken_back((back, paid)) == ()
    assert without_taken_back((part, paid)) == (paid, part)
    assert without_taken_back((other, paid)) == (paid, other)
