"""Top-up 充值 at the kiosk: money for the wallet or the prepaid fee of one issuer, by the channel only.

A wallet holds at most what the contract says; the limit is judged when the top-up is placed, and money that
was captured for it is added whatever the balance has become meanwhile.
"""

import sqlite3

import msgspec

from edge.books.ledger import post
from edge.money import MAX_FEN
from edge.pay import account_records as records
from edge.pay.accounts import PREPAID_FEE, WALLET, find_account, note_move
from edge.pay.attempts import Attempt
from edge.pay.contract import current_terms
from edge.pay.errors import AccountUnknown, OrderNotPayable, TopUpRefused
from edge.pay.events import TopUpPlaced, TopUpSettled
from edge.pay.receipts import Receipt, ReceiptBody, ReceiptLine, issue_receipt
from edge.pay.tenders import OrderLimits
from edge.store.personal import commit_person
from edge.store.unit import Unit

ACTOR = "kiosk"
PURPOSE = "top_up"
_WORDS: dict[str, tuple[str, str]] = {
    WALLET: ("储值充值", "Wallet top-up"),
    PREPAID_FEE: ("预存物业费", "Prepaid property fee"),
}


class TopUpBody(msgspec.Struct, frozen=True, kw_only=True):
    """All that was fixed when the top-up was placed; `person` is a commitment."""

    kiosk: str
    person: str
    payee: str
    kind: str
    account: str
    amount_fen: int
    contract_version: int


class PlacedTopUp(msgspec.Struct, frozen=True, kw_only=True):
    """What the pay screen needs of a top-up."""

    order_id: str
    payee: str
    total_fen: int


def most_top_up_fen(connection: sqlite3.Connection, account_id: str) -> int:
    """Return the most that may be added to an account now; nothing where the contract gives no limit.

    Raises AccountUnknown.
    """
    account = find_account(connection, account_id)
    if account.kind == PREPAID_FEE:
        return MAX_FEN - max(0, account.balance_fen)
    limit_fen = current_terms(connection).wallet_limit_fen
    if account.kind != WALLET or limit_fen is None:
        return 0
    return max(0, limit_fen - account.balance_fen)


def place_top_up(unit: Unit, account_id: str, amount_fen: int, *, resident: str, kiosk: str) -> PlacedTopUp:
    """Place a top-up of a resident's own account; `amount_fen` as the screen showed it.

    Raises AccountUnknown, TopUpRefused, TradeStopped.
    """
    unit.require_trade()
    account = find_account(unit.connection, account_id)
    if account.subject != resident:
        raise AccountUnknown(account=account_id)
    if account.kind not in _WORDS:
        raise TopUpRefused(reason="not_for_money")
    most_fen = most_top_up_fen(unit.connection, account_id)
    if not 0 < amount_fen <= most_fen:
        raise TopUpRefused(reason="limit" if amount_fen > 0 else "no_amount", limit_fen=most_fen)
    body = TopUpBody(
        kiosk=kiosk,
        person=commit_person(unit, resident),
        payee=account.issuer,
        kind=account.kind,
        account=account_id,
        amount_fen=amount_fen,
        contract_version=current_terms(unit.connection).version,
    )
    order_id = unit.next_id()
    records.insert_top_up(unit.connection, order_id, unit.now.at_ms, msgspec.json.encode(body))
    placed = TopUpPlaced(
        order_id=order_id,
        kiosk=kiosk,
        payee=body.payee,
        kind=body.kind,
        account=account_id,
        amount_fen=amount_fen,
    )
    unit.record(placed, actor=ACTOR)
    return PlacedTopUp(order_id=order_id, payee=body.payee, total_fen=amount_fen)


def top_up_limits(connection: sqlite3.Connection, order_id: str) -> OrderLimits:
    """A top-up is never paid from accounts. Raises OrderNotPayable."""
    body = _body_of(connection, order_id)
    return OrderLimits(subject=None, payee=body.payee, total_fen=body.amount_fen)


def settle_top_up(unit: Unit, attempt: Attempt) -> Receipt:
    """Settle the top-up of a paid attempt: ledger, receipt, journal; the platform raises the balance.

    Raises OrderNotPayable, before any write, when the order does not wait for this sum.
    """
    body = _body_of(unit.connection, attempt.order_id)
    if body.amount_fen != attempt.amount_fen:
        raise OrderNotPayable(order=attempt.order_id)
    amounts = {"total": body.amount_fen, body.kind: body.amount_fen}
    post(unit, "top_up", attempt.order_id, amounts, payee=body.payee)
    receipt = issue_receipt(unit, attempt, receipt_of(body))
    records.mark_topped_up(unit.connection, attempt.order_id, receipt.number)
    fields = msgspec.structs.asdict(body)
    settled = TopUpSettled(
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        business_date=receipt.business_date,
        receipt=receipt.number,
        **fields,
    )
    unit.record(settled, actor=ACTOR)
    note_move(unit, body.account, body.amount_fen)
    return receipt


def receipt_of(body: TopUpBody) -> ReceiptBody:
    """Return what the receipt says."""
    name_zh, name_en = _WORDS[body.kind]
    line = ReceiptLine(name_zh=name_zh, name_en=name_en, amount_fen=body.amount_fen)
    return ReceiptBody(lines=(line,), contract_version=body.contract_version)


def top_up_receipt(connection: sqlite3.Connection, order_id: str) -> int | None:
    """Return the number of a settled top-up's receipt; None when there is no such top-up or it waits."""
    row = records.top_up_row(connection, order_id)
    return None if row is None else row["receipt"]


def _body_of(connection: sqlite3.Connection, order_id: str) -> TopUpBody:
    """The body of a top-up that waits for its money."""
    row = records.top_up_row(connection, order_id)
    if row is None or row["state"] != "placed":
        raise OrderNotPayable(order=order_id)
    return msgspec.json.decode(row["body"], type=TopUpBody)
