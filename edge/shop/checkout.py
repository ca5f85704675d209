"""Checkout: from a basket to a placed order, and from a paid attempt to a settled sale.

Both are units of work. A placed order reserves its lots; settling moves the stock, posts the ledger, writes
the receipt and the journal event together, or none of it.
"""

import sqlite3
from typing import Any

import msgspec

from edge.books.ledger import post
from edge.pay.accounts import POINTS, points_account_of
from edge.pay.attempts import Attempt, open_attempt
from edge.pay.contract import current_terms, terms_of
from edge.pay.errors import OrderNotPayable
from edge.pay.receipts import Receipt, ReceiptBody, ReceiptLine, issue_receipt
from edge.pay.tenders import OrderLimits, Tender, note_spent, tenders_of
from edge.shop import records
from edge.shop.basket import Basket, Quote, allocate, earned_points
from edge.shop.catalogue import find_product
from edge.shop.errors import (
    BasketEmpty,
    MixedPayees,
    OrderHasPayment,
    OrderUnknown,
    PriceChanged,
    RestrictedGoods,
)
from edge.shop.events import OrderCancelled, OrderPlaced, SaleSettled, SoldLine
from edge.shop.lots import Allocation, allocate_lots, take_sold
from edge.shop.promotions import active_promotions
from edge.store.crashpoints import reach
from edge.store.parts import Part, require_part
from edge.store.personal import commit_person, who_is
from edge.store.unit import Unit
from edge.trust.clock import Reading

ACTOR = "kiosk"


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A line as it was sold: names as shown, sums in fen, its lots, its rate of points per million fen.

    Stored as an array; `edge.shop.records.reserved_pieces` reads the allocations from their place in it.
    """

    sku: str
    name_zh: str
    name_en: str
    quantity: int
    price_fen: int
    net_fen: int
    allocations: tuple[Allocation, ...]
    points_ppm: int = 0


class OrderBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that was fixed when the order was placed."""

    kiosk: str
    person: str | None = None
    payee: str
    lines: tuple[OrderLine, ...]
    gross_fen: int
    saving_fen: int
    total_fen: int
    points: int
    promotion_id: str | None
    contract_version: int
    points_account: str = ""


class SaleOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order of the kiosk; `state` is "placed", "paid" or "cancelled", `receipt` its number once paid.

    `settled_seq` is where our journal says that it is; None for one settled before that was noted.
    """

    id: str
    state: str
    placed_at_ms: int
    receipt: int | None
    settled_seq: int | None
    body: OrderBody


class PlacedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the pay screen needs of an order."""

    order_id: str
    payee: str
    total_fen: int
    points: int


def quote_basket(connection: sqlite3.Connection, basket: Basket, now: Reading) -> Quote:
    """Price a basket by the promotions and the contract in force."""
    terms = current_terms(connection)
    return basket.price(
        active_promotions(connection, now), points_ppm=terms.points_ppm, contract_version=terms.version
    )


def place_order(
    unit: Unit,
    basket: Basket,
    *,
    resident: str | None,
    kiosk: str,
    earns_points: bool = True,
    seen_total_fen: int | None = None,
) -> PlacedOrder:
    """Place an order for a basket and reserve its pieces.

    `resident` is an opaque id, kept as a commitment only; without one the points can be claimed by the
    receipt. `earns_points` is false for a resident whom the property company does not manage.
    `seen_total_fen` is the sum that the screen showed. Raises BasketEmpty, MixedPayees, UnknownProduct,
    PriceChanged, RestrictedGoods, LotExpired, OutOfStock, TradeStopped, PartOff.
    """
    unit.require_trade()
    require_part(unit.connection, Part.SHOP)
    _check_basket(unit.connection, basket)
    quote = quote_basket(unit.connection, basket, unit.now)
    if seen_total_fen is not None and seen_total_fen != quote.total_fen:
        raise PriceChanged(total_fen=quote.total_fen)
    earns_points = earns_points and quote.points > 0
    body = OrderBody(
        kiosk=kiosk,
        person=None if resident is None else commit_person(unit, resident),
        payee=basket.payees[0],
        lines=_order_lines(unit, quote),
        gross_fen=quote.gross_fen,
        saving_fen=quote.saving_fen,
        total_fen=quote.total_fen,
        points=quote.points if earns_points else 0,
        promotion_id=quote.promotion.id if quote.promotion else None,
        contract_version=quote.contract_version,
        points_account=points_account_of(unit.connection, resident) if earns_points else "",
    )
    order_id = unit.next_id()
    records.insert_order(unit.connection, order_id, unit.now.at_ms, msgspec.json.encode(body))
    unit.record(
        OrderPlaced(order_id=order_id, kiosk=kiosk, payee=body.payee, total_fen=body.total_fen), actor=ACTOR
    )
    reach("checkout.before_commit")
    return PlacedOrder(order_id=order_id, payee=body.payee, total_fen=body.total_fen, points=body.points)


def _check_basket(connection: sqlite3.Connection, basket: Basket) -> None:
    if not basket.lines:
        raise BasketEmpty
    if len(basket.payees) > 1:
        raise MixedPayees(payees=" ".join(basket.payees))
    for line in basket.lines:
        current = find_product(connection, line.product.sku)
        if current.restricted:
            raise RestrictedGoods(sku=current.sku, licence=current.restricted)
        if (current.price_fen, current.payee) != (line.product.price_fen, line.product.payee):
            raise PriceChanged(sku=current.sku, price_fen=current.price_fen)


def _order_lines(unit: Unit, quote: Quote) -> tuple[OrderLine, ...]:
    """A product stands in one line only, so that the lines do not take pieces from each other."""
    reserved = records.reserved_pieces(unit.connection)
    return tuple(
        OrderLine(
            sku=line.product.sku,
            name_zh=line.product.name_zh,
            name_en=line.product.name_en,
            quantity=line.quantity,
            price_fen=line.product.price_fen,
            net_fen=line.net_fen,
            allocations=allocate_lots(unit.connection, line.product.sku, line.quantity, unit.now, reserved),
            points_ppm=line.points_ppm,
        )
        for line in quote.lines
    )


def settle_sale(unit: Unit, attempt: Attempt) -> Receipt:
    """Settle the order of a paid attempt: stock, ledger, receipt, journal, order paid.

    Raises OrderNotPayable, before any write, when the order does not wait for this sum.
    """
    order = records.order_row(unit.connection, attempt.order_id)
    body = None if order is None else msgspec.json.decode(order["body"], type=OrderBody)
    if order is None or body is None or order["state"] != "placed" or body.total_fen != attempt.total_fen:
        raise OrderNotPayable(order=attempt.order_id)
    tenders = tenders_of(unit.connection, attempt.id) if attempt.held_fen else ()
    points = _points_earned(unit.connection, body, tenders) if tenders else body.points
    for line in body.lines:
        take_sold(unit, line.allocations, attempt.order_id)
    amounts = {
        "receivable" if attempt.released_by else "total": attempt.amount_fen,
        "tenders": attempt.held_fen,
        "goods": body.gross_fen,
        "saving": body.saving_fen,
        "points": points,
    }
    post(unit, "sale", attempt.order_id, amounts, payee=body.payee)
    receipt = issue_receipt(unit, attempt, _receipt_body(body, points))
    seq = unit.record(_settled_event(attempt, body, receipt, tenders), actor=ACTOR)
    note_spent(unit, tenders)
    records.mark_paid(unit.connection, attempt.order_id, receipt.number, seq)
    return receipt


def _points_earned(connection: sqlite3.Connection, body: OrderBody, tenders: tuple[Tender, ...]) -> int:
    """What is paid with points earns none, unless the contract of the order says so."""
    spent = sum(tender.amount_fen for tender in tenders if tender.kind == POINTS)
    if not spent or not body.points or terms_of(connection, body.contract_version).points_on_points_paid:
        return body.points
    nets = tuple(line.net_fen for line in body.lines)
    parts = allocate(spent, nets)
    return earned_points(
        (net - part, line.points_ppm) for net, part, line in zip(nets, parts, body.lines, strict=True)
    )


def sale_limits(connection: sqlite3.Connection, order_id: str) -> OrderLimits:
    """Return what accounts may pay of an order that waits for its money: all but restricted goods by points.

    Raises OrderUnknown, OrderNotPayable.
    """
    order = find_order(connection, order_id)
    if order.state != "placed":
        raise OrderNotPayable(order=order_id)
    body = order.body
    points_fen = sum(line.net_fen for line in body.lines if not records.is_restricted(connection, line.sku))
    return OrderLimits(
        subject=None if body.person is None else who_is(connection, body.person),
        payee=body.payee,
        total_fen=body.total_fen,
        points_fen=points_fen,
        wallet_fen=body.total_fen,
    )


def _receipt_body(body: OrderBody, points: int) -> ReceiptBody:
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
    return ReceiptBody(
        lines=lines, saving_fen=body.saving_fen, points=points, contract_version=body.contract_version
    )


def _settled_event(
    attempt: Attempt, body: OrderBody, receipt: Receipt, tenders: tuple[Tender, ...]
) -> SaleSettled:
    return SaleSettled(
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        kiosk=body.kiosk,
        person=body.person,
        payee=body.payee,
        lines=tuple(
            SoldLine(sku=line.sku, quantity=line.quantity, price_fen=line.price_fen, net_fen=line.net_fen)
            for line in body.lines
        ),
        gross_fen=body.gross_fen,
        saving_fen=body.saving_fen,
        total_fen=body.total_fen,
        points=receipt.body.points,
        promotion_id=body.promotion_id,
        contract_version=body.contract_version,
        business_date=receipt.business_date,
        receipt=receipt.number,
        tenders=tenders,
        points_account=body.points_account if receipt.body.points else "",
        claim_hash=receipt.claim_hash,
    )


def cancel_order(unit: Unit, order_id: str) -> None:
    """Give up a placed order and free its pieces; an order that is cancelled already stays so.

    Raises OrderUnknown, OrderHasPayment.
    """
    order = find_order(unit.connection, order_id)
    if order.state == "cancelled":
        return
    if order.state == "paid" or open_attempt(unit.connection, order_id) is not None:
        raise OrderHasPayment(order=order_id)
    records.mark_cancelled(unit.connection, order_id)
    unit.record(OrderCancelled(order_id=order_id), actor=ACTOR)


def cancel_abandoned(unit: Unit, *, placed_before_ms: int) -> tuple[str, ...]:
    """Give up the orders placed before a time (epoch milliseconds) without open payment; return them."""
    waiting = records.placed_ids(unit.connection, placed_before_ms)
    abandoned = tuple(order_id for order_id in waiting if open_attempt(unit.connection, order_id) is None)
    for order_id in abandoned:
        cancel_order(unit, order_id)
    return abandoned


def find_order(connection: sqlite3.Connection, order_id: str) -> SaleOrder:
    """Return an order of the kiosk. Raises OrderUnknown."""
    row = records.order_row(connection, order_id)
    if row is None:
        raise OrderUnknown(order=order_id)
    return _order_of(row)


def _order_of(row: dict[str, Any]) -> SaleOrder:
    return msgspec.convert({**row, "body": msgspec.json.decode(row["body"])}, SaleOrder)
