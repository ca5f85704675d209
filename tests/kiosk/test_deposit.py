"""Deposit and pickup at the screen: what is asked, what the contact has to say before it is believed."""

from kiosk.desks.gate_views import GateSaying
from kiosk.gate import words_of
from tests.fakes.kiosk_desks import (
    CARD_NUMBER,
    DEPOSIT_CODE,
    ORDER_CODE,
    PICKUP_DIGITS,
    RESIDENT_CODE,
    ROOM_PIN,
)
from tests.fakes.kiosk_gates import GATE_NAME
from tests.fakes.kiosk_stand import Stand


async def deposit(stand: Stand) -> None:
    await stand.session.scan("qr", DEPOSIT_CODE)
    await stand.do(*(f"type={figure}" for figure in "3-1602"), "recipient", "size=m")


async def test_a_couriers_pass_leads_to_the_room_the_size_and_an_open_cell() -> None:
    stand = Stand()
    await stand.session.scan("qr", DEPOSIT_CODE)
    assert (stand.screen, stand.session.screen.view(stand.session)["step"]) == ("deposit", "room")
    await stand.do(*(f"type={figure}" for figure in "3-1602"), "recipient")
    assert stand.session.screen.view(stand.session)["step"] == "size"
    await stand.do("reach", "size=s")
    assert stand.deposits.asked == [("put", "r-3-1602", "s", "True")]
    assert stand.session.screen.view(stand.session)["step"] == "cell"


async def test_an_open_cell_keeps_the_screen_and_the_session() -> None:
    stand = Stand()
    await deposit(stand)
    stand.deposits.move("open")
    await stand.session.poll()
    await stand.do("home")
    stand.clock.advance(600)
    stand.session.tick()
    assert stand.screen == "deposit"
    stand.deposits.move("stored")
    await stand.session.poll()
    assert stand.session.screen.view(stand.session)["step"] == "room"


async def test_what_does_not_fit_gets_another_cell_that_opens_by_itself() -> None:
    stand = Stand()
    await deposit(stand)
    stand.deposits.move("open")
    await stand.session.poll()
    await stand.do("change", "size=s")
    assert stand.deposits.asked[-1] == ("too_small", "s")
    stand.deposits.move("reserved")
    await stand.session.poll()
    await stand.session.poll()
    assert "open_next" in [name for name, *_ in stand.deposits.asked[1:]]
    assert stand.deposits.present is not None and stand.deposits.present.state == "opening"


async def test_a_size_without_a_free_cell_says_why() -> None:
    stand = Stand()
    await stand.session.scan("qr", DEPOSIT_CODE)
    await stand.do(*(f"type={figure}" for figure in "3-1602"), "recipient", "size=l")
    assert stand.session.visit.dialog is not None
    assert stand.deposits.parcels == []


async def test_the_residents_code_names_the_room_of_the_parcel() -> None:
    stand = Stand()
    await stand.session.scan("qr", DEPOSIT_CODE)
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.session.visit.resident is None, "the courier is not the resident"
    assert stand.screen == "deposit"


async def test_eight_figures_open_the_doors_and_a_wrong_code_opens_none() -> None:
    stand = Stand()
    await stand.do("open=pickup_code", *(f"type={figure}" for figure in "12345678"), "send")
    assert stand.session.visit.dialog is not None
    assert stand.session.visit.typed.code == ""
    await stand.do("dismiss", *(f"type={figure}" for figure in PICKUP_DIGITS), "send")
    assert (stand.screen, stand.lockers.opened) == ("pickup", ["B03"])


async def test_room_and_pin_lead_to_what_waits_and_the_pin_stays_nowhere() -> None:
    stand = Stand()
    await stand.do("open=pickup", "no_phone", *(f"type={figure}" for figure in "3-1602"), "send")
    await stand.do(*(f"type={figure}" for figure in ROOM_PIN), "send")
    assert stand.screen == "pickup"
    assert ROOM_PIN not in repr(stand.session.visit)
    await stand.do("collect=another")
    assert stand.lockers.opened == []
    await stand.do("collect=ord-7")
    assert stand.lockers.opened == ["B03"]


async def test_a_wrong_pin_is_wiped_and_shows_nothing() -> None:
    stand = Stand()
    await stand.do("open=room_pin", *(f"type={figure}" for figure in "3-1602"), "send")
    await stand.do(*(f"type={figure}" for figure in "000000"), "send")
    assert (stand.session.visit.resident, stand.session.visit.typed.pin) == (None, "")


async def test_a_card_says_who_it_is_on_any_screen_but_never_with_an_open_cell() -> None:
    stand = Stand()
    await stand.session.scan("card", CARD_NUMBER)
    assert stand.session.visit.resident is not None
    stand = Stand()
    await stand.session.scan("qr", ORDER_CODE)
    await stand.session.scan("card", CARD_NUMBER)
    assert (stand.screen, stand.session.visit.resident) == ("pickup", None)


async def test_an_empty_cell_is_asked_once_more_before_it_is_on_record() -> None:
    stand = Stand()
    await stand.session.scan("qr", ORDER_CODE)
    stand.lockers.move("B03", "open")
    await stand.session.poll()
    await stand.do("problem=empty")
    assert stand.lockers.reported == []
    await stand.do("report=empty")
    assert stand.lockers.reported == [("B03", "empty")]


async def test_the_screen_at_a_door_takes_no_gesture() -> None:
    stand = Stand()
    gate = stand.at_door()
    for gesture in ("home", "open", "help", "end"):
        await gate.gesture(gesture, "shop")
    assert gate.visit.screen == "idle"


def test_a_door_says_the_reason_of_a_refusal_in_its_own_words() -> None:
    expired = words_of(GateSaying(GATE_NAME, "refused", code="pass_expired"))
    assert "过期" in expired.line.zh
    assert words_of(GateSaying(GATE_NAME, "refused", code="pass_used_up")).line.zh == "这张码的次数用完了"
    assert words_of(GateSaying(GATE_NAME, "refused", code="never_heard_of")).line.zh
