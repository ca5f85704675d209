"""The session without a browser."""

import dataclasses
from typing import Any

import pytest

from edge.store.parts import Part
from edge.trust.clock import Trust
from kiosk.assets import Assets
from kiosk.desks.money_views import Charge
from kiosk.desks.views import Notice
from kiosk.render import Renderer
from kiosk.visit import Visit
from kiosk.words import same
from tests.fakes.kiosk_desks import ORDER_CODE, RESIDENT_CODE, VISITOR_CODE
from tests.fakes.kiosk_stand import Stand

SOY = "6901234567892"


@pytest.fixture
def stand() -> Stand:
    """A kiosk on paper."""
    return Stand()


def dialog_title(stand: Stand) -> str:
    """The headline of the dialog that is shown."""
    assert stand.session.visit.dialog is not None
    return stand.session.visit.dialog.title.zh


async def shopping(stand: Stand) -> None:
    """Come to the pay screen with soy sauce and milk."""
    await stand.do("touch", "open=shop", "add=soy", "add=milk", "pay")
    assert stand.screen == "pay"


async def test_a_touch_wakes_the_screen_and_the_numbers_lead_on(stand: Stand) -> None:
    await stand.do("touch")
    assert stand.screen == "home"
    await stand.do("open=notices", "back")
    assert stand.screen == "home"


async def test_a_scanned_product_is_in_the_basket_from_the_idle_screen(stand: Stand) -> None:
    await stand.session.scan("ean13", SOY)
    assert stand.screen == "shop"
    assert stand.session.visit.quantities == {"soy": 1}
    assert stand.session.visit.browse.fresh is not None
    stand.clock.advance(1)
    await stand.session.scan("ean13", SOY)
    assert stand.session.visit.basket.total_fen == 2560


async def test_what_the_site_does_not_have_is_not_on_the_screen_and_is_refused(stand: Stand) -> None:
    off = frozenset({Part.SHOP, Part.DOORS})
    stand.session.place = dataclasses.replace(stand.session.place, parts_off=off)
    stand.home.newer_notices = (Notice("n9", "promotion", same("满 60 减 5"), same(""), 0),)
    await stand.session.poll()
    board = Renderer(Assets()).fragment(stand.session)
    assert "满 60 减 5" not in board and "promo" not in board and "二号楼检修水管" in board
    await stand.do("touch")
    drawn = Renderer(Assets()).fragment(stand.session)
    for name in ("shop", "preorders", "visitors"):
        assert f'data-value="{name}"' not in drawn, name
        await stand.do(f"open={name}")
        assert (stand.screen, dialog_title(stand)) == ("home", "本小区没有开通这项服务"), name
        await stand.do("dismiss")
    await stand.session.scan("ean13", SOY)
    assert (stand.screen, stand.session.visit.quantities) == ("home", {})
    await stand.do("dismiss")
    for name in ("fees", "pickup", "points"):
        assert f'data-value="{name}"' in drawn, name
    await stand.do("open=pickup")
    assert stand.screen == "pickup"


async def test_a_reader_that_repeats_itself_adds_one_piece(stand: Stand) -> None:
    for _ in range(30):
        await stand.session.scan("ean13", SOY)
        stand.clock.advance(0.1)
    assert stand.session.visit.quantities == {"soy": 1}


async def test_an_unknown_barcode_is_said_and_puts_nothing_in(stand: Stand) -> None:
    await stand.do("touch", "open=shop")
    await stand.session.scan("ean13", "4006381333931")
    assert dialog_title(stand) == "没有找到这件商品"
    assert not stand.session.visit.quantities
    await stand.do("dismiss")
    assert stand.session.visit.dialog is None


async def test_an_expired_lot_is_refused_at_the_scan(stand: Stand) -> None:
    stand.shop.expired.add("soy")
    await stand.session.scan("ean13", SOY)
    assert dialog_title(stand) == "这件过了保质期，不卖"
    assert not stand.session.visit.quantities


async def test_minus_at_one_removes_and_can_be_undone_for_five_seconds(stand: Stand) -> None:
    await stand.do("touch", "open=shop", "add=soy", "less=soy")
    assert stand.session.visit.quantities == {}
    toast = stand.session.visit.toast
    assert toast is not None and toast.undo == "soy"
    await stand.do("undo=soy")
    assert stand.session.visit.quantities == {"soy": 1}
    await stand.do("less=soy")
    stand.clock.advance(5)
    stand.session.tick()
    assert stand.session.visit.toast is None


async def test_an_abandoned_session_asks_and_then_wipes_everything(stand: Stand) -> None:
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=shop", "add=soy", "language", "large")
    stand.clock.advance(74)
    stand.session.tick()
    assert not stand.session.asks_still_there
    stand.clock.advance(2)
    assert stand.session.asks_still_there
    stand.clock.advance(14)
    stand.session.tick()
    now_ms = stand.clock.monotonic_ms()
    assert stand.session.visit == Visit(started_ms=now_ms, touched_ms=now_ms)


async def test_saying_still_here_gives_the_time_back(stand: Stand) -> None:
    await stand.do("touch")
    stand.clock.advance(50)
    assert stand.session.asks_still_there
    await stand.do("stay")
    stand.clock.advance(40)
    stand.session.tick()
    assert stand.screen == "home"


async def test_the_session_never_ends_during_a_payment(stand: Stand) -> None:
    await shopping(stand)
    for _ in range(100):
        stand.clock.advance(1)
        stand.session.tick()
    assert stand.screen == "pay"
    assert stand.session.left_s is None


async def test_paid_is_shown_only_when_the_platform_says_paid(stand: Stand) -> None:
    await shopping(stand)
    stand.clock.advance(3)
    await stand.session.poll()
    assert (stand.screen, stand.till.asked) == ("pay", 1)
    stand.till.state = "paid"
    stand.clock.advance(3)
    await stand.session.poll()
    assert stand.screen == "receipt"
    assert stand.session.visit.receipt is not None
    assert stand.session.visit.receipt.total_fen == 2860
    assert not stand.session.visit.quantities


async def test_asking_follows_its_rhythm_and_never_charges_again(stand: Stand) -> None:
    await shopping(stand)
    for _ in range(30):
        stand.clock.advance(1)
        await stand.session.poll()
    assert stand.till.asked == 10
    assert stand.till.started == 1


async def test_silence_is_shown_as_silence_and_becomes_not_known(stand: Stand) -> None:
    await shopping(stand)
    stand.till.away = True
    for _ in range(3):
        stand.clock.advance(3)
        await stand.session.poll()
    assert stand.screen == "pay"
    assert stand.session.visit.paying is not None and stand.session.visit.paying.silences == 3
    stand.clock.advance(3)
    await stand.session.poll()
    assert stand.screen == "pay_unknown"
    stand.till.away, stand.till.state = False, "paid"
    stand.clock.advance(5)
    await stand.session.poll()
    assert stand.screen == "receipt"


async def test_not_known_is_neither_paid_nor_failed_and_keeps_no_basket_to_pay_twice(stand: Stand) -> None:
    await shopping(stand)
    stand.till.state = "unknown"
    await stand.do("ask_now")
    assert stand.screen == "pay_unknown"
    assert not stand.session.visit.quantities
    await stand.do("leave")
    assert stand.screen == "idle"
    assert stand.till.given_up == []


async def test_a_failed_payment_keeps_the_basket_and_says_so(stand: Stand) -> None:
    await shopping(stand)
    stand.till.state = "failed"
    await stand.do("ask_now")
    paying = stand.session.visit.paying
    assert stand.screen == "pay"
    assert paying is not None and paying.step == "choose" and paying.trouble is not None
    assert stand.session.visit.quantities == {"soy": 1, "milk": 1}
    await stand.do("give_up")
    assert stand.screen == "shop"
    assert stand.till.dropped == ["k1-1-412"]
    assert stand.session.visit.quantities == {"soy": 1, "milk": 1}


@pytest.mark.parametrize("key", ["give_up", "back", "home"])
async def test_leaving_the_pay_screen_closes_the_attempt_first(stand: Stand, key: str) -> None:
    await shopping(stand)
    await stand.do(key)
    assert stand.till.given_up == ["ak1-1-412"]
    assert stand.screen == "shop"
    assert stand.session.visit.paying is None


async def test_a_payment_that_came_in_while_closing_wins(stand: Stand) -> None:
    await shopping(stand)
    stand.till.state = "paid"
    await stand.do("give_up")
    assert stand.screen == "receipt"


async def test_a_code_that_ran_out_is_closed(stand: Stand) -> None:
    await shopping(stand)
    stand.clock.advance(121)
    await stand.session.poll()
    assert stand.till.given_up == ["ak1-1-412"]
    assert stand.screen == "pay"
    assert stand.session.visit.paying is not None and stand.session.visit.paying.step == "choose"


async def test_closing_without_answer_is_not_known(stand: Stand) -> None:
    await shopping(stand)
    stand.till.away = True
    await stand.do("give_up")
    assert stand.screen == "pay_unknown"


async def test_without_network_a_payment_is_refused_with_the_reason_and_the_basket_stays(
    stand: Stand,
) -> None:
    stand.till.away = True
    await stand.do("touch", "open=shop", "add=soy", "pay")
    assert stand.screen == "shop"
    assert dialog_title(stand) == "网络断了，手机付款先停一停"
    assert stand.session.visit.quantities == {"soy": 1}


async def test_scans_do_nothing_while_somebody_pays(stand: Stand) -> None:
    await shopping(stand)
    await stand.session.scan("ean13", SOY)
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.screen == "pay"
    assert stand.session.visit.resident is None
    assert stand.session.visit.quantities == {"soy": 1, "milk": 1}


async def test_a_payment_code_is_explained_on_every_screen(stand: Stand) -> None:
    for gesture in ("touch", "open=shop"):
        await stand.do(gesture)
        await stand.session.scan("payment_code", "")
        assert dialog_title(stand) == "付款码先收好"
        await stand.do("dismiss")
        stand.clock.advance(1)


async def test_codes_for_elsewhere_and_strange_codes_are_explained(stand: Stand) -> None:
    await stand.session.scan("qr", VISITOR_CODE)
    assert dialog_title(stand) == "这是访客码，给门口的读码器看"
    await stand.session.scan("qr", "https://example.com/")
    assert dialog_title(stand) == "这个码我不认识"
    await stand.session.scan("qr", "CE1:FORGED")
    assert dialog_title(stand) == "这张码读不通"


async def test_bills_are_shown_only_to_who_showed_a_resident_code(stand: Stand) -> None:
    await stand.do("touch", "open=fees")
    assert stand.screen == "identify"
    assert stand.session.visit.fees is None
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.screen == "fees"
    assert stand.session.visit.fees is not None
    assert stand.session.visit.fees.chosen == {"b1"}


async def test_one_payment_never_mixes_payees(stand: Stand) -> None:
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=fees", "choose=b2")
    assert stand.session.visit.fees is not None
    assert stand.session.visit.fees.chosen == {"b2"}
    await stand.do("choose=b3")
    assert stand.session.visit.fees.chosen == {"b2", "b3"}
    await stand.do("choose=b1", "pay")
    assert stand.screen == "pay"
    assert stand.session.visit.paying is not None
    assert stand.session.visit.paying.order.total_fen == 26880


async def test_nothing_chosen_is_no_payment(stand: Stand) -> None:
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=fees", "choose=b1", "pay")
    assert stand.screen == "fees"
    assert stand.till.started == 0


async def test_cells_open_one_after_another_each_waited_for(stand: Stand) -> None:
    await stand.session.scan("qr", ORDER_CODE)
    assert stand.screen == "pickup"
    assert stand.lockers.opened == ["B03"]
    for _ in range(5):
        await stand.session.poll()
    assert stand.lockers.opened == ["B03"]
    stand.lockers.move("B03", "open")
    await stand.session.poll()
    assert stand.lockers.opened == ["B03"]
    stand.lockers.move("B03", "got")
    await stand.session.poll()
    assert stand.lockers.opened == ["B03", "C04"]
    for cell in ("C04", "D03"):
        stand.lockers.move(cell, "open")
        await stand.session.poll()
        stand.lockers.move(cell, "got")
        await stand.session.poll()
    assert stand.lockers.opened == ["B03", "C04", "D03"]
    assert stand.session.visit.pickup is not None and stand.session.visit.pickup.finished


async def test_an_open_cell_keeps_the_session_and_the_screen(stand: Stand) -> None:
    await stand.session.scan("qr", ORDER_CODE)
    stand.lockers.move("B03", "open")
    await stand.session.poll()
    stand.clock.advance(600)
    stand.session.tick()
    assert stand.screen == "pickup"
    await stand.do("home")
    assert stand.screen == "pickup"
    assert stand.session.visit.toast is not None
    await stand.do("end")
    assert stand.screen == "pickup"


async def test_an_open_cell_whose_contact_went_silent_is_not_said_to_be_open(stand: Stand) -> None:
    await stand.session.scan("qr", ORDER_CODE)
    stand.lockers.move("B03", "open")
    await stand.session.poll()
    assert "门磁说：开着" in Renderer(Assets()).fragment(stand.session)
    stand.lockers.unknown_doors.add("B03")
    await stand.session.poll()
    shown = Renderer(Assets()).fragment(stand.session)
    assert "不知道 B03 关没关" in shown and "不知道关没关" in shown
    assert "门磁说：开着" not in shown and "门开着" not in shown


async def test_an_unknown_cell_is_never_opened_again_by_itself(stand: Stand) -> None:
    await stand.session.scan("qr", ORDER_CODE)
    stand.lockers.move("B03", "unknown")
    for _ in range(5):
        await stand.session.poll()
    assert stand.lockers.opened == ["B03"]
    await stand.do("retry")
    assert stand.lockers.opened == ["B03", "B03"]
    stand.lockers.move("B03", "unknown")
    await stand.session.poll()
    await stand.do("skip")
    await stand.session.poll()
    assert stand.lockers.opened == ["B03", "B03", "C04"]


async def test_an_unknown_cell_lets_the_session_end(stand: Stand) -> None:
    await stand.session.scan("qr", ORDER_CODE)
    stand.lockers.move("B03", "unknown")
    await stand.session.poll()
    stand.clock.advance(91)
    stand.session.tick()
    assert stand.screen == "idle"


async def test_an_unknown_gesture_or_screen_does_nothing(stand: Stand) -> None:
    await stand.do("touch", "open=receipt", "open=../../etc", "nonsense", "pay", "retry")
    assert stand.screen == "home"
    assert stand.session.visit.dialog is None


async def test_keys_behind_a_dialog_do_nothing(stand: Stand) -> None:
    await stand.do("touch", "open=shop", "add=soy")
    await stand.session.scan("qr", "what")
    await stand.do("pay")
    assert stand.screen == "shop"
    assert stand.till.started == 0


async def test_with_the_clock_unknown_no_time_of_day_is_claimed(stand: Stand) -> None:
    stand.clock.trust = Trust.UNKNOWN
    await stand.do("touch")
    view: dict[str, Any] = stand.session.screen.view(stand.session)
    assert view["greeting"].zh == "您好"
    assert not stand.session.is_night


async def test_an_answer_for_someone_who_left_changes_nothing_for_the_next(stand: Stand) -> None:
    await shopping(stand)
    gone = stand.session.visit
    stand.till.state = "paid"

    async def leave_meanwhile(attempt_id: str, *, at_once: bool = False) -> Charge:
        del at_once
        stand.session.end()
        return Charge(attempt_id, "k1-1-412", "wechat", 2860, 0, state="paid")

    stand.till.ask = leave_meanwhile  # type: ignore[method-assign]
    await stand.do("ask_now")
    assert stand.screen == "idle"
    assert stand.session.visit is not gone
    assert stand.session.visit.receipt is None
