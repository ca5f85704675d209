"""A day at a site: who comes at which hour, and what the journal says of it."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from edge.access.events import DoorOpened, DoorOpenRequested, DoorUnknown, PassRefused
from edge.pay.events import PaymentPaid, PaymentRequested
from edge.shop.events import OrderPlaced, SaleSettled, SoldLine
from edge.store.unit import Unit

ARRIVALS_BY_HOUR = (1, 1, 0, 0, 1, 3, 8, 14, 10, 6, 5, 7, 10, 6, 5, 6, 8, 13, 18, 16, 12, 8, 5, 2)
"""Visits of a residential community by the hour: out in the morning, home in the evening, few at night."""
BUSINESS_DATE = "2026-11-22"
_SALE, _REFUSED, _UNKNOWN = 0.3, 0.03, 0.02
"""Shares of visits: something is bought, a pass opens nothing, the door's contact stays silent."""


class Visit(NamedTuple):
    """When somebody comes, as a share of the day (0 to 1), and what they do."""

    at: float
    kind: str
    total_fen: int


def plan_day(chance: random.Random, visits: int) -> list[Visit]:
    """The visits of one day in their order; their number scatters by a fifth about `visits`."""
    count = max(1, round(chance.gauss(visits, visits / 10)))
    hours = chance.choices(range(24), ARRIVALS_BY_HOUR, k=count)
    found = [
        Visit((hour + chance.random()) / 24, _kind(chance.random()), chance.randrange(200, 12_000))
        for hour in hours
    ]
    return sorted(found)


def _kind(share: float) -> str:
    for kind, part in (("sale", _SALE), ("refused", _REFUSED), ("unknown", _UNKNOWN)):
        if share < part:
            return kind
        share -= part
    return "door"


def record_visit(unit: Unit, visit: Visit, door: str) -> int:
    """Write a visit into the journal; returns the seq of its last event."""
    events = list(_events(unit, visit, f"door:{door}"))
    return events[-1]


def _events(unit: Unit, visit: Visit, place: str) -> Iterator[int]:
    if visit.kind == "refused":
        yield unit.record(PassRefused(source="reader", place=place, code="pass_ended"), actor="access")
        return
    if visit.kind == "sale":
        yield from _sell(unit, visit.total_fen)
        return
    opening = unit.next_id()
    yield intend(unit, opening, place, f"pass:p-{opening}:1", "pass")
    yield settle(unit, opening, place, f"pass:p-{opening}:1", opened=visit.kind == "door")


def intend(unit: Unit, opening: str, place: str, authorisation: str, kind: str) -> int:
    """Write the intent to open a door."""
    asked = DoorOpenRequested(
        opening=opening, place=place, authorisation=authorisation, kind=kind, person=None
    )
    return unit.record(asked, actor="access")


def settle(unit: Unit, opening: str, place: str, authorisation: str, *, opened: bool) -> int:
    """Write what became of an intent."""
    if opened:
        done = DoorOpened(opening=opening, place=place, authorisation=authorisation)
        return unit.record(done, actor="access")
    silent = DoorUnknown(opening=opening, place=place, authorisation=authorisation, reason="no_contact")
    return unit.record(silent, actor="access")


def _sell(unit: Unit, total_fen: int) -> Iterator[int]:
    order, attempt, payee = unit.next_id(), unit.next_id(), "shop"
    placed = OrderPlaced(order_id=order, kiosk=unit.device, payee=payee, total_fen=total_fen)
    yield unit.record(placed, actor="kiosk")
    asked = PaymentRequested(
        attempt_id=attempt,
        order_id=order,
        purpose="sale",
        payee=payee,
        amount_fen=total_fen,
        held_fen=0,
        channel="wechat",
        method="native",
    )
    yield unit.record(asked, actor="pay")
    paid = PaymentPaid(
        attempt_id=attempt,
        order_id=order,
        payee=payee,
        amount_fen=total_fen,
        held_fen=0,
        channel="wechat",
        method="native",
        channel_id=f"4200{attempt}",
        paid_at_ms=unit.now.at_ms,
        late=False,
    )
    yield unit.record(paid, actor="pay")
    yield unit.record(_settled(unit, order, attempt, total_fen), actor="kiosk")


def _settled(unit: Unit, order: str, attempt: str, total_fen: int) -> SaleSettled:
    line = SoldLine(sku="sku-1", quantity=1, price_fen=total_fen, net_fen=total_fen)
    return SaleSettled(
        order_id=order,
        attempt_id=attempt,
        kiosk=unit.device,
        person=None,
        payee="shop",
        lines=(line,),
        gross_fen=total_fen,
        saving_fen=0,
        total_fen=total_fen,
        points=0,
        promotion_id=None,
        contract_version=1,
        business_date=BUSINESS_DATE,
        receipt=1,
        tenders=(),
        points_account="",
        claim_hash="",
    )
