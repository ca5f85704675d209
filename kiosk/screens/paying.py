"""Payment: a code to scan, a code to show, accounts; an end that is paid, not paid or not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.desks.money_views import AccountKind, Offer
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.pay_steps import (
    AMOUNT_SEEN_MS,
    TROUBLE,
    ask_platform,
    begin_payment,
    drop_order,
    leave_payment,
    pay_from_accounts,
    run_out,
    show_unknown,
    split_of,
    switch,
    take_code,
    toggle,
    wait_for_code,
)
from kiosk.screens.split import NAMES, split_sum
from kiosk.visit import Paying
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

__all__ = ["PayScreen", "PayUnknownScreen", "begin_payment"]

CHANNELS: dict[str, Text] = {"wechat": Text("微信", "WeChat"), "alipay": Text("支付宝", "Alipay")}
KINDS: dict[str, AccountKind] = {"points": "points", "prepaid_fee": "prepaid_fee", "wallet": "wallet"}


class PayScreen(Screen):
    """Waits for money. The session never ends while an attempt is open; the attempt's own end does that."""

    name = "pay"
    template = "pay.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {
            "give_up": _give_up,
            "back": _give_up,
            "home": _give_up,
            "ask_now": _ask_now,
            "channel": _channel,
            "tender": _tender,
            "show_code": _show_code,
            "pay_qr": _pay_qr,
            "pay_accounts": _pay_accounts,
            "identify_first": _identify_first,
            "take_slip": _take_slip,
        }

    def holds(self, session: "Session") -> bool:
        """A payment is under way."""
        return session.visit.paying is not None

    def waits(self, session: "Session") -> bool:
        """An attempt is open, or a step is being made."""
        paying = session.visit.paying
        return paying is not None and (paying.charge is not None or paying.busy)

    def takes_payment_codes(self, session: "Session") -> bool:
        """Something is left for a channel, nothing was handed over, and the sum has been seen."""
        paying = session.visit.paying
        return (
            paying is not None
            and paying.step != "code"
            and split_of(paying).rest_fen > 0
            and session.monotonic_ms() - paying.shown_ms >= AMOUNT_SEEN_MS
        )

    def view(self, session: "Session") -> dict[str, object]:
        """The sum and its parts, the code and how long it is good for, and what was answered last."""
        paying = session.visit.paying
        if paying is None:
            return {}
        split, now_ms, charge = split_of(paying), session.now_ms, paying.charge
        expires_ms = None if charge is None else charge.expires_at_ms
        made_ms = now_ms if charge is None else charge.made_at_ms
        answered_ms = paying.answered_at_ms
        return {
            "paying": paying,
            "order": paying.order,
            "charge": charge,
            "split": split,
            "names": NAMES,
            "channels": CHANNELS,
            "tenders": [_tender_view(session, paying, kind) for kind in _kinds(paying)],
            "undoing": charge is not None and paying.answer == "undoing",
            "expires_s": None if expires_ms is None else max(0, (expires_ms - now_ms) // 1000),
            "whole_s": max(1, ((expires_ms or now_ms) - made_ms) // 1000),
            "silent": paying.silences > 0,
            "no_network": paying.trouble is TROUBLE["offline"],
            "answered_s": None if answered_ms is None else max(0, (now_ms - answered_ms) // 1000),
        }

    async def poll(self, session: "Session") -> None:
        """Ask when it is time; close the QR when it has run out."""
        paying = session.visit.paying
        if paying is None or paying.charge is None or paying.busy:
            return
        expires_at_ms = paying.charge.expires_at_ms
        over = expires_at_ms is not None and session.now_ms >= expires_at_ms
        if over and paying.step == "qr" and paying.answer != "undoing":
            await run_out(session, paying)
        elif session.monotonic_ms() >= paying.due_ms:
            await ask_platform(session)

    async def may_leave(self, session: "Session") -> bool:
        """Never with an open attempt; an order without one is given up."""
        paying = session.visit.paying
        if paying is None:
            return True
        if paying.busy or paying.charge is not None:
            return False
        await drop_order(session, paying)
        return True

    async def scanned(self, session: "Session", symbology: str, text: str) -> bool:
        """No other code is read while the person pays."""
        del session, symbology, text
        return True

    async def payment_code(self, session: "Session", channel: str, code: str) -> bool:
        """The payer's own code."""
        paying = session.visit.paying
        if paying is None:
            return False
        await take_code(session, paying, channel, code)
        return True


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

    def holds(self, session: "Session") -> bool:
        """What is scanned now belongs to the next session."""
        return session.visit.paying is not None

    def waits(self, session: "Session") -> bool:
        """The engine goes on asking without anybody here."""
        del session
        return False

    def view(self, session: "Session") -> dict[str, object]:
        """The slip."""
        paying = session.visit.paying
        if paying is None:
            return {}
        return {
            "paying": paying,
            "order": paying.order,
            "split": split_of(paying),
            "names": NAMES,
            "made_at_ms": paying.sent_at_ms
            or (paying.charge.made_at_ms if paying.charge else session.now_ms),
        }

    async def poll(self, session: "Session") -> None:
        """Ask when it is time."""
        paying = session.visit.paying
        if paying is not None and session.monotonic_ms() >= paying.due_ms:
            await ask_platform(session)

    async def scanned(self, session: "Session", symbology: str, text: str) -> bool:
        """No other code is read before the slip is taken."""
        del session, symbology, text
        return True


def _kinds(paying: Paying) -> tuple[AccountKind, ...]:
    """Points and balance are always shown, with the reason when they take nothing; prepaid fee if it pays."""
    prepaid = paying.order.offer("prepaid_fee")
    if prepaid is not None and prepaid.usable_fen > 0:
        return ("prepaid_fee", "points", "wallet")
    return ("wallet", "points")


@dataclass(frozen=True, slots=True)
class TenderView:
    """One key: what the account would take, or does take when it is on; why: it takes nothing."""

    kind: AccountKind
    offer: Offer | None
    on: bool
    takes_fen: int
    rest_fen: int
    why: Text | None
    identify: bool


FIRST_IDENTIFY = Text("先出示住户码", "Show your resident code first")
NOT_FOR_TOP_UP = Text("充值不用它付", "Not for a top-up")
NO_ACCOUNT = Text("您没有这个账户", "You have no such account")
COVERED = Text("这一单已经够付了", "The rest is covered already")


def _tender_view(session: "Session", paying: Paying, kind: AccountKind) -> TenderView:
    offer, known = paying.order.offer(kind), session.visit.resident is not None
    split = split_sum(paying.order, paying.chosen | {kind})
    why = None if offer is None else offer.why_not
    if offer is None:
        why = NOT_FOR_TOP_UP if paying.order.purpose == "top_up" else NO_ACCOUNT if known else FIRST_IDENTIFY
    elif why is None and split.of(kind) == 0:
        why = COVERED
    return TenderView(
        kind, offer, kind in paying.chosen, split.of(kind), split.rest_fen, why, offer is None and not known
    )


async def _ask_now(session: "Session", value: str) -> None:
    del value
    await ask_platform(session, at_once=True)


async def _leave(session: "Session", value: str) -> None:
    """The payment engine goes on asking; the screen is free."""
    del value
    session.end()


async def _give_up(session: "Session", value: str) -> None:
    del value
    if session.visit.paying is not None:
        await leave_payment(session, session.visit.paying)


async def _channel(session: "Session", value: str) -> None:
    paying = session.visit.paying
    if paying is None or paying.step in ("code", "accounts"):
        return
    wanted = next((channel for channel in paying.order.channels if channel == value), None)
    if wanted is not None and (wanted != paying.channel or paying.step != "qr"):
        await switch(session, paying, lambda: setattr(paying, "channel", wanted))


async def _tender(session: "Session", value: str) -> None:
    paying, kind = session.visit.paying, KINDS.get(value)
    if paying is None or kind is None or paying.step == "code":
        return
    view = _tender_view(session, paying, kind)
    if kind in paying.chosen or view.why is None:
        await switch(session, paying, lambda: toggle(paying, kind))
    else:
        session.say(view.why, icon="unsure")


async def _show_code(session: "Session", value: str) -> None:
    del value
    paying = session.visit.paying
    if paying is not None and paying.step in ("qr", "choose") and split_of(paying).rest_fen > 0:
        await wait_for_code(session, paying)


async def _pay_qr(session: "Session", value: str) -> None:
    """Back to the code on the screen; where it is shown, the dialog only goes away."""
    del value
    session.visit.dialog = None
    paying = session.visit.paying
    if paying is not None and paying.step in ("show_code", "choose"):
        await switch(session, paying, lambda: None)


async def _pay_accounts(session: "Session", value: str) -> None:
    del value
    if session.visit.paying is not None:
        await pay_from_accounts(session, session.visit.paying)


async def _identify_first(session: "Session", value: str) -> None:
    """Give the order up and ask who it is; the basket stays and is paid from there."""
    del value
    visit, paying = session.visit, session.visit.paying
    if paying is None or visit.resident is not None:
        return
    await leave_payment(session, paying)
    if visit is session.visit and visit.paying is None and visit.receipt is None:
        visit.toast, visit.wanted = None, paying.origin
        await session.show("identify")


async def _take_slip(session: "Session", value: str) -> None:
    """Go with the slip while a payment is still being taken back."""
    del value
    if session.visit.paying is not None and session.visit.paying.charge is not None:
        await show_unknown(session)
