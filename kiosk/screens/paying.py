"""Payment: the collection QR, what the platform says of it, an end that is paid, not paid or not known."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edge.errors import PlatformUnreachable, StoreError
from kiosk.desks.views import Charge, ChargeState
from kiosk.screens.base import Gesture, Screen
from kiosk.visit import Answer, Dialog, Paying
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

ASK_EVERY_MS = 3000
"""How often the platform is asked (facts: WeChat and Alipay, every 3 to 5 s)."""
ASK_UNKNOWN_EVERY_MS = 5000
SILENCES_UNTIL_UNKNOWN = 4
"""Questions without answer after which the screen says 不知道."""
NOT_PAID = Dialog(
    Text("这笔没有付成", "This was not paid"),
    Text(
        "支付平台说没有收到钱。可以再付一次，或者不买了。",
        "The platform says no money came in. You can pay again, or leave it.",
    ),
    (Answer("dismiss", Text("知道了", "All right"), main=True),),
)


async def begin_payment(session: "Session", charge: Charge, *, origin: str) -> None:
    """Show the collection QR of a charge; origin: the screen to go back to."""
    session.visit.paying = Paying(charge, origin, due_ms=session.monotonic_ms() + ASK_EVERY_MS)
    await session.show("pay")


async def ask_platform(session: "Session") -> None:
    """Ask what became of the payment, and go where the answer leads."""
    visit, paying = session.visit, session.visit.paying
    if paying is None:
        return
    every_ms = ASK_EVERY_MS if visit.screen == "pay" else ASK_UNKNOWN_EVERY_MS
    paying.due_ms, paying.asks = session.monotonic_ms() + every_ms, paying.asks + 1
    try:
        state: ChargeState | None = await session.desks.till.ask(paying.charge.attempt_id)
    except (PlatformUnreachable, StoreError):
        state = None
    if visit is session.visit and visit.paying is paying:
        await _learn(session, paying, state)


async def _learn(session: "Session", paying: Paying, state: ChargeState | None) -> None:
    if state is None:
        paying.silences += 1
    else:
        paying.silences, paying.answered_at_ms, paying.answer = 0, session.now_ms, state
    if state == "paid":
        await _show_receipt(session, paying)
    elif state == "failed":
        await _return_unpaid(session, paying)
    elif state == "unknown" or paying.silences >= SILENCES_UNTIL_UNKNOWN:
        await _show_unknown(session)


async def _show_receipt(session: "Session", paying: Paying) -> None:
    visit = session.visit
    visit.receipt = await session.desks.till.receipt(paying.charge.order_id)
    visit.receipt_page = 0
    if paying.origin == "shop":
        visit.quantities, visit.basket = {}, type(visit.basket)()
        visit.browse.fresh = None
    visit.paying, visit.fees, visit.dialog = None, None, None
    visit.touched_ms = session.monotonic_ms()
    session.knock("done")
    await session.show("receipt", remember=False)
    visit.trail.clear()


async def _return_unpaid(session: "Session", paying: Paying) -> None:
    session.visit.paying = None
    session.visit.touched_ms = session.monotonic_ms()
    session.knock("no")
    await session.show(paying.origin, remember=False)
    session.ask(NOT_PAID)


async def _show_unknown(session: "Session") -> None:
    visit = session.visit
    if visit.screen == "pay_unknown":
        return
    visit.dialog, visit.touched_ms = None, session.monotonic_ms()
    visit.quantities, visit.basket = {}, type(visit.basket)()
    visit.screen = "pay_unknown"


class PayScreen(Screen):
    """Waits for the phone. The session never ends here; the code's own end does that."""

    name = "pay"
    template = "pay.html"

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {
            "give_up": _give_up,
            "back": _give_up,
            "home": _give_up,
            "ask_now": _ask_now,
        }

    def holds(self, session: "Session") -> bool:
        """A payment is under way."""
        return session.visit.paying is not None

    def view(self, session: "Session") -> dict[str, object]:
        """The code, how long it is good for, and what was answered last."""
        paying = session.visit.paying
        if paying is None:
            return {}
        charge, now_ms = paying.charge, session.now_ms
        expires_s = None if charge.expires_at_ms is None else max(0, (charge.expires_at_ms - now_ms) // 1000)
        answered_at_ms = paying.answered_at_ms
        return {
            "paying": paying,
            "charge": charge,
            "expires_s": expires_s,
            "whole_s": max(1, ((charge.expires_at_ms or now_ms) - charge.made_at_ms) // 1000),
            "silent": paying.silences > 0,
            "answered_s": None if answered_at_ms is None else max(0, (now_ms - answered_at_ms) // 1000),
        }

    async def poll(self, session: "Session") -> None:
        """Ask when it is time; close the attempt when its code has run out."""
        paying = session.visit.paying
        if paying is None:
            return
        expires_at_ms = paying.charge.expires_at_ms
        if expires_at_ms is not None and session.now_ms >= expires_at_ms:
            await _give_up(session, "")
        elif session.monotonic_ms() >= paying.due_ms:
            await ask_platform(session)

    async def may_leave(self, session: "Session") -> bool:
        """Never with an open attempt: it is given up first."""
        return session.visit.paying is None or session.visit.paying.answer == "paid"

    async def scanned(self, session: "Session", symbology: str, text: str) -> bool:
        """Nothing is read while the person pays; a payment code is explained by the ordinary way."""
        del session, text
        return symbology != "payment_code"


class PayUnknownScreen(Screen):
    """Neither paid nor not paid: the order is parked with a claim slip, and asking goes on."""

    name = "pay_unknown"
    template = "pay_unknown.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {
            "ask_now": _ask_now,
            "leave": _leave,
            "back": _leave,
            "home": _leave,
        }

    def view(self, session: "Session") -> dict[str, object]:
        """The slip."""
        paying = session.visit.paying
        return {} if paying is None else {"paying": paying, "charge": paying.charge}

    async def poll(self, session: "Session") -> None:
        """Ask when it is time."""
        paying = session.visit.paying
        if paying is not None and session.monotonic_ms() >= paying.due_ms:
            await ask_platform(session)


async def _ask_now(session: "Session", value: str) -> None:
    del value
    await ask_platform(session)


async def _leave(session: "Session", value: str) -> None:
    """The payment engine goes on asking; the screen is free."""
    del value
    session.end()


async def _give_up(session: "Session", value: str) -> None:
    del value
    visit, paying = session.visit, session.visit.paying
    if paying is None:
        return
    try:
        state: ChargeState | None = await session.desks.till.give_up(paying.charge.attempt_id)
    except (PlatformUnreachable, StoreError):
        state = "unknown"
    if visit is not session.visit or visit.paying is not paying:
        return
    if state == "failed":
        visit.paying = None
        visit.touched_ms = session.monotonic_ms()
        await session.show(paying.origin, remember=False)
        session.say(Text("没有付款，二维码已作废", "Not paid, the code is void"), icon="check")
    else:
        await _learn(session, paying, "unknown" if state == "waiting" else state)
