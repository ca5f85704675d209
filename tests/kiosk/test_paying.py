"""Paying without a browser: codes, parts, one open attempt at most, nothing taken unseen."""

import pytest

from kiosk.assets import Assets
from kiosk.desks.money_views import Offer, Part
from kiosk.render import Renderer
from kiosk.screens.split import split_sum
from kiosk.visit import Paying
from tests.fakes.kiosk_desks import RESIDENT_CODE
from tests.fakes.kiosk_money import ALIPAY_CODE, OFFERS, UNION_CODE, WECHAT_CODE
from tests.fakes.kiosk_stand import Stand

SUM_FEN = 2860


@pytest.fixture
def stand() -> Stand:
    """A kiosk on paper."""
    return Stand()


def title(stand: Stand) -> str:
    """The headline of the dialog that is shown."""
    assert stand.session.visit.dialog is not None
    return stand.session.visit.dialog.title.zh


def paying(stand: Stand) -> Paying:
    """The payment under way."""
    assert stand.session.visit.paying is not None
    return stand.session.visit.paying


async def at_the_pay_screen(stand: Stand, *, known: bool = False) -> None:
    """Soy sauce and milk, 28.60 yuan, to be paid; known: with points and a balance."""
    if known:
        stand.till.offers = OFFERS
        await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("touch", "open=shop", "add=soy", "add=milk", "pay")
    assert stand.screen == "pay"


async def seen(stand: Stand) -> None:
    """Let the payer look at the sum."""
    stand.clock.advance(2)
    await stand.session.poll()


async def test_a_payment_code_closes_the_open_qr_first_and_is_charged_once(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await seen(stand)
    stand.till.state = "waiting"
    await stand.session.scan("code128", WECHAT_CODE)
    assert stand.till.given_up == ["ak1-1-412"]
    assert stand.till.codes == 1
    assert paying(stand).step == "code"
    stand.clock.advance(1)
    await stand.session.scan("code128", WECHAT_CODE)
    assert stand.till.codes == 1
    assert title(stand) == "这一笔已经在付了"


async def test_a_payment_code_before_the_sum_was_seen_is_thrown_away_with_words(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    assert not stand.session.takes_payment_codes
    await stand.session.scan("qr", ALIPAY_CODE)
    assert stand.till.codes == 0
    assert stand.till.given_up == []
    assert title(stand) == "先看一眼金额"
    await seen(stand)
    assert stand.session.takes_payment_codes


async def test_a_new_sum_has_to_be_seen_again(stand: Stand) -> None:
    await at_the_pay_screen(stand, known=True)
    await seen(stand)
    await stand.do("tender=points")
    assert not stand.session.takes_payment_codes
    await stand.session.scan("qr", ALIPAY_CODE)
    assert stand.till.codes == 0


@pytest.mark.parametrize("way", [("touch",), ("touch", "open=shop"), ("touch", "open=pickup")])
async def test_a_payment_code_anywhere_else_is_thrown_away_whatever_reader_read_it(
    stand: Stand, way: tuple[str, ...]
) -> None:
    await stand.do(*way)
    for symbology, text in (("qr", WECHAT_CODE), ("code128", ALIPAY_CODE), ("payment_code", "")):
        stand.clock.advance(1)
        await stand.session.scan(symbology, text)
        assert title(stand) == "付款码先收好"
    assert stand.till.codes == 0


async def test_no_payment_code_stays_in_the_session(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await seen(stand)
    await stand.session.scan("qr", WECHAT_CODE)
    await stand.session.scan("qr", ALIPAY_CODE)
    held = repr(stand.session.visit) + repr(vars(stand.session)["_last_scan"])
    assert WECHAT_CODE not in held and ALIPAY_CODE not in held


async def test_codes_of_others_are_not_supported_here(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await seen(stand)
    await stand.session.scan("qr", UNION_CODE)
    assert title(stand) == "这里不收这种付款码"
    assert stand.till.codes == 0 and stand.till.given_up == []


async def test_above_a_thousand_yuan_a_wechat_code_suggests_the_qr_once(stand: Stand) -> None:
    await stand.do("touch", "open=shop", *(["add=oil"] * 16), "pay")
    await seen(stand)
    await stand.session.scan("qr", WECHAT_CODE)
    assert stand.till.codes == 0 and stand.till.given_up == []
    assert title(stand) == "这个金额，扫屏幕上的码更快"
    await stand.do("pay_qr")
    assert stand.session.visit.dialog is None and paying(stand).step == "qr"
    stand.clock.advance(1)
    await stand.session.scan("qr", WECHAT_CODE)
    assert stand.till.codes == 1


async def test_an_alipay_code_of_any_sum_is_taken(stand: Stand) -> None:
    await stand.do("touch", "open=shop", *(["add=oil"] * 16), "pay")
    await seen(stand)
    await stand.session.scan("qr", ALIPAY_CODE)
    assert stand.till.codes == 1


async def test_the_camera_waits_for_a_code_with_the_qr_closed(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await stand.do("show_code")
    assert paying(stand).step == "show_code" and stand.till.open == set()
    await stand.do("pay_qr")
    assert paying(stand).step == "qr" and len(stand.till.open) == 1


async def test_typing_a_password_is_no_failure_and_the_answer_is_said(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await seen(stand)
    await stand.session.scan("qr", WECHAT_CODE)
    for _ in range(5):
        stand.clock.advance(3)
        await stand.session.poll()
    view = stand.session.screen.view(stand.session)
    assert stand.screen == "pay" and view["answered_s"] == 0
    stand.till.state = "paid"
    stand.clock.advance(3)
    await stand.session.poll()
    assert stand.screen == "receipt"


async def test_being_taken_back_is_neither_paid_nor_failed_until_it_is_said(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await seen(stand)
    await stand.session.scan("qr", WECHAT_CODE)
    stand.till.closing = stand.till.state = "undoing"
    await stand.do("give_up")
    view = stand.session.screen.view(stand.session)
    assert stand.screen == "pay" and view["undoing"] is True
    assert stand.till.dropped == []
    stand.till.state, stand.till.reason = "failed", "reversed"
    stand.clock.advance(3)
    await stand.session.poll()
    assert stand.screen == "shop", "the payer wanted to leave"
    assert stand.till.dropped == ["k1-1-412"]


async def test_a_slip_can_be_taken_while_it_is_being_taken_back(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await seen(stand)
    await stand.session.scan("qr", WECHAT_CODE)
    stand.till.closing = stand.till.state = "undoing"
    await stand.do("give_up", "take_slip")
    assert stand.screen == "pay_unknown"


async def test_silence_after_a_code_claims_no_answer(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await seen(stand)
    stand.till.silent_codes = True
    await stand.session.scan("qr", WECHAT_CODE)
    assert stand.session.screen.view(stand.session)["answered_s"] is None
    stand.till.away = True
    for _ in range(4):
        stand.clock.advance(3)
        await stand.session.poll()
    assert stand.screen == "pay_unknown"
    assert stand.till.parked == ["ak1-1-412-2"]


async def test_paid_while_leaving_says_so(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    stand.till.state = "paid"
    await stand.do("give_up")
    assert stand.screen == "receipt"
    note = stand.session.visit.receipt_note
    assert note is not None and "退出" in note.zh


async def test_one_touch_takes_the_balance_and_the_rest_is_asked_of_the_channel(stand: Stand) -> None:
    stand.till.offers = (Offer("points", 1284, 1284), Offer("wallet", 1000, 1000))
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=shop", "add=soy", "add=milk", "pay", "tender=wallet", "tender=points")
    assert stand.till.held[-1] == (Part("points", 1284), Part("wallet", 1000))
    assert len(stand.till.given_up) == 2
    await stand.do("tender=points")
    assert list(stand.till.held[-1]) == [Part("wallet", 1000)]
    assert paying(stand).step == "qr"


async def test_what_accounts_cover_waits_for_a_key_and_asks_no_channel(stand: Stand) -> None:
    await at_the_pay_screen(stand, known=True)
    await stand.do("tender=wallet")
    assert paying(stand).step == "accounts"
    assert stand.till.open == set() and stand.till.started == 1
    await stand.do("pay_accounts")
    assert stand.screen == "receipt"
    assert stand.till.held[-1] == (Part("wallet", SUM_FEN),)


async def test_without_a_network_a_balance_within_its_lease_pays(stand: Stand) -> None:
    stand.till.offers, stand.till.away = OFFERS, True
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=shop", "add=soy", "add=milk", "pay")
    assert stand.screen == "pay" and paying(stand).step == "choose"
    await stand.do("tender=wallet", "pay_accounts")
    assert stand.screen == "receipt"


async def test_without_a_network_too_small_a_lease_gives_the_order_up(stand: Stand) -> None:
    stand.till.offers, stand.till.away = (Offer("wallet", 3820, 3820, 2000),), True
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=shop", "add=soy", "add=milk", "pay")
    assert stand.screen == "shop"
    assert stand.till.dropped == ["k1-1-412"]


async def test_an_account_that_takes_nothing_says_why_and_changes_nothing(stand: Stand) -> None:
    await at_the_pay_screen(stand, known=True)
    await stand.do("tender=prepaid_fee")
    assert stand.till.given_up == []
    toast = stand.session.visit.toast
    assert toast is not None and toast.text.zh == "您没有这个账户"


async def test_a_stranger_is_asked_who_it_is_and_comes_back_to_the_basket(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await stand.do("identify_first")
    assert stand.screen == "identify" and stand.till.dropped == ["k1-1-412"]
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.screen == "shop"
    assert stand.session.visit.quantities == {"soy": 1, "milk": 1}


async def test_wechat_or_alipay_is_a_choice_and_the_other_qr_is_closed(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    await stand.do("channel=alipay", "channel=alipay", "channel=unionpay")
    assert stand.till.channels == ["wechat", "alipay"]
    assert stand.till.given_up == ["ak1-1-412"]


async def test_nothing_is_opened_beside_an_attempt_that_is_not_known(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    stand.till.closing = "unknown"
    await stand.do("channel=alipay")
    assert stand.screen == "pay_unknown"
    assert stand.till.channels == ["wechat"]
    await stand.session.scan("qr", WECHAT_CODE)
    assert stand.till.codes == 0


async def test_an_order_that_somebody_walks_away_from_is_given_up(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    stand.till.state = "failed"
    await stand.do("ask_now")
    stand.clock.advance(91)
    stand.session.tick()
    assert stand.screen == "idle"
    await stand.session.poll()
    assert stand.till.dropped == ["k1-1-412"]


async def test_not_known_and_then_not_paid_gives_the_basket_back(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    stand.till.state = "unknown"
    await stand.do("ask_now")
    assert stand.session.visit.quantities == {}
    stand.till.state = "failed"
    stand.clock.advance(6)
    await stand.session.poll()
    assert stand.screen == "pay" and paying(stand).step == "choose"
    assert stand.session.visit.quantities == {"soy": 1, "milk": 1}


async def test_parts_are_taken_in_the_order_of_use(stand: Stand) -> None:
    await at_the_pay_screen(stand, known=True)
    order = paying(stand).order
    split = split_sum(order, {"wallet", "points"})
    assert split.parts == (Part("points", 1284), Part("wallet", SUM_FEN - 1284))
    assert split.rest_fen == 0
    assert split_sum(order, set()).rest_fen == SUM_FEN


async def test_another_sum_than_the_asked_one_is_said_as_such(stand: Stand) -> None:
    await at_the_pay_screen(stand)
    stand.till.state, stand.till.reason = "unknown", "amount_differs"
    stand.clock.advance(4)
    await stand.session.poll()
    assert stand.screen == "pay_unknown"
    said = Renderer(Assets()).fragment(stand.session)
    assert "收到的钱数目不对" in said
    assert "还不知道付没付成" not in said
