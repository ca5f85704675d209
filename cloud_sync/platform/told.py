"""What the devices told of orders, one row each: for the payer's list and for whoever holds a claim slip."""

from collections.abc import Callable
from typing import Literal

import msgspec

from cloud_sync.platform.lease_events import TenderPart
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent

State = Literal["waiting", "unknown", "failed", "paid"]
Kind = Literal["sale", "fee", "top_up"]
KINDS: dict[str, Kind] = {"sale": "sale", "fee": "fee", "top_up": "top_up"}


class PaymentRequested(msgspec.Struct, frozen=True):
    """What we read of a new attempt."""

    order_id: str
    purpose: str
    payee: str
    amount_fen: int
    held_fen: int = 0


class PaymentNews(msgspec.Struct, frozen=True):
    """What we read of an attempt without money: its order, and why."""

    order_id: str
    reason: str = ""


class RefundNews(msgspec.Struct, frozen=True):
    """What we read of a refund's part that ended."""

    part_id: str
    order_id: str
    amount_fen: int


def apply_payment_requested(connection: Connection, event: StoredEvent) -> None:
    """An order waits for its money; what was paid stays so."""
    asked = msgspec.json.decode(event.body, type=PaymentRequested)
    connection.execute(
        "INSERT INTO orders_told (order_id, kind, payee, total_fen, state, at_ms)"
        " VALUES (?,?,?,?,'waiting',?)"
        " ON CONFLICT (order_id) DO UPDATE SET state='waiting', reason='', at_ms=excluded.at_ms"
        " WHERE orders_told.state<>'paid'",
        (
            *(asked.order_id, KINDS.get(asked.purpose, "sale"), asked.payee),
            *(asked.amount_fen + asked.held_fen, event.at_ms),
        ),
    )


def apply_payment_news(state: State) -> Callable[[Connection, StoredEvent], None]:
    """An attempt ended without money, or nobody knows; what was paid stays so."""

    def apply(connection: Connection, event: StoredEvent) -> None:
        news = msgspec.json.decode(event.body, type=PaymentNews)
        connection.execute(
            "UPDATE orders_told SET state=?, reason=?, at_ms=? WHERE order_id=? AND state<>'paid'",
            (state, news.reason, event.at_ms, news.order_id),
        )

    return apply


def note_paid(
    connection: Connection,
    event: StoredEvent,
    order: str,
    kind: Kind,
    payee: str,
    amount_fen: int,
    tenders: list[TenderPart],
    account: str = "",
) -> None:
    """An order (or one more of its bills) is settled. Whose it is, an account in it tells."""
    subject = _subject_of(connection, [account, *(part.account for part in tenders)])
    connection.execute(
        "INSERT INTO orders_told (order_id, kind, payee, total_fen, state, at_ms)"
        " VALUES (?,?,?,0,'paid',?) ON CONFLICT (order_id) DO UPDATE SET"
        " total_fen=CASE WHEN orders_told.state='paid' THEN orders_told.total_fen ELSE 0 END,"
        " state='paid', reason='', at_ms=excluded.at_ms",
        (order, kind, payee, event.at_ms),
    )
    connection.execute(
        "UPDATE orders_told SET total_fen=total_fen+?, tenders_fen=tenders_fen+?,"
        " subject=CASE WHEN subject='' THEN ? ELSE subject END WHERE order_id=?",
        (amount_fen, sum(part.amount_fen for part in tenders), subject, order),
    )


def note_app_top_up(connection: Connection, attempt: str, account: str, amount_fen: int, at_ms: int) -> None:
    """Money was added in the app; the attempt is its own order."""
    connection.execute(
        "INSERT INTO orders_told (order_id, kind, payee, total_fen, state, at_ms, subject)"
        " SELECT ?, 'top_up', issuer, ?, 'paid', ?, subject FROM accounts WHERE id=?"
        " ON CONFLICT (order_id) DO NOTHING",
        (attempt, amount_fen, at_ms, account),
    )


def note_refund(connection: Connection, order: str, asked_fen: int, done_fen: int) -> None:
    """Money of an order is on its way back, or has arrived."""
    connection.execute(
        "UPDATE orders_told SET refund_fen=refund_fen+?, refunded_fen=refunded_fen+? WHERE order_id=?",
        (asked_fen, done_fen, order),
    )


def apply_refund_paid(connection: Connection, event: StoredEvent) -> None:
    """The channel gave a part back, each part once."""
    paid = msgspec.json.decode(event.body, type=RefundNews)
    added = connection.execute(
        "INSERT INTO refund_parts_told (part_id, order_id, amount_fen, at_ms) VALUES (?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (paid.part_id, paid.order_id, paid.amount_fen, event.at_ms),
    )
    if added.rowcount:
        note_refund(connection, paid.order_id, 0, paid.amount_fen)


def _subject_of(connection: Connection, accounts: list[str]) -> str:
    for account in accounts:
        row = connection.execute(
            "SELECT subject FROM accounts WHERE id=? AND site=?", (account, connection.site)
        ).fetchone()
        if row is not None:
            return str(row["subject"])
    return ""
