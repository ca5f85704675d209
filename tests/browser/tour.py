"""How each screen is reached, once, for every test that looks at all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from kiosk.desks.money_views import Offer
from kiosk.words import Text
from tests.fakes.kiosk_desks import DEPOSIT_CODE, ORDER_CODE, RESIDENT_CODE, ROOM_PIN
from tests.fakes.kiosk_fees import BILL_CODE
from tests.fakes.kiosk_money import PAID_TWICE, RECEIPT_CODE, WECHAT_CODE
from tests.fakes.kiosk_stand import Stand

Step = tuple[str, Callable[[Stand], Awaitable[None]]]
SOY = "6901234567892"


async def _home(stand: Stand) -> None:
    await stand.do("touch")


async def _shop_empty(stand: Stand) -> None:
    await stand.do("open=shop")


async def _shop(stand: Stand) -> None:
    await stand.do("add=orange", "add=noodle", "add=milk", "add=milk")
    await stand.session.scan("ean13", SOY)


async def _search(stand: Stand) -> None:
    await stand.do("search", "type=j", "type=y")


async def _pay(stand: Stand) -> None:
    await stand.do("back", "pay", "ask_now")


async def _pay_unknown(stand: Stand) -> None:
    stand.till.state = "unknown"
    await stand.do("ask_now")


async def _not_paid(stand: Stand) -> None:
    stand.till.state = "failed"
    await stand.do("ask_now")


async def _receipt(stand: Stand) -> None:
    stand.till.state = "waiting"
    await stand.do("pay_qr")
    stand.till.state = "paid"
    await stand.do("ask_now")


async def _pay_split(stand: Stand) -> None:
    stand.till.offers, stand.till.state = (
        (Offer("points", 1284, 1284), Offer("wallet", 3820, 3820)),
        "waiting",
    )
    stand.till.codes = 0
    await stand.do("home", "open=shop", "add=rice", "add=rice", "pay", "tender=wallet", "tender=points")


async def _pay_with_prepaid(stand: Stand) -> None:
    await stand.do("give_up")
    stand.till.offers = (
        Offer("prepaid_fee", 120_000, 120_000),
        Offer("points", 1284, 0, 0, Text("这一单不能用积分", "Points cannot be used here")),
    )
    await stand.do("pay")


async def _pay_show_code(stand: Stand) -> None:
    await stand.do("show_code")


async def _pay_code(stand: Stand) -> None:
    stand.clock.advance(2)
    await stand.session.scan("code128", WECHAT_CODE)
    stand.clock.advance(4)
    await stand.session.poll()


async def _pay_undoing(stand: Stand) -> None:
    stand.till.closing = stand.till.state = "undoing"
    await stand.do("give_up")


async def _pay_accounts(stand: Stand) -> None:
    stand.till.closing, stand.till.state = None, "failed"
    await stand.do("ask_now", "pay")
    stand.till.state = "waiting"
    await stand.do("tender=prepaid_fee")


async def _pay_slow(stand: Stand) -> None:
    await stand.do("give_up", *(["add=oil"] * 15), "pay")
    stand.clock.advance(2)
    await stand.session.scan("code128", WECHAT_CODE)


async def _points_claimed(stand: Stand) -> None:
    await stand.do("dismiss", "give_up", "home", "open=points")
    await stand.session.scan("qr", RECEIPT_CODE)


async def _prepaid(stand: Stand) -> None:
    await stand.do("issuer=next")


async def _doubles(stand: Stand) -> None:
    stand.accounts.doubles_open = (PAID_TWICE, replace(PAID_TWICE, id="d2"))
    await stand.do("home", "open=doubles")


async def _way(stand: Stand) -> None:
    await stand.do("way=e2")


async def _known(stand: Stand) -> None:
    await stand.do("home")
    await stand.session.scan("qr", RESIDENT_CODE)


async def _receipt_again(stand: Stand) -> None:
    await stand.do("receipt=p10", "invoice")


async def _fee_part(stand: Stand) -> None:
    await stand.do("home", "open=fees", "part", "type=1", "type=0", "type=0", "type=.", "type=5")


async def _fee_part_refused(stand: Stand) -> None:
    await stand.do("type=0", "wipe", "type=9", "type=9", "type=9")


async def _printed_bill(stand: Stand) -> None:
    await stand.do("home")
    await stand.session.scan("qr", BILL_CODE)


async def _printed_part(stand: Stand) -> None:
    await stand.do("part", "type=5", "type=0")


async def _pickup_wait(stand: Stand) -> None:
    stand.session.visit.resident = None
    await stand.do("home", "open=pickup")


async def _pickup_open(stand: Stand) -> None:
    await stand.session.scan("qr", ORDER_CODE)
    for cell, state in (("B03", "open"), ("B03", "got"), ("C04", "open")):
        stand.lockers.move(cell, state)  # type: ignore[arg-type]
        await stand.session.poll()
        stand.clock.advance(9)


async def _pickup_unknown(stand: Stand) -> None:
    stand.lockers.move("C04", "unknown")
    await stand.session.poll()


async def _pickup_done(stand: Stand) -> None:
    for cell in ("C04", "D03"):
        stand.lockers.move(cell, "got")
    await stand.session.poll()


async def _pickup_code(stand: Stand) -> None:
    await stand.do("home", "open=pickup", "open=pickup_code", *(f"type={figure}" for figure in "40718"))


async def _room_pin(stand: Stand) -> None:
    stand.session.visit.resident = None
    await stand.do("home", "open=pickup", "no_phone", *(f"type={figure}" for figure in "3-1602"), "send")
    await stand.do(*(f"type={figure}" for figure in ROOM_PIN))


async def _pickup_waiting(stand: Stand) -> None:
    stand.lockers.reset()
    await stand.do("send")


async def _pickup_forgotten(stand: Stand) -> None:
    await stand.do("collect=ord-7")
    stand.lockers.move("B03", "open")
    await stand.session.poll()
    stand.clock.advance(70)
    await stand.session.poll()


async def _pickup_problem(stand: Stand) -> None:
    await stand.do("problem=empty")


async def _pickup_disputed(stand: Stand) -> None:
    await stand.do("report=empty", "dismiss")
    for cell in ("C04", "D03"):
        stand.lockers.move(cell, "got")
    await stand.session.poll()


async def _pickup_halted(stand: Stand) -> None:
    stand.lockers.halted = "C05"
    await stand.do("home", "open=pickup")


async def _deposit_code(stand: Stand) -> None:
    stand.lockers.halted = ""
    await stand.do("home", "open=deposit")


async def _deposit_room(stand: Stand) -> None:
    await stand.session.scan("qr", DEPOSIT_CODE)
    await stand.do(*(f"type={figure}" for figure in "3-1602"))


async def _deposit_size(stand: Stand) -> None:
    await stand.do("recipient", "reach")


async def _deposit_open(stand: Stand) -> None:
    await stand.do("size=m")
    stand.deposits.move("open")
    await stand.session.poll()


async def _deposit_change(stand: Stand) -> None:
    await stand.do("change")


async def _deposit_unknown(stand: Stand) -> None:
    await stand.do("keep")
    stand.deposits.move("unknown")
    await stand.session.poll()


async def _deposit_jam(stand: Stand) -> None:
    stand.deposits.move("jam")
    await stand.session.poll()


async def _deposit_next(stand: Stand) -> None:
    stand.deposits.move("stored")
    await stand.session.poll()


async def _deposit_done(stand: Stand) -> None:
    await stand.do("finish")


async def _identify(stand: Stand) -> None:
    stand.session.visit.resident = None
    await stand.do("home", "open=fees")


async def _explained(stand: Stand) -> None:
    await stand.do("home")
    await stand.session.scan("qr", "https://example.com/")


async def _removed(stand: Stand) -> None:
    await stand.do("dismiss", "open=shop", "add=soy", "less=soy")


async def _still_there(stand: Stand) -> None:
    stand.clock.advance(80)


def _open(name: str) -> Callable[[Stand], Awaitable[None]]:
    async def go(stand: Stand) -> None:
        await stand.do("home", f"open={name}")

    return go


async def _nothing(stand: Stand) -> None:
    del stand


STEPS: tuple[Step, ...] = (
    ("idle", _nothing),
    ("home", _home),
    ("shop-empty", _shop_empty),
    ("shop", _shop),
    ("search", _search),
    ("pay", _pay),
    ("pay-unknown", _pay_unknown),
    ("not-paid", _not_paid),
    ("receipt", _receipt),
    ("home-known", _known),
    ("pay-split", _pay_split),
    ("pay-prepaid", _pay_with_prepaid),
    ("pay-show-code", _pay_show_code),
    ("pay-code", _pay_code),
    ("pay-undoing", _pay_undoing),
    ("pay-accounts", _pay_accounts),
    ("pay-slow", _pay_slow),
    ("points", _points_claimed),
    ("wallet", _open("wallet")),
    ("prepaid", _prepaid),
    ("doubles", _doubles),
    ("fees", _open("fees")),
    ("settled", _open("settled")),
    ("receipt-again", _receipt_again),
    ("fee-part", _fee_part),
    ("fee-part-refused", _fee_part_refused),
    ("printed-bill", _printed_bill),
    ("printed-part", _printed_part),
    ("pickup-wait", _pickup_wait),
    ("pickup", _pickup_open),
    ("pickup-unknown", _pickup_unknown),
    ("pickup-done", _pickup_done),
    ("pickup-code", _pickup_code),
    ("room-pin", _room_pin),
    ("pickup-waiting", _pickup_waiting),
    ("pickup-forgotten", _pickup_forgotten),
    ("pickup-problem", _pickup_problem),
    ("pickup-disputed", _pickup_disputed),
    ("pickup-halted", _pickup_halted),
    ("deposit-code", _deposit_code),
    ("deposit-room", _deposit_room),
    ("deposit-size", _deposit_size),
    ("deposit-open", _deposit_open),
    ("deposit-change", _deposit_change),
    ("deposit-unknown", _deposit_unknown),
    ("deposit-jam", _deposit_jam),
    ("deposit-next", _deposit_next),
    ("deposit-done", _deposit_done),
    ("notices", _open("notices")),
    ("directory", _open("directory")),
    ("directory-way", _way),
    ("help", _open("help")),
    ("repairs", _open("repairs")),
    ("visitors", _open("visitors")),
    ("preorders", _open("preorders")),
    ("identify", _identify),
    ("explained", _explained),
    ("removed", _removed),
    ("still-there", _still_there),
)


async def tour(stand: Stand) -> AsyncIterator[str]:
    """Walk through every screen; gives the name of each once it is reached."""
    for name, go in STEPS:
        await go(stand)
        yield name
