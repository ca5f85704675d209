"""What a resident's accounts may pay of an order, in the words of the screen."""

import sqlite3

from edge.pay.tenders import ORDER_OF_USE, OrderLimits
from edge.pay.tenders import Offer as RoomOffer
from edge.pay.tenders import offers as room_offers
from kiosk.desks.money_views import AccountKind, Offer
from kiosk.words import Text

WHY_NOT: dict[str, Text] = {
    "other_issuer": Text("是另一家的，这里用不了", "Of another company, not usable here"),
    "not_for_this": Text("这一单不能用", "Not for this payment"),
    "no_balance": Text("没有余额了", "Nothing left"),
}
KINDS: dict[str, AccountKind] = {"points": "points", "prepaid_fee": "prepaid_fee", "wallet": "wallet"}


def offers_of(connection: sqlite3.Connection, limits: OrderLimits) -> tuple[Offer, ...]:
    """One offer of each kind: the account that can pay most of this order."""
    found = room_offers(connection, limits)
    best = (
        max(
            (offer for offer in found if offer.kind == kind), key=lambda offer: offer.usable_fen, default=None
        )
        for kind in ORDER_OF_USE
    )
    return tuple(_offer(offer) for offer in best if offer is not None)


def _offer(offer: RoomOffer) -> Offer:
    why_not = WHY_NOT.get(offer.reason, WHY_NOT["not_for_this"]) if offer.reason else None
    return Offer(
        KINDS[offer.kind], offer.balance_fen, offer.usable_fen, offer.left_fen, why_not, offer.account
    )
