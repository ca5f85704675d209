"""A part of the chosen bills: the sum is typed, and shown is what it pays of which bill before any money."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import Refusal
from edge.money import parse_yuan
from kiosk.bill_words import dated_name
from kiosk.desks.views import ShareOfBill
from kiosk.explain import explanation_of
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.paying import begin_payment
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

KEYS = frozenset("0123456789.")
LONGEST = 10
ROWS_OF_KEYS = ("123", "456", "789", ".0")


@dataclass(frozen=True, slots=True)
class ShareRow:
    """What the sum pays of one bill, in words."""

    name: Text
    share: ShareOfBill


class FeePartScreen(Screen):
    """Type a sum in yuan, see what it pays, pay."""

    name = "fee_part"
    template = "fee_part.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {"type": _type, "rub": _rub, "wipe": _wipe, "pay": _pay}

    def view(self, session: "Session") -> dict[str, object]:
        """The typed sum, its shares or why it cannot be paid so."""
        part = session.visit.part
        size = session.rows("shares")
        shares = () if part is None else part.shares
        return {
            "part": part,
            "rows": [ShareRow(dated_name(share.item, share.period), share) for share in shares[:size]],
            "more": max(0, len(shares) - size),
            "left_fen": 0 if part is None else part.total_fen - sum_of(shares),
            "keys": ROWS_OF_KEYS,
        }


def sum_of(shares: tuple[ShareOfBill, ...]) -> int:
    """What the shares come to, in fen."""
    return sum(share.principal_fen + share.penalty_fen for share in shares)


def typed_fen(typed: str) -> int | None:
    """The typed sum, None while it is none yet."""
    try:
        return parse_yuan(typed.rstrip("."))
    except ValueError:
        return None


async def _type(session: "Session", value: str) -> None:
    part = session.visit.part
    if part is None or value not in KEYS or len(part.typed) >= LONGEST:
        return
    typed = part.typed + value
    whole, _, decimals = typed.partition(".")
    if not whole or typed.count(".") > 1 or len(decimals) > 2:
        return
    part.typed = typed.lstrip("0") if typed.startswith("0") and whole.lstrip("0") else typed
    await _spread(session)


async def _rub(session: "Session", value: str) -> None:
    del value
    if session.visit.part is not None:
        session.visit.part.typed = session.visit.part.typed[:-1]
        await _spread(session)


async def _wipe(session: "Session", value: str) -> None:
    del value
    if session.visit.part is not None:
        session.visit.part.typed = ""
        await _spread(session)


async def _spread(session: "Session") -> None:
    """Look at what the sum pays; a sum that cannot be paid so says why, and nothing is placed."""
    part = session.visit.part
    if part is None:
        return
    typed, amount_fen = part.typed, typed_fen(part.typed)
    part.shares, part.why_not = (), None
    if amount_fen is None:
        return
    try:
        shares = await session.desks.fees.shares(part.bills, amount_fen)
    except Refusal as refusal:
        if part.typed == typed:
            part.why_not = explanation_of(refusal).title if amount_fen else None
        return
    if part.typed == typed:
        part.shares = shares


async def _pay(session: "Session", value: str) -> None:
    del value
    visit, part = session.visit, session.visit.part
    amount_fen = None if part is None else typed_fen(part.typed)
    if part is None or not part.shares or amount_fen is None:
        return
    till = session.desks.till
    if part.code:
        order = await till.place_printed_bill(part.code, visit.resident, part.total_fen, amount_fen)
    elif visit.resident is not None:
        order = await till.place_bills(part.bills, visit.resident, part.total_fen, amount_fen)
    else:
        return
    await begin_payment(session, order, origin="printed_bill" if part.code else "fees")
