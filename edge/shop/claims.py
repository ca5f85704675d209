"""Claiming points with the receipt: who forgot to identify shows its QR within the contract's days.

An order's points are claimed once. This device's own table refuses a second claim here; the platform, which
also hears of claims on the phone, has the last word.
"""

import sqlite3
from datetime import date

import msgspec

from edge.pay import account_records
from edge.pay.accounts import points_account_of
from edge.pay.business_day import business_date
from edge.pay.claims import claimed_account
from edge.pay.contract import terms_of
from edge.pay.errors import ClaimRefused, ReceiptUnknown
from edge.pay.events import PointsClaimed
from edge.pay.receipts import Receipt, find_receipt, holds_paper, split_code
from edge.shop.checkout import SaleOrder, find_order
from edge.shop.errors import OrderUnknown
from edge.shop.returns import returned_points
from edge.store.personal import commit_person
from edge.store.unit import Unit

ACTOR = "kiosk"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """Points that were claimed; they count after the return window of their sale, `pending_days`."""

    order_id: str
    points: int
    pending_days: int


def claimable_points(connection: sqlite3.Connection, code: str, today: str) -> tuple[SaleOrder, int]:
    """Return the sale of a receipt's QR text and the points that can be claimed with it on an ISO date.

    Raises ClaimRefused with the reason: receipt_unknown, identified, claimed, too_late, no_points.
    """
    receipt, order = _sale_of(connection, code)
    if order.body.points_account:
        raise ClaimRefused(reason="identified")
    if claimed_account(connection, order.id):
        raise ClaimRefused(reason="claimed")
    days = terms_of(connection, order.body.contract_version).points_claim_days
    age = (date.fromisoformat(today) - date.fromisoformat(receipt.business_date)).days
    if not days or age > days:
        raise ClaimRefused(reason="too_late", days=days)
    points = receipt.body.points - returned_points(connection, order.id)
    if points <= 0:
        raise ClaimRefused(reason="no_points")
    return order, points


def claim_points(unit: Unit, code: str, *, resident: str) -> Claimed:
    """Put the points of a receipt's sale into a resident's account.

    Raises ClaimRefused as `claimable_points`, and with reason not_managed for who has no account of points.
    """
    account = points_account_of(unit.connection, resident)
    if not account:
        raise ClaimRefused(reason="not_managed")
    today = business_date(unit.connection, unit.now)
    order, points = claimable_points(unit.connection, code, today)
    row = {"order_id": order.id, "account": account, "points": points, "at_ms": unit.now.at_ms}
    account_records.insert_claim(unit.connection, row)
    claim = PointsClaimed(
        claim_id=unit.next_id(),
        order_id=order.id,
        payee=order.body.payee,
        account=account,
        person=commit_person(unit, resident),
        points=points,
        contract_version=order.body.contract_version,
        business_date=today,
    )
    unit.record(claim, actor=ACTOR)
    pending_days = terms_of(unit.connection, order.body.contract_version).points_return_days
    return Claimed(order_id=order.id, points=points, pending_days=pending_days)


def _sale_of(connection: sqlite3.Connection, code: str) -> tuple[Receipt, SaleOrder]:
    """The receipt and the sale of a code, of this device's own sales. Raises ClaimRefused."""
    try:
        order_id, token = split_code(code)
        order = find_order(connection, order_id)
    except (ReceiptUnknown, OrderUnknown) as refusal:
        raise ClaimRefused(reason="receipt_unknown") from refusal
    receipt = None if order.receipt is None else find_receipt(connection, order.receipt)
    if receipt is None or not holds_paper(receipt, token):
        raise ClaimRefused(reason="receipt_unknown")
    return receipt, order
