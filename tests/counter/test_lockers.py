"""Lockers at the counter: two people, what was found, halted banks, parcels that a clerk stores."""

import pytest

from edge.access.lockers.cells import CASE_KINDS
from kiosk.counter.locker_words import CASES
from tests.counter.conftest import Person
from tests.fakes.counter_stand import PIN, WRONG_PIN, CounterStand

FULL, FREE = "/lockers/cell/bank-a/A04", "/lockers/cell/bank-a/A01"


async def test_the_bank_stands_there_with_what_is_not_known(person: Person) -> None:
    await person.sign_in("clerk")
    text = await person.look("/lockers")
    for words in ("D05 空着, 门不知道", "A04 有包裹, 门关着，滞留", "E02 停用", "停住，等人看"):
        assert words in text


def test_every_kind_of_case_has_words() -> None:
    assert set(CASES) == set(CASE_KINDS)


async def test_a_free_cell_is_opened_by_one_person(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    await person.do(FREE + "/open", FREE, reason="inspection")
    assert stand.lockers.asked == [("open_cell", "bank-a", "A01", "inspection", "clerk")]


async def test_an_occupied_cell_asks_for_a_second_person(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    assert 'name="second_pin"' in await person.look(FULL)
    fields = {"reason": "overdue", "second_login": "supervisor", "second_pin": PIN}
    await person.do(FULL + "/open", FULL, **fields)
    assert stand.lockers.asked == [("open_by_two", "bank-a", "A04", "overdue", "clerk", "supervisor")]


async def test_what_was_found_is_said_afterwards(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    assert (await person.do("/lockers/settle", FULL, opening="op-9", outcome="eaten")).status == 409
    await person.do("/lockers/settle", FULL, opening="op-9", outcome="to_counter", back="//evil.example")
    assert stand.lockers.asked == [("settle", "op-9", "to_counter", "clerk")]


async def test_a_halted_bank_goes_on_in_a_supervisors_name(person: Person, stand: CounterStand) -> None:
    await person.sign_in("supervisor")
    fields = {"bank": "bank-a", "login": "supervisor", "pin": WRONG_PIN}
    assert (await person.do("/lockers/halt", "/lockers", **fields)).status == 409
    assert stand.lockers.halted
    await person.do("/lockers/halt", "/lockers", **(fields | {"pin": PIN}))
    assert stand.lockers.asked == [("clear_halt", "bank-a", "supervisor")]
    await person.sign_in("clerk")
    assert (await person.do("/lockers/halt", "/lockers", **fields)).status == 403


async def test_a_case_is_closed_with_an_outcome(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    assert (await person.do("/lockers/case", "/lockers", case="c1")).status == 409
    await person.do("/lockers/case", "/lockers", case="c1", outcome="put_right")
    assert stand.lockers.asked == [("close_case", "c1", "put_right", "clerk")]


async def test_a_clerk_stores_two_parcels(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    answer = await person.do("/lockers/deposit", "/lockers/deposit")
    page = answer.headers["Location"]
    assert page == "/lockers/deposit/d1"
    for _ in range(2):
        await person.do(page + "/put", page, room="3-1602", size="m")
        stand.deposits.move("open")
        assert "放进去" in await person.look(page)
        stand.deposits.move("stored")
    answer = await person.do(page + "/finish", page)
    assert answer.headers["Location"] == "/lockers"
    assert [each[0] for each in stand.deposits.asked] == ["begin", "put", "put", "finish"]


async def test_a_room_that_is_not_known_opens_nothing(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    page = "/lockers/deposit/d1"
    answer = await person.do(page + "/put", page, room="9-9999", size="m")
    assert answer.status == 409
    assert "没有找到这间房" in await answer.text()
    assert stand.deposits.parcels == []


@pytest.mark.parametrize("step", ["retry", "not-empty", "cancel"])
async def test_each_way_on_is_a_key(person: Person, stand: CounterStand, step: str) -> None:
    await person.sign_in("clerk")
    page = "/lockers/deposit/d1"
    await person.do(page + "/put", page, room="3-1602", size="s")
    stand.deposits.move("jam")
    await person.do(f"{page}/{step}", page)
    assert stand.deposits.asked[-1] == (step.replace("-", "_"),)


async def test_a_cell_that_is_not_there_is_said(person: Person) -> None:
    await person.sign_in("clerk")
    await person.look("/lockers/cell/bank-a/Z99", 409)
