"""What purchases, returns, refunds and top-ups do to accounts; sales are counted here, too."""

import msgspec

from cloud_sync.platform import claims, invoices, points
from cloud_sync.platform.balances import Cause, read_account
from cloud_sync.platform.lease_events import TenderPart, spend
from cloud_sync.platform.leases import credit
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent, settles_first
from cloud_sync.platform.told import note_paid, note_refund

CHANNEL = "channel"


class SaleSettled(msgspec.Struct, frozen=True):
    """What we read of a sale; before version 3 the channel paid all and no receipt could be claimed."""

    order_id: str
    total_fen: int
    payee: str = ""
    points: int = 0
    contract_version: int = 0
    tenders: list[TenderPart] = []
    points_account: str = ""
    claim_hash: str = ""


class PointsClaimed(msgspec.Struct, frozen=True):
    """What we read of points claimed at the kiosk by a receipt's QR."""

    order_id: str
    account: str


class TopUpSettled(msgspec.Struct, frozen=True):
    """What we read of money that was added at the kiosk."""

    order_id: str
    kind: str
    account: str
    amount_fen: int
    payee: str = ""


class RefundPart(msgspec.Struct, frozen=True):
    """What we read of one part of a refund; those that are not the channel's are done with their request."""

    part_id: str
    kind: str
    account: str = ""
    amount_fen: int = 0


class RefundRequested(msgspec.Struct, frozen=True):
    """What we read of a refund; before version 2 the channel gave back everything."""

    refund_id: str
    order_id: str
    amount_fen: int
    parts: list[RefundPart] = []


class GoodsReturned(msgspec.Struct, frozen=True):
    """What we read of goods that came back: `points` had been earned, `points_back` leave the account."""

    return_id: str
    order_id: str
    refund_fen: int = 0
    points: int = 0
    points_back: int = 0


def count_sale(connection: Connection, event: StoredEvent) -> SaleSettled | None:
    """Count a sale, each order of a site once; None for one that was counted before."""
    sale = msgspec.json.decode(event.body, type=SaleSettled)
    if not settles_first(connection, event, sale.order_id):
        return None
    connection.execute(
        "INSERT INTO sales (device, epoch, seq, order_id, total_fen, at_ms) VALUES (?,?,?,?,?,?)",
        (*event.key, sale.order_id, sale.total_fen, event.at_ms),
    )
    return sale


def apply_sale(connection: Connection, event: StoredEvent) -> None:
    """Count a sale: its tenders leave their accounts, its points find theirs."""
    sale = count_sale(connection, event)
    if sale is None:
        return
    spend(connection, event, sale.order_id, sale.tenders, payee=sale.payee)
    note_paid(
        *(connection, event, sale.order_id, "sale", sale.payee),
        *(sale.total_fen, sale.tenders, sale.points_account),
    )
    points.note_order(
        connection,
        sale.order_id,
        sale.points,
        claim_hash=sale.claim_hash,
        contract_version=sale.contract_version,
        at_ms=event.at_ms,
    )
    if sale.points_account:
        points.give(
            connection, sale.order_id, sale.points_account, "earned", at_ms=event.at_ms, event=event.at
        )
    claims.settle_waiting(connection, sale.order_id, now_ms=event.at_ms)
    invoices.keep_claim_hash(connection, sale.order_id, sale.claim_hash)


def apply_points_claimed(connection: Connection, event: StoredEvent) -> None:
    """Points claimed at the kiosk; an order that somebody has already is an incident and a refused claim."""
    claimed = msgspec.json.decode(event.body, type=PointsClaimed)
    claims.claim_by_event(connection, event, claimed.order_id, claimed.account)


def apply_top_up(connection: Connection, event: StoredEvent) -> None:
    """Money that was added at the kiosk. Raises AccountMissing."""
    added = msgspec.json.decode(event.body, type=TopUpSettled)
    read_account(connection, added.account, added.kind)
    cause = Cause(f"topped_up:{added.order_id}", event.at_ms, added.order_id, event=event.at)
    if credit(connection, added.account, "topped_up", added.amount_fen, cause):
        note_paid(
            *(connection, event, added.order_id, "top_up", added.payee),
            *(added.amount_fen, [], added.account),
        )


def apply_refund(connection: Connection, event: StoredEvent) -> None:
    """The parts of a refund that go back into accounts. Raises AccountMissing."""
    refund = msgspec.json.decode(event.body, type=RefundRequested)
    asked = connection.execute(
        "INSERT INTO refunds_told (refund_id, order_id, amount_fen, at_ms) VALUES (?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (refund.refund_id, refund.order_id, refund.amount_fen, event.at_ms),
    )
    if asked.rowcount:
        note_refund(connection, refund.order_id, refund.amount_fen, 0)
        invoices.turn_red(connection, refund.order_id)
    for part in refund.parts:
        if part.kind == CHANNEL:
            continue
        read_account(connection, part.account, part.kind)
        cause = Cause(f"refunded:{part.part_id}", event.at_ms, refund.order_id, event=event.at)
        if credit(connection, part.account, "refunded", part.amount_fen, cause):
            note_refund(connection, refund.order_id, 0, part.amount_fen)


def apply_goods_returned(connection: Connection, event: StoredEvent) -> None:
    """Goods came back: their points are taken back from whoever has them."""
    back = msgspec.json.decode(event.body, type=GoodsReturned)
    added = connection.execute(
        "INSERT INTO goods_back (return_id, order_id, refund_fen, at_ms) VALUES (?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (back.return_id, back.order_id, back.refund_fen, event.at_ms),
    )
    if added.rowcount:
        points.take_back(
            connection,
            back.order_id,
            back.points,
            back.points_back,
            part=back.return_id,
            at_ms=event.at_ms,
            event=event.at,
        )
