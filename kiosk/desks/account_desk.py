"""Points, balances and bills paid twice as the screens see them."""

import sqlite3
from typing import Literal

from edge.homes.overpayments import Overpayment, choose, open_overpayments
from edge.pay.accounts import Account, AccountLine, accounts_of
from edge.pay.contract import current_terms
from edge.pay.copies import copy_as_of
from edge.pay.leases import lease_left_fen
from edge.pay.payees import find_payee
from edge.pay.records import platform_row
from edge.pay.top_up import PURPOSE, place_top_up
from edge.settlement.receipt_search import find_receipt_of_order
from edge.shop.claims import claim_points
from edge.store.store import Store
from kiosk.bill_words import dated_name
from kiosk.desks.money_views import AccountKind, Book, BookLine, Claimed, Double, Payable
from kiosk.desks.till_desk import slip_of
from kiosk.desks.views import Resident
from kiosk.words import Text

WORDS: dict[str, Text] = {
    "earned": Text("买东西得的", "Earned by shopping"),
    "claimed": Text("凭小票补领", "Claimed with a receipt"),
    "expired": Text("过期了", "Expired"),
    "taken_back": Text("退货收回", "Taken back with returned goods"),
    "spent": Text("付款用掉", "Used to pay"),
    "refunded": Text("退款退回", "Came back with a refund"),
    "topped_up": Text("充值", "Topped up"),
    "credited": Text("付重的账单转来", "From a bill paid twice"),
    "opening": Text("开户时的数", "Brought in at the start"),
}
"""What moved an account, in the words of the lobby; a kind that is not here is called a movement."""
MOVED = Text("变动", "Movement")
PENDING = Text("{words}，退货期过后生效", "{words}, counts later")


class RoomAccountDesk:
    """`kiosk.desks.ports.AccountDesk` over the payment room's copy of the accounts."""

    def __init__(self, *, store: Store, kiosk: str) -> None:
        self._store = store
        self._kiosk = kiosk

    async def books(self, resident: Resident, kind: AccountKind) -> tuple[Book, ...]:
        """Accounts of that kind, by issuer."""

        def look(connection: sqlite3.Connection) -> tuple[Book, ...]:
            found = accounts_of(connection, resident.subject)
            return tuple(_book(connection, account, kind) for account in found if account.kind == kind)

        return await self._store.read(look)

    async def claim_points(self, resident: Resident, receipt: str) -> Claimed:
        """Credit the points of a receipt whose code was shown. Raises ClaimRefused."""
        claimed = await self._store.run(lambda unit: claim_points(unit, receipt, resident=resident.subject))
        return Claimed(claimed.points, claimed.pending_days)

    async def place_top_up(self, resident: Resident, account: str, amount_fen: int) -> Payable:
        """Place a top-up of the resident's own account. Raises TopUpRefused, AccountUnknown."""
        placed = await self._store.run(
            lambda unit: place_top_up(unit, account, amount_fen, resident=resident.subject, kiosk=self._kiosk)
        )
        payee = await self._store.read(lambda connection: find_payee(connection, placed.payee))
        name = Text(payee.name_zh, payee.name_en)
        return Payable(
            placed.order_id, PURPOSE, placed.payee, name, placed.total_fen, slip=slip_of(placed.order_id)
        )

    async def doubles(self, resident: Resident) -> tuple[Double, ...]:
        """Bills of the resident's room that were paid twice and wait for a choice."""

        def look(connection: sqlite3.Connection) -> tuple[Double, ...]:
            found = open_overpayments(connection, resident.room)
            return tuple(_double(connection, overpayment) for overpayment in found)

        return await self._store.read(look)

    async def choose(self, resident: Resident, double: str, choice: Literal["refund", "credit"]) -> None:
        """Send the money back, or keep it as prepaid fee. Raises OverpaymentUnknown, CreditNotAllowed."""
        await self._store.run(lambda unit: choose(unit, double, choice, room=resident.room, by="kiosk"))


def _double(connection: sqlite3.Connection, overpayment: Overpayment) -> Double:
    bill = platform_row(connection, "bills", overpayment.bill) or {}
    payee = find_payee(connection, overpayment.payee)
    paid = find_receipt_of_order(connection, overpayment.order)
    return Double(
        overpayment.id,
        dated_name(str(bill.get("item", "")), str(bill.get("period", ""))),
        Text(payee.name_zh, payee.name_en),
        overpayment.amount_fen,
        paid.at_ms,
    )


def _book(connection: sqlite3.Connection, account: Account, kind: AccountKind) -> Book:
    payee = find_payee(connection, account.issuer)
    return Book(
        id=account.id,
        kind=kind,
        issuer=Text(payee.name_zh, payee.name_en),
        balance_fen=account.balance_fen,
        pending_fen=account.pending_fen,
        as_of_ms=copy_as_of(connection),
        lease_left_fen=lease_left_fen(connection, account.id),
        limit_fen=current_terms(connection).wallet_limit_fen if kind == "wallet" else None,
        lines=tuple(_line(line) for line in account.lines),
    )


def _line(line: AccountLine) -> BookLine:
    words = WORDS.get(line.kind, MOVED)
    if line.pending_until_ms:
        words = PENDING.fill(words=words)
    return BookLine(words, line.amount_fen, line.at_ms)
