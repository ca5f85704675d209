"""Who gets in at the counter, and from where."""

import re
from typing import Any

import pytest

from edge.staff.accounts import FAILURES_ALLOWED
from kiosk.counter.app import ROUTES
from kiosk.counter.roles import READERS
from kiosk.counter.settings import CounterSettings
from tests.counter.conftest import Person
from tests.fakes.counter_stand import WRONG_PIN, CounterStand


async def test_without_signing_in_there_is_only_the_form(person: Person) -> None:
    for route in ROUTES:
        if route.method == "GET" and route.roles is not None:
            text = await person.look(re.sub(r"{\w+}", "x", route.path), 401)
            assert 'name="pin"' in text


async def test_a_person_signs_in_with_an_own_account_and_out_again(person: Person) -> None:
    answer = await person.sign_in("clerk")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.cookies["counter"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert "Clerk" in await person.look("/")
    await person.do("/logout", "/")
    await person.look("/", 401)


async def test_a_wrong_pin_lets_nobody_in_and_five_lock_the_account(person: Person) -> None:
    for _ in range(FAILURES_ALLOWED):
        assert (await person.sign_in("clerk", WRONG_PIN)).status == 403
    locked = await person.sign_in("clerk")
    assert locked.status == 403
    assert "锁" in await locked.text()


async def test_a_technician_has_nothing_to_do_with_money(person: Person) -> None:
    assert (await person.sign_in("technician")).status == 303
    for route in ROUTES:
        if route.roles == READERS and route.method == "GET":
            await person.look(re.sub(r"{\w+}", "x", route.path), 403)


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "https://127.0.0.1"])
async def test_a_form_of_another_page_is_not_taken(person: Person, origin: str) -> None:
    await person.sign_in("clerk")
    ticket = await person.ticket("/")
    answer = await person.send("/logout", origin=origin, ticket=ticket)
    assert answer.status == 403
    await person.look("/")


async def test_a_form_without_origin_is_not_taken(person: Person) -> None:
    answer = await person.client.post("/login", data={"login": "clerk", "pin": "1"})
    assert answer.status == 403


async def test_only_our_own_names_are_answered(person: Person) -> None:
    for host in ("evil.example", "[::1", "127.0.0.1.evil.example"):
        answer = await person.client.get("/login", headers={"Host": host})
        assert answer.status in (400, 421), host


async def test_a_form_is_taken_once(person: Person) -> None:
    await person.sign_in("clerk")
    ticket = await person.ticket("/match")
    fields: dict[str, Any] = {"date": "2026-11-21", "ticket": ticket}
    assert (await person.send("/match", **fields)).status == 303
    again = await person.send("/match", **fields)
    assert again.status == 409
    assert "已经交过" in await again.text()


async def test_nobody_stays_signed_in_who_does_nothing(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    stand.clock.advance(seconds=14 * 60)
    await person.look("/")
    stand.clock.advance(seconds=15 * 60 + 1)
    await person.look("/", 401)


async def test_nobody_stays_signed_in_for_longer_than_a_shift(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    for _ in range(60):
        stand.clock.advance(seconds=600)
        answer = await person.client.get("/")
    assert answer.status == 200
    stand.clock.advance(seconds=600)
    await person.look("/", 401)


async def test_a_closed_account_is_out_at_once(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    clerk = await stand.staff.check("clerk", "371846")
    await stand.staff.close(clerk, actor="test")
    await person.look("/", 401)


async def test_a_changed_pin_ends_what_was_signed_in_with_the_old_one(
    person: Person, stand: CounterStand
) -> None:
    await person.sign_in("clerk")
    clerk = await stand.staff.check("clerk", "371846")
    await stand.staff.change_pin(clerk, "918273", actor="test")
    await person.look("/", 401)


async def test_every_answer_carries_the_policy(person: Person) -> None:
    await person.sign_in("clerk")
    for path, status in (("/", 200), ("/login", 200), ("/nothing", 404), ("/orders/none", 409)):
        answer = await person.client.get(path)
        assert answer.status == status
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "form-action 'self'" in policy
        assert "script-src 'self';" in policy and "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"


async def test_the_language_is_chosen_and_the_way_back_is_ours(person: Person) -> None:
    answer = await person.send("/language", language="en", back="//evil.example")
    assert answer.headers["Location"] == "/"
    assert "Please sign in" in await person.look("/login")


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "0.0.0.0"},
        {"host": "counter.example"},
        {"certificate_file": "a.pem"},
        {"idle_minutes": 0},
    ],
)
def test_an_open_address_needs_a_certificate(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"host|certificate|idle"):
        CounterSettings(**settings)
