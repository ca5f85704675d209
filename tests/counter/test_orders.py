"""Open payments, one order, release and refunds at the counter."""

import pytest

from edge.pay.attempts import find_attempt
from edge.pay.states import AttemptState
from edge.settlement.receipt_search import find_receipt_of_order
from tests.counter.conftest import Person
from tests.fakes.counter_stand import PIN, WRONG_PIN, CounterStand
from tests.fakes.trade import events_of


async def test_a_payment_without_outcome_is_listed_and_asked_about(
    person: Person, stand: CounterStand
) -> None:
    attempt = await stand.order()
    await person.sign_in("clerk")
    assert attempt.order_id in await person.look("/")
    stand.platform.set_state(attempt.id, "paid")
    answer = await person.do("/payments/ask", f"/orders/{attempt.order_id}", attempt=attempt.id)
    assert answer.headers["Location"] == f"/orders/{attempt.order_id}"
    assert "小票" in await person.look(f"/orders/{attempt.order_id}")
    assert attempt.order_id not in await person.look("/")


async def test_with_the_platform_away_asking_says_so(person: Person, stand: CounterStand) -> None:
    attempt = await stand.order()
    await person.sign_in("clerk")
    stand.platform.away = True
    answer = await person.do("/payments/ask", f"/orders/{attempt.order_id}", attempt=attempt.id)
    assert answer.status == 409
    assert "平台没有回答" in await answer.text()


async def test_an_order_is_found_by_whatever_number_or_code(person: Person, stand: CounterStand) -> None:
    attempt = await stand.sell()
    await person.sign_in("clerk")
    for text in (
        attempt.order_id,
        attempt.id,
        "1",
        find_receipt_of_order(stand.store.connection, attempt.order_id).code,
        f" CE-S:{attempt.order_id}.x ",
    ):
        answer = await person.client.get("/find", params={"q": text}, allow_redirects=False)
        assert answer.headers.get("Location") == f"/orders/{attempt.order_id}", text


async def test_a_receipt_that_was_not_printed_here_finds_nothing(person: Person, stand: CounterStand) -> None:
    attempt = await stand.sell()
    await person.sign_in("clerk")
    for text in (f"CE-R:{attempt.order_id}.forged", f"CE-R:{attempt.order_id}.", "CE-R:"):
        answer = await person.client.get("/find", params={"q": text}, allow_redirects=False)
        assert answer.status == 409, text


@pytest.mark.parametrize("text", ["", "999", "k1-1-999999", "9" * 40, "<script>", "../x"])
async def test_what_is_no_order_is_said_plainly(person: Person, text: str) -> None:
    await person.sign_in("clerk")
    answer = await person.client.get("/find", params={"q": text}, allow_redirects=False)
    assert answer.status == 409
    page = await answer.text()
    assert "没有找到这一单" in page and "<script>" not in page


async def release(person: Person, order: str, attempt: str, login: str, pin: str = PIN) -> int:
    answer = await person.do(
        "/payments/release", f"/orders/{order}", attempt=attempt, login=login, pin=pin, reason="顾客等不了"
    )
    return answer.status


async def test_goods_of_an_unknown_payment_go_only_in_a_supervisors_name(
    person: Person, stand: CounterStand
) -> None:
    attempt = await stand.order()
    await person.sign_in("clerk")
    assert await release(person, attempt.order_id, attempt.id, "clerk") == 409
    assert await release(person, attempt.order_id, attempt.id, "supervisor", WRONG_PIN) == 409
    assert events_of(stand.store, "PaymentReleased") == []
    assert await release(person, attempt.order_id, attempt.id, "supervisor") == 303
    (event,) = events_of(stand.store, "PaymentReleased")
    supervisor = await stand.staff.check("supervisor", PIN)
    assert event["supervisor"] == supervisor.id
    assert "放行" in await person.look(f"/orders/{attempt.order_id}")


async def test_goods_are_released_once(person: Person, stand: CounterStand) -> None:
    attempt = await stand.order()
    await person.sign_in("supervisor")
    assert await release(person, attempt.order_id, attempt.id, "supervisor") == 303
    ticket = await person.ticket("/match")
    again = await person.send(
        "/payments/release", ticket=ticket, attempt=attempt.id, login="supervisor", pin=PIN, reason="x"
    )
    assert again.status == 409
    assert len(events_of(stand.store, "PaymentReleased")) == 1


async def test_an_auditor_looks_and_moves_nothing(person: Person, stand: CounterStand) -> None:
    attempt = await stand.order()
    await person.sign_in("auditor")
    page = await person.look(f"/orders/{attempt.order_id}")
    assert "再问一次" not in page
    ticket = await person.ticket("/")
    answer = await person.send("/payments/ask", ticket=ticket, attempt=attempt.id)
    assert answer.status == 403
    state = find_attempt(stand.store.connection, attempt.id).state
    assert state is AttemptState.SENT
