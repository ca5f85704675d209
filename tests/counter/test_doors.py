"""Doors at the counter: who may do what, with which reason, and what the pages say."""

from dataclasses import replace

import pytest

from kiosk.counter.door_views import LockDownView
from tests.counter.conftest import Person
from tests.fakes.clock import START_MS
from tests.fakes.counter_stand import PIN, WRONG_PIN, CounterStand

DOOR = "/doors/at/entrance"


async def test_what_is_open_and_what_is_not_known_stand_there_in_words(person: Person) -> None:
    await person.sign_in("guard")
    text = await person.look("/doors")
    for words in ("超时未关", "门磁没有回音，不知道", "控制器没有回答", "地感上有车", "搬家"):
        assert words in text
    assert 'name="ticket"' in text, "signing out needs one"


async def test_a_guard_begins_with_the_doors_and_a_technician_with_the_devices(person: Person) -> None:
    assert (await person.sign_in("guard")).headers["Location"] == "/doors"
    assert (await person.sign_in("technician")).headers["Location"] == "/devices"
    await person.look("/", 403)
    assert "/receipts" not in await person.look("/doors")


async def test_a_door_is_opened_with_a_reason_in_the_name_of_who_is_signed_in(
    person: Person, stand: CounterStand
) -> None:
    await person.sign_in("guard")
    guard = await stand.staff.check("guard", PIN)
    answer = await person.do(DOOR + "/open", DOOR, reason="delivery")
    assert answer.headers["Location"] == DOOR
    assert stand.doors.asked == [("open", "entrance", guard.id, "delivery", "")]


@pytest.mark.parametrize("fields", [{}, {"reason": "because"}, {"reason": "other"}])
async def test_without_a_reason_nothing_opens(
    person: Person, stand: CounterStand, fields: dict[str, str]
) -> None:
    await person.sign_in("guard")
    answer = await person.do(DOOR + "/open", DOOR, **fields)
    assert answer.status == 409
    assert "要选原因" in await answer.text()
    assert stand.doors.asked == []


async def test_a_hold_has_an_end(person: Person, stand: CounterStand) -> None:
    await person.sign_in("guard")
    assert (await person.do(DOOR + "/hold", DOOR, reason="event", minutes="99999")).status == 409
    await person.do(DOOR + "/hold", DOOR, reason="event", minutes="60")
    assert stand.doors.asked[0][-1] == str(stand.clock.at_ms + 3_600_000)


async def test_a_clerk_opens_but_keeps_nothing_open(person: Person, stand: CounterStand) -> None:
    await person.sign_in("clerk")
    assert (await person.do(DOOR + "/open", DOOR, reason="delivery")).status == 303
    assert (await person.do(DOOR + "/hold", DOOR, reason="event", minutes="60")).status == 403
    assert len(stand.doors.asked) == 1


async def test_the_fire_release_ends_in_the_name_of_a_person_with_a_pin(
    person: Person, stand: CounterStand
) -> None:
    stand.doors.burn(active=True)
    await person.sign_in("supervisor")
    fields = {"release": "f1", "login": "guard", "pin": PIN}
    assert "结束释放" in await person.look("/doors")
    assert (await person.do("/doors/fire/reset", "/doors/fire", **fields)).status == 409
    stand.doors.burn(active=False)
    wrong = await person.do("/doors/fire/reset", "/doors/fire", **(fields | {"pin": WRONG_PIN}))
    assert wrong.status == 409
    assert stand.doors.asked == []
    assert (await person.do("/doors/fire/reset", "/doors/fire", **fields)).status == 303
    guard = await stand.staff.check("guard", PIN)
    assert stand.doors.asked == [("reset_fire", "f1", guard.id)]


async def test_a_lock_down_is_begun_and_ended_with_a_pin(person: Person, stand: CounterStand) -> None:
    await person.sign_in("guard")
    fields = {"reason": "drill", "login": "guard", "pin": PIN}
    await person.do("/doors/lock-down", "/doors/lock-down", **fields)
    assert stand.doors.asked[0][0] == "lock_down"
    assert "只有工作人员能进" in await person.look("/doors")
    await person.do("/doors/lock-down/end", "/doors/lock-down", lock_down="l1", login="guard", pin=PIN)
    assert stand.doors.asked[1][:2] == ("end_lock_down", "l1")


async def test_the_pages_own_looks_keep_nobody_signed_in(person: Person, stand: CounterStand) -> None:
    await person.sign_in("guard")
    for _ in range(4):
        stand.clock.advance(seconds=4 * 60)
        answer = await person.client.get("/doors", headers={"X-Live": "1"})
    assert answer.status == 401


async def test_the_pages_own_looks_take_no_form_away(person: Person) -> None:
    await person.sign_in("guard")
    ticket = await person.ticket(DOOR)
    for _ in range(40):
        answer = await person.client.get(DOOR, headers={"X-Live": "1"})
        assert 'name="ticket"' not in await answer.text()
    assert (await person.send(DOOR + "/open", ticket=ticket, reason="delivery")).status == 303


async def test_records_are_searched_by_door_way_and_days(person: Person, stand: CounterStand) -> None:
    await person.sign_in("auditor")
    text = await person.look("/records?door=gate&way=card&first=2026-11-20&last=2026-11-21&before=77")
    (asked,) = stand.doors.searches
    assert (asked.door, asked.way, asked.before) == ("gate", "card", 77)
    assert asked.until_ms - asked.from_ms == 2 * 86_400_000
    assert "before=41" in text


@pytest.mark.parametrize("query", ["first=yesterday", "last=9999-12-31", "before=-1", "door=../x", "way=%00"])
async def test_a_search_that_says_nothing_asks_for_everything(
    person: Person, stand: CounterStand, query: str
) -> None:
    await person.sign_in("guard")
    await person.look(f"/records?{query}")
    (asked,) = stand.doors.searches
    assert (asked.door, asked.way, asked.before) == ("", "", None)


async def test_a_clerk_does_not_read_who_came_when(person: Person) -> None:
    await person.sign_in("clerk")
    await person.look("/records", 403)
    assert "最近" not in await person.look(DOOR)


async def test_a_site_in_lock_down_says_since_when(person: Person, stand: CounterStand) -> None:
    down = LockDownView(id="l1", since_ms=START_MS, doors=("gate",), reason="police")
    stand.doors.view = replace(stand.doors.view, lock_downs=(down,))
    await person.sign_in("guard")
    assert "警察要求" in await person.look("/doors")


async def test_a_lock_is_tried_by_a_technician_only(person: Person, stand: CounterStand) -> None:
    await person.sign_in("technician")
    assert (await person.do("/devices/test/gate", "/devices/test/gate")).status == 303
    assert stand.devices.asked[0][:2] == ("pulse", "gate")
    await person.sign_in("guard")
    await person.look("/devices", 403)
