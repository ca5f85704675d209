"""What the shop's events did to the tables, done again from what they say after a restore (docs/adr/0033).

An event does not name lots: sold pieces are taken from those that expire first, as the checkout takes them,
and never below nothing. Where the shelf knows better, the next stocktake finds it.
"""

from collections.abc import Iterable, Mapping

import msgspec

from edge.access.events import OrderCollected
from edge.access.lockers.replay_pickups import replay_collected as end_pickup
from edge.books.ledger import post
from edge.pay import records as pay_records
from edge.pay.accounts import note_move
from edge.pay.receipts import ReceiptBody, ReceiptLine
from edge.pay.records import Row
from edge.pay.replay import is_unpaid_release, mark_settled, put_past_receipt, spend_again
from edge.pay.tenders import note_spent
from edge.shop import records
from edge.shop.checkout import OrderBody, OrderLine
from edge.shop.events import GoodsReturned, OrderCancelled, SaleSettled, SoldLine, StockReceived
from edge.shop.lots import Allocation, add_to_lot, take_sold
from edge.shop.orders import mark_collected
from edge.shop.returns import take_back
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit


def replay_settled(unit: Unit, past: PastEvent) -> None:
    """A sale: stock, books, receipt, order, as `edge.shop.checkout.settle_sale` does them."""
    event = msgspec.json.decode(past.body, type=SaleSettled)
    known = records.order_row(unit.connection, event.order_id)
    attempt = pay_records.attempt_row(unit.connection, event.attempt_id)
    if attempt is None or (known is not None and known["state"] == "paid"):
        return
    if known is None:
        body = _order_of(unit, event)
        records.insert_order(unit.connection, event.order_id, past.at_ms, msgspec.json.encode(body))
    else:
        body = msgspec.json.decode(known["body"], type=OrderBody)
    for line in body.lines:
        take_sold(unit, line.allocations, event.order_id)
    _post_sale(unit, event)
    spend_again(unit, past, event.attempt_id, event.tenders, payee=event.payee)
    note_spent(unit, event.tenders, past)
    _put_receipt(unit, past, event, body, attempt)
    records.mark_paid(unit.connection, event.order_id, event.receipt, past.seq)
    mark_settled(unit, event.attempt_id, past)


def _order_of(unit: Unit, event: SaleSettled) -> OrderBody:
    return OrderBody(
        kiosk=event.kiosk,
        person=event.person,
        payee=event.payee,
        lines=tuple(_line_of(unit, line) for line in event.lines),
        gross_fen=event.gross_fen,
        saving_fen=event.saving_fen,
        total_fen=event.total_fen,
        points=event.points,
        promotion_id=event.promotion_id,
        contract_version=event.contract_version,
        points_account=event.points_account,
    )


def _line_of(unit: Unit, line: SoldLine) -> OrderLine:
    product = records.product_row(unit.connection, line.sku) or {"name_zh": line.sku, "name_en": line.sku}
    return OrderLine(
        sku=line.sku,
        name_zh=product["name_zh"],
        name_en=product["name_en"],
        quantity=line.quantity,
        price_fen=line.price_fen,
        net_fen=line.net_fen,
        allocations=_first_to_expire(records.lot_rows(unit.connection, line.sku), line.quantity),
    )


def _first_to_expire(lots: Iterable[Mapping[str, int]], quantity: int) -> tuple[Allocation, ...]:
    taken = []
    for lot in lots:
        pieces = min(quantity, lot["on_hand"])
        if pieces > 0:
            taken.append(Allocation(lot["id"], pieces))
            quantity -= pieces
    return tuple(taken)


def _post_sale(unit: Unit, event: SaleSettled) -> None:
    tendered = sum(tender.amount_fen for tender in event.tenders)
    role = "receivable" if is_unpaid_release(unit, event.attempt_id) else "total"
    amounts = {
        role: event.total_fen - tendered,
        "tenders": tendered,
        "goods": event.gross_fen,
        "saving": event.saving_fen,
        "points": event.points,
    }
    post(unit, "sale", event.order_id, amounts, payee=event.payee)


def _put_receipt(unit: Unit, past: PastEvent, event: SaleSettled, body: OrderBody, attempt: Row) -> None:
    lines = tuple(
        ReceiptLine(
            name_zh=line.name_zh,
            name_en=line.name_en,
            quantity=line.quantity,
            unit_price_fen=line.price_fen,
            amount_fen=line.price_fen * line.quantity,
        )
        for line in body.lines
    )
    receipt = ReceiptBody(
        lines=lines,
        saving_fen=event.saving_fen,
        points=event.points,
        contract_version=event.contract_version,
    )
    put_past_receipt(
        unit, past, attempt, number=event.receipt, business_date=event.business_date, body=receipt
    )


def replay_cancelled(unit: Unit, past: PastEvent) -> None:
    """An order that the backup holds was given up."""
    event = msgspec.json.decode(past.body, type=OrderCancelled)
    records.mark_cancelled(unit.connection, event.order_id)


def replay_received(unit: Unit, past: PastEvent) -> None:
    """A delivery was counted in: its lots, and the note that says so."""
    event = msgspec.json.decode(past.body, type=StockReceived)
    for line in event.lines:
        if line.quantity > 0:
            add_to_lot(
                unit,
                sku=line.sku,
                lot=line.lot,
                expires_on=line.expires_on,
                quantity=line.quantity,
                source_id=event.delivery_id,
            )
    records.insert_received(unit.connection, event.delivery_id, past.at_ms)


def replay_returned(unit: Unit, past: PastEvent) -> None:
    """Goods came back: what can be sold again, the books, and that they cannot come back twice."""
    event = msgspec.json.decode(past.body, type=GoodsReturned)
    pieces = {line.sku: line.quantity for line in event.lines}
    resalable = any(line.restocked for line in event.lines)
    take_back(unit, event.order_id, event.return_id, pieces, points=event.points, resalable=resalable)
    amounts = {
        "total": event.refund_fen,
        "goods": event.gross_fen,
        "saving": event.saving_fen,
        "points": event.points,
        "points_back": event.points_back,
    }
    post(unit, "sale_refund", event.refund_id or event.return_id, amounts, payee=event.payee)
    if event.points_account and event.points_back > 0:
        note_move(unit, event.points_account, -event.points_back, past)


def replay_collected(unit: Unit, past: PastEvent) -> None:
    """An order was given out: nobody collects it again before the platform's record says so."""
    end_pickup(unit, past)
    event = msgspec.json.decode(past.body, type=OrderCollected)
    mark_collected(unit, event.order_id, past)


REPLAYS: Mapping[str, Replay] = {
    "SaleSettled": replay_settled,
    "OrderCancelled": replay_cancelled,
    "StockReceived": replay_received,
    "GoodsReturned": replay_returned,
    "OrderCollected": replay_collected,
}
"""By event type."""
