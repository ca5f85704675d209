"""Steps of a payment: open a code, hand over the payer's, pay from accounts, close, learn what became of it.

At most one attempt is open for an order: every step closes the open one first, and money that came in
meanwhile wins. An attempt whose end is not known is never followed by another.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from edge.errors import DeviceError, PlatformError, PlatformUnreachable, Refusal, StoreError
from kiosk.desks.money_views import AccountKind, Charge, Payable
from kiosk.explain import explain_payment_code
from kiosk.screens.split import Split, split_sum
from kiosk.visit import Paying
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

ASK_EVERY_MS = 3000
"""How often the screen asks (facts: WeChat and Alipay, every 3 to 5 s)."""
ASK_UNKNOWN_EVERY_MS = 5000
SILENCES_UNTIL_UNKNOWN = 4
"""Questions without answer after which the screen says 不知道."""
AMOUNT_SEEN_MS = 1500
"""So long a sum stands on the screen before a payment code is taken: a glance at a figure (ours)."""
PASSWORD_ABOVE_FEN = 100_000
"""WeChat always asks for a password above 1,000 yuan (facts: WeChat and Alipay)."""
PAID_WHILE_LEAVING = Text(
    "您退出时钱正好付到了，这单已经成了", "Your payment arrived while you were leaving. It is done"
)
TROUBLE: dict[str, Text] = {
    "": Text("支付平台说没有收到钱。", "The platform says no money came in."),
    "expired": Text("等的时间到了，码已作废。", "The time is up, the code is void."),
    "offline": Text("网络断了，余额和积分还能用。", "The network is away; balance and points still work."),
    "reversed": Text("这笔已经撤回。", "It was taken back."),
    "declined": Text("付款人或银行没有同意。", "The payer or the bank said no."),
    "refused": Text("支付平台没有收下这笔。", "The payment platform did not take it."),
}


def split_of(paying: Paying) -> Split:
    """How the sum is shared as chosen now."""
    return split_sum(paying.order, paying.chosen)


async def begin_payment(
    session: "Session", order: Payable, *, origin: str, using: AccountKind | None = None
) -> None:
    """Show the pay screen for a placed order with a collection QR; origin: the screen to go back to.

    using: an account that the person chose beforehand. Without a network the order is given up again and
    PlatformUnreachable raised, unless accounts of the person can pay it here and now.
    """
    visit = session.visit
    paying = Paying(order, origin, shown_ms=session.monotonic_ms(), channel=order.channels[0])
    if using is not None:
        paying.chosen.add(using)
    try:
        if split_of(paying).rest_fen == 0:
            paying.step = "accounts"
        else:
            await _collect(session, paying)
    except (Refusal, PlatformError, DeviceError, StoreError) as error:
        away = order.without_network()
        payable = split_sum(away, {offer.kind for offer in away.offers}).rest_fen == 0
        if not (isinstance(error, PlatformUnreachable) and payable):
            await _drop(session, order)
            raise
        paying.order = away
    if visit is not session.visit:
        await _abandon(session, paying)
        return
    visit.paying, visit.toast = paying, None
    await session.show("pay")


async def switch(session: "Session", paying: Paying, change: Callable[[], None]) -> None:
    """Change how the rest is paid: close what is open, change, then show what follows from it."""

    async def step() -> None:
        if not await close_open(session, paying):
            return
        paying.leaving = False
        change()
        paying.shown_ms = session.monotonic_ms()
        if split_of(paying).rest_fen == 0:
            paying.step, paying.trouble = "accounts", None
        else:
            await _collect(session, paying)

    await _busy(session, paying, step)


def toggle(paying: Paying, kind: AccountKind) -> None:
    """Use an account, or use it no longer."""
    paying.chosen = paying.chosen ^ {kind}


async def wait_for_code(session: "Session", paying: Paying) -> None:
    """Close the QR and let the camera wait for a payment code."""

    async def step() -> None:
        if await close_open(session, paying):
            paying.step, paying.trouble = "show_code", None

    await _busy(session, paying, step)


async def take_code(session: "Session", paying: Paying, channel: str, code: str) -> None:
    """Hand a payment code over: after the sum was seen, with nothing else open, once."""
    if paying.busy or paying.step == "code":
        session.refuse(explain_payment_code("already"))
    elif session.monotonic_ms() - paying.shown_ms < AMOUNT_SEEN_MS:
        session.refuse(explain_payment_code("look_first"))
    elif split_of(paying).rest_fen == 0:
        session.refuse(explain_payment_code("not_needed"))
    elif channel not in paying.order.channels:
        session.refuse(explain_payment_code("other"))
    elif channel == "wechat" and split_of(paying).rest_fen > PASSWORD_ABOVE_FEN and not paying.asked_slow:
        paying.asked_slow = True
        session.refuse(explain_payment_code("slow"))
    else:
        session.knock("read")
        await _busy(session, paying, lambda: _hand_over(session, paying, channel, code))


async def _hand_over(session: "Session", paying: Paying, channel: str, code: str) -> None:
    if not await close_open(session, paying):
        return
    paying.channel = "alipay" if channel == "alipay" else "wechat"
    paying.step, paying.trouble, paying.sent_at_ms = "code", None, session.now_ms
    paying.asks = paying.silences = 0
    paying.answered_at_ms = None
    try:
        charge = await session.desks.till.take_code(paying.order, split_of(paying).parts, code)
    except (Refusal, PlatformError, StoreError):
        paying.step = "choose"
        raise
    if _is_here(session, paying):
        paying.charge, paying.due_ms = charge, session.monotonic_ms() + ASK_EVERY_MS
        if charge.state != "waiting" or charge.user_paying:
            await learn(session, paying, charge)


async def pay_from_accounts(session: "Session", paying: Paying) -> None:
    """Settle the order from the chosen accounts alone."""

    async def step() -> None:
        await session.desks.till.pay_from_accounts(paying.order, split_of(paying).parts)
        if _is_here(session, paying):
            await _show_receipt(session, paying)

    if split_of(paying).rest_fen == 0 and paying.charge is None:
        await _busy(session, paying, step)


async def leave_payment(session: "Session", paying: Paying) -> None:
    """Go back to where the person came from, once it is certain that nothing can be paid any more."""

    async def step() -> None:
        paying.leaving = True
        if await close_open(session, paying):
            await _go_back(session, paying)

    await _busy(session, paying, step)


async def drop_order(session: "Session", paying: Paying) -> None:
    """Give the order up and forget the payment; nothing of it is open."""
    await _drop(session, paying.order)
    if _is_here(session, paying):
        session.visit.paying = None


async def _go_back(session: "Session", paying: Paying) -> None:
    await drop_order(session, paying)
    if session.visit.paying is None:
        trail = session.visit.trail
        if trail and trail[-1] == paying.origin:
            trail.pop()
        session.visit.touched_ms = session.monotonic_ms()
        await session.show(paying.origin, remember=False)
        session.say(Text("没有付款，一分没扣", "Nothing was paid, nothing is charged"))


async def run_out(session: "Session", paying: Paying) -> None:
    """The time of a code is over: close it and let the person choose how to go on."""

    async def step() -> None:
        if await close_open(session, paying):
            paying.step, paying.trouble = "choose", TROUBLE["expired"]
            session.visit.touched_ms = session.monotonic_ms()

    await _busy(session, paying, step)


async def ask_platform(session: "Session", *, at_once: bool = False) -> None:
    """Ask what became of the payment, and go where the answer leads."""
    visit, paying = session.visit, session.visit.paying
    if paying is None or paying.charge is None or paying.busy:
        return
    charge = paying.charge
    every_ms = ASK_EVERY_MS if visit.screen == "pay" else ASK_UNKNOWN_EVERY_MS
    paying.due_ms, paying.asks = session.monotonic_ms() + every_ms, paying.asks + 1
    try:
        answer: Charge | None = await session.desks.till.ask(charge.attempt_id, at_once=at_once)
    except (PlatformUnreachable, StoreError):
        answer = None
    if _is_here(session, paying) and paying.charge is charge and not paying.busy:
        await learn(session, paying, answer)


async def close_open(session: "Session", paying: Paying) -> bool:
    """Whether nothing is open any more, so that the next step may be made.

    When it is, or turns out to be paid or not known, the screen that fits is shown.
    """
    if paying.charge is None:
        return True
    try:
        answer: Charge | None = await session.desks.till.give_up(paying.charge.attempt_id)
    except (PlatformUnreachable, StoreError):
        answer = None
    if not _is_here(session, paying):
        return False
    if answer is not None and answer.state == "failed":
        paying.charge = None
        return True
    if answer is not None and answer.state == "paid" and paying.leaving:
        session.visit.receipt_note = PAID_WHILE_LEAVING
    if answer is None or answer.state == "waiting":
        await show_unknown(session)
    else:
        await learn(session, paying, answer)
    return False


async def learn(session: "Session", paying: Paying, answer: Charge | None) -> None:
    """Take an answer about the open attempt; None: there was none."""
    if answer is None:
        paying.silences += 1
    else:
        paying.silences, paying.answer = 0, answer.state
        paying.answered_at_ms = answer.answered_at_ms or session.now_ms
        paying.charge = answer
    if paying.answer == "paid" and answer is not None:
        await _show_receipt(session, paying)
    elif paying.answer == "failed" and answer is not None:
        await _not_paid(session, paying, answer.reason)
    elif paying.answer == "unknown" or paying.silences >= SILENCES_UNTIL_UNKNOWN:
        await show_unknown(session)


async def show_unknown(session: "Session") -> None:
    """Park the order with its slip. What was in the basket is not offered again: it would be paid twice."""
    visit = session.visit
    if visit.screen == "pay_unknown":
        return
    if visit.paying is not None and visit.paying.charge is not None:
        with contextlib.suppress(Refusal, StoreError):
            await session.desks.till.park(visit.paying.charge.attempt_id)
    visit.dialog, visit.touched_ms = None, session.monotonic_ms()
    if visit.paying is not None:
        visit.paying.kept = visit.quantities, visit.basket
    visit.quantities, visit.basket = {}, type(visit.basket)()
    visit.screen = "pay_unknown"


async def _collect(session: "Session", paying: Paying) -> None:
    """Ask for a QR; when that fails nothing is open, and the person chooses."""
    paying.charge, paying.step = None, "choose"
    paying.asks = paying.silences = 0
    paying.answered_at_ms, paying.answer = None, "waiting"
    try:
        charge = await session.desks.till.collect(paying.order, split_of(paying).parts, paying.channel)
    except PlatformUnreachable:
        paying.trouble = TROUBLE["offline"]
        raise
    except (Refusal, PlatformError):
        paying.trouble = TROUBLE["refused"]
        raise
    now_ms = session.monotonic_ms()
    paying.charge, paying.step, paying.trouble = charge, "qr", None
    paying.due_ms, paying.shown_ms = now_ms + ASK_EVERY_MS, now_ms


async def _show_receipt(session: "Session", paying: Paying) -> None:
    visit = session.visit
    visit.receipt = await session.desks.till.receipt(paying.order.order_id)
    visit.receipt_page = 0
    if paying.origin == "shop":
        visit.quantities, visit.basket = {}, type(visit.basket)()
        visit.browse.fresh = None
    visit.paying, visit.fees, visit.dialog = None, None, None
    visit.touched_ms = session.monotonic_ms()
    session.knock("done")
    await session.show("receipt", remember=False)
    visit.trail.clear()


async def _not_paid(session: "Session", paying: Paying, reason: str) -> None:
    """Nothing was paid: the order still waits, the person chooses how to go on."""
    visit = session.visit
    visit.touched_ms = session.monotonic_ms()
    session.knock("no")
    paying.charge, paying.step = None, "choose"
    paying.trouble = TROUBLE.get(reason, TROUBLE[""])
    if paying.kept is not None:
        (visit.quantities, visit.basket), paying.kept = paying.kept, None
    visit.screen = "pay"
    if paying.leaving:
        await _go_back(session, paying)


async def _busy(session: "Session", paying: Paying, step: Callable[[], Awaitable[None]]) -> None:
    """Make one step; until it is made no other begins and nothing is asked."""
    del session
    if paying.busy:
        return
    paying.busy = True
    try:
        await step()
    finally:
        paying.busy = False


def _is_here(session: "Session", paying: Paying) -> bool:
    return session.visit.paying is paying


async def _abandon(session: "Session", paying: Paying) -> None:
    """The person left while the code was being made."""
    if paying.charge is not None:
        with contextlib.suppress(Refusal, PlatformError, StoreError):
            await session.desks.till.give_up(paying.charge.attempt_id)
    await _drop(session, paying.order)


async def _drop(session: "Session", order: Payable) -> None:
    """An order that cannot be given up now is given up after the next restart: nothing is lost by it."""
    with contextlib.suppress(Refusal, PlatformError, StoreError):
        await session.desks.till.drop(order)
