"""Returns of goods 退货: staff decides; stock, ledger, points and refund in one unit.

What goes back is what the pieces had cost after their part of a saving, by the tenders that paid, the last
one first. The points that they earned are taken back. Where those are spent already, the contract of the sale
says what happens: the refund shrinks by their value, or the account turns negative. Sums are split by what
came back in all so far, rounded half to even, so that the last piece brings exactly what is left.
"""

import sqlite3
from collections.abc import Mapping
from typing import Literal

import msgspec

from edge.books.ledger import post
from edge.money import divide_half_even
from edge.pay.accounts import find_account, is_applied, note_move
from edge.pay.business_day import business_date
from edge.pay.claims import claimed_account
from edge.pay.contract import terms_of
from edge.pay.errors import AccountUnknown
from edge.pay.receipts import find_receipt
from edge.pay.refunds import request_refund
from edge.shop import records
from edge.shop.checkout import OrderLine, SaleOrder, find_order
from edge.shop.errors import ReturnRefused
from edge.shop.events import GoodsReturned, ReturnedLine
from edge.shop.lots import Allocation, put_back
from edge.store.unit import Unit

Reason = Literal["quality", "wrong_item", "changed_mind", "other"]
RETURNED = "goods_returned"
"""Reason of the refund of goods that came back."""


class ReturnableLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a paid order: pieces sold and come back so far, and what the pieces left had cost."""

    sku: str
    name_zh: str
    name_en: str
    sold: int
    returned: int
    left_fen: int

    @property
    def left(self) -> int:
        """Pieces that may still come back."""
        return self.sold - self.returned


class ReturnSum(msgspec.Struct, frozen=True, kw_only=True):
    """What a return comes to: goods, the points they earned, what is kept for points spent, the refund."""

    gross_fen: int
    total_fen: int
    points: int
    shortfall_fen: int

    @property
    def refund_fen(self) -> int:
        """What goes back to the payer."""
        return self.total_fen - self.shortfall_fen


class GoodsBack(msgspec.Struct, frozen=True, kw_only=True):
    """A return as it was written; `refund_id` is empty when nothing goes back."""

    id: str
    refund_id: str
    sums: ReturnSum


class _Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """What one return took: pieces by product, points."""

    pieces: dict[str, int]
    points: int


def returnable(connection: sqlite3.Connection, order_id: str) -> tuple[ReturnableLine, ...]:
    """Return the lines of a paid order with what may still come back. Raises OrderUnknown, ReturnRefused."""
    order = _paid_order(connection, order_id)
    returned = _returned_pieces(connection, order_id)
    return tuple(
        ReturnableLine(
            sku=line.sku,
            name_zh=line.name_zh,
            name_en=line.name_en,
            sold=line.quantity,
            returned=returned.get(line.sku, 0),
            left_fen=line.net_fen - _net_fen(line, returned.get(line.sku, 0)),
        )
        for line in order.body.lines
    )


def preview_return(connection: sqlite3.Connection, order_id: str, pieces: Mapping[str, int]) -> ReturnSum:
    """Return what a return would come to, before anybody decides. Raises OrderUnknown, ReturnRefused."""
    order = _paid_order(connection, order_id)
    returned = _returned_pieces(connection, order_id)
    _check_pieces(order, returned, pieces)
    return _sum_of(connection, order, returned, pieces)


def return_goods(
    unit: Unit, order_id: str, pieces: Mapping[str, int], *, staff: str, reason: Reason, resalable: bool
) -> GoodsBack:
    """Take pieces (by product) of a paid order back; `staff` is who decided, an opaque id.

    `resalable` goods go back into the lots that they came from. Raises OrderUnknown, ReturnRefused, and what
    `edge.pay.refunds.request_refund` raises.
    """
    order = _paid_order(unit.connection, order_id)
    returned = _returned_pieces(unit.connection, order_id)
    _check_pieces(order, returned, pieces)
    sums = _sum_of(unit.connection, order, returned, pieces)
    account = _account_of(unit.connection, order)
    return_id, refund_id = unit.next_id(), ""
    if sums.refund_fen:
        refund_id = request_refund(unit, order_id, sums.refund_fen, RETURNED, actor=staff).id
    _post_return(unit, refund_id or return_id, order.body.payee, sums)
    take_back(unit, order_id, return_id, pieces, points=sums.points, resalable=resalable)
    _record(
        unit,
        order,
        returned,
        pieces,
        sums,
        _Decision(return_id, refund_id, account, staff, reason, resalable),
    )
    if account and sums.points > sums.shortfall_fen:
        note_move(unit, account, sums.shortfall_fen - sums.points)
    return GoodsBack(id=return_id, refund_id=refund_id, sums=sums)


def take_back(
    unit: Unit, order_id: str, return_id: str, pieces: Mapping[str, int], *, points: int, resalable: bool
) -> None:
    """Note what came back of an order, and put what can be sold again into the lots that it came from.

    Raises OrderUnknown.
    """
    if resalable:
        returned = _returned_pieces(unit.connection, order_id)
        for line in find_order(unit.connection, order_id).body.lines:
            put_back(unit, _lots_of(line, returned.get(line.sku, 0), pieces.get(line.sku, 0)), return_id)
    earlier = _Earlier(pieces=dict(pieces), points=points)
    records.insert_return(unit.connection, return_id, order_id, msgspec.json.encode(earlier))


def returned_points(connection: sqlite3.Connection, order_id: str) -> int:
    """Return the points of an order that went back with its goods."""
    return sum(each.points for each in _earlier_returns(connection, order_id))


class _Decision(msgspec.Struct, frozen=True):
    """Ids and words of one return."""

    return_id: str
    refund_id: str
    account: str
    staff: str
    reason: Reason
    resalable: bool


def _record(
    unit: Unit,
    order: SaleOrder,
    returned: Mapping[str, int],
    pieces: Mapping[str, int],
    sums: ReturnSum,
    decided: _Decision,
) -> None:
    lines = tuple(
        ReturnedLine(
            sku=line.sku,
            quantity=pieces[line.sku],
            net_fen=_net_back(line, returned, pieces),
            restocked=pieces[line.sku] if decided.resalable else 0,
        )
        for line in order.body.lines
        if line.sku in pieces
    )
    goods = GoodsReturned(
        return_id=decided.return_id,
        order_id=order.id,
        refund_id=decided.refund_id,
        payee=order.body.payee,
        person=order.body.person,
        lines=lines,
        gross_fen=sums.gross_fen,
        saving_fen=sums.gross_fen - sums.total_fen,
        total_fen=sums.total_fen,
        shortfall_fen=sums.shortfall_fen,
        refund_fen=sums.refund_fen,
        points=sums.points,
        points_back=sums.points - sums.shortfall_fen,
        points_account=decided.account,
        staff=decided.staff,
        reason=decided.reason,
        contract_version=order.body.contract_version,
        business_date=business_date(unit.connection, unit.now),
    )
    unit.record(goods, actor=decided.staff)


def _post_return(unit: Unit, source_id: str, payee: str, sums: ReturnSum) -> None:
    amounts = {
        "total": sums.refund_fen,
        "goods": sums.gross_fen,
        "saving": sums.gross_fen - sums.total_fen,
        "points": sums.points,
        "points_back": sums.points - sums.shortfall_fen,
    }
    post(unit, "sale_refund", source_id, amounts, payee=payee)


def _paid_order(connection: sqlite3.Connection, order_id: str) -> SaleOrder:
    order = find_order(connection, order_id)
    if order.state != "paid":
        raise ReturnRefused(reason="not_paid")
    return order


def _check_pieces(order: SaleOrder, returned: Mapping[str, int], pieces: Mapping[str, int]) -> None:
    sold = {line.sku: line.quantity for line in order.body.lines}
    if not pieces:
        raise ReturnRefused(reason="nothing_chosen")
    for sku, quantity in pieces.items():
        left = sold.get(sku, 0) - returned.get(sku, 0)
        if not 0 < quantity <= left:
            raise ReturnRefused(reason="more_than_sold", sku=sku, left=left)


def _sum_of(
    connection: sqlite3.Connection, order: SaleOrder, returned: Mapping[str, int], pieces: Mapping[str, int]
) -> ReturnSum:
    lines = order.body.lines
    total_fen = sum(_net_back(line, returned, pieces) for line in lines)
    points = _points_back(connection, order, returned, pieces)
    return ReturnSum(
        gross_fen=sum(line.price_fen * pieces.get(line.sku, 0) for line in lines),
        total_fen=total_fen,
        points=points,
        shortfall_fen=min(total_fen, _shortfall(connection, order, points)),
    )


def _net_back(line: OrderLine, returned: Mapping[str, int], pieces: Mapping[str, int]) -> int:
    before = returned.get(line.sku, 0)
    return _net_fen(line, before + pieces.get(line.sku, 0)) - _net_fen(line, before)


def _net_fen(line: OrderLine, quantity: int) -> int:
    """What so many pieces of a line had cost."""
    return divide_half_even(line.net_fen * quantity, line.quantity)


def _points_back(
    connection: sqlite3.Connection, order: SaleOrder, returned: Mapping[str, int], pieces: Mapping[str, int]
) -> int:
    """The share of the order's points that its pieces back so far earned, less what went back before."""
    earned, lines = _earned(connection, order), order.body.lines
    by_rate = any(line.points_ppm for line in lines)
    rates = [line.points_ppm if by_rate else 1 for line in lines]
    whole = sum(line.net_fen * rate for line, rate in zip(lines, rates, strict=True))
    back = sum(
        _net_fen(line, returned.get(line.sku, 0) + pieces.get(line.sku, 0)) * rate
        for line, rate in zip(lines, rates, strict=True)
    )
    if not whole:
        return 0
    return divide_half_even(earned * back, whole) - returned_points(connection, order.id)


def _shortfall(connection: sqlite3.Connection, order: SaleOrder, points: int) -> int:
    """The points that cannot be taken back because they are spent, where the contract lets the refund shrink.

    An account that we do not know (claimed on the phone) is the platform's to judge: then nothing is kept.
    """
    account_id = _account_of(connection, order)
    terms = terms_of(connection, order.body.contract_version)
    if not account_id or terms.points_shortfall == "negative":
        return 0
    try:
        account = find_account(connection, account_id)
    except AccountUnknown:
        return 0
    there = account.balance_fen + account.pending_fen
    if order.settled_seq is not None and not is_applied(connection, account_id, order.settled_seq):
        there += _earned(connection, order)
    return max(0, min(points, points - there))


def _earned(connection: sqlite3.Connection, order: SaleOrder) -> int:
    assert order.receipt is not None
    return find_receipt(connection, order.receipt).body.points


def _account_of(connection: sqlite3.Connection, order: SaleOrder) -> str:
    return order.body.points_account or claimed_account(connection, order.id)


def _returned_pieces(connection: sqlite3.Connection, order_id: str) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for each in _earlier_returns(connection, order_id):
        for sku, quantity in each.pieces.items():
            pieces[sku] = pieces.get(sku, 0) + quantity
    return pieces


def _earlier_returns(connection: sqlite3.Connection, order_id: str) -> tuple[_Earlier, ...]:
    bodies = records.return_bodies(connection, order_id)
    return tuple(msgspec.json.decode(body, type=_Earlier) for body in bodies)


def _lots_of(line: OrderLine, before: int, quantity: int) -> tuple[Allocation, ...]:
    """The lots of pieces that come back: of a line's pieces in order, those taken last come back first."""
    chosen: list[Allocation] = []
    skip, wanted = before, quantity
    for allocation in reversed(line.allocations):
        passed = min(skip, allocation.quantity)
        taken = min(wanted, allocation.quantity - passed)
        skip, wanted = skip - passed, wanted - taken
        if taken:
            chosen.append(Allocation(allocation.lot_id, taken))
    return tuple(chosen)
