"""Payments as the screens see them."""

import contextlib
import sqlite3
from collections.abc import Mapping

from edge.errors import EdgeError, Refusal
from edge.homes.fees import find_fee_order, place_fee
from edge.homes.residents import find_resident
from edge.homes.rooms import find_room
from edge.pay.attempts import Attempt
from edge.pay.engine import PaymentEngine
from edge.pay.payees import find_payee
from edge.pay.receipts import find_receipt
from edge.pay.states import AttemptState
from edge.shop.checkout import PlacedOrder, cancel_order, find_order, place_order
from edge.shop.errors import OrderUnknown
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from kiosk.desks.shop_desk import basket_of
from kiosk.desks.views import Charge, ChargeState, Receipt, ReceiptLine, Resident
from kiosk.words import Text

CHANNEL = "wechat"
"""The collection QR that is asked for. A site that takes both shows a choice, with the tenders to come."""

STATES: dict[AttemptState, ChargeState] = {
    AttemptState.PAID: "paid",
    AttemptState.FAILED: "failed",
    AttemptState.REVERSED: "failed",
    AttemptState.UNKNOWN: "unknown",
}
"""What a screen makes of an attempt; every other state still waits."""


class RoomTillDesk:
    """`kiosk.desks.ports.TillDesk` over shop, homes and the payment engine."""

    def __init__(self, *, store: Store, engine: PaymentEngine, clock: Clock, kiosk: str) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._kiosk = kiosk

    async def charge_sale(
        self, quantities: Mapping[str, int], resident: Resident | None, seen_total_fen: int
    ) -> Charge:
        """Place the order and ask for its QR; an order that cannot be asked for is given up again."""
        await self._engine.ready()

        def place(unit: Unit) -> PlacedOrder:
            return place_order(
                unit,
                basket_of(unit.connection, quantities),
                resident=resident.subject if resident else None,
                kiosk=self._kiosk,
                earns_points=_earns_points(unit.connection, resident),
                seen_total_fen=seen_total_fen,
            )

        placed = await self._store.run(place)
        try:
            attempt = await self._engine.start(
                placed.order_id, placed.payee, placed.total_fen, CHANNEL, purpose="sale"
            )
        except EdgeError:
            with contextlib.suppress(Refusal):
                await self._store.run(lambda unit: cancel_order(unit, placed.order_id))
            raise
        return await self._charge(attempt)

    async def charge_bills(self, bills: tuple[str, ...], resident: Resident, seen_total_fen: int) -> Charge:
        """Place one payment over bills of one payee and ask for its QR."""
        await self._engine.ready()
        placed = await self._store.run(
            lambda unit: place_fee(
                unit,
                bills,
                room=resident.room,
                resident=resident.subject,
                kiosk=self._kiosk,
                seen_total_fen=seen_total_fen,
            )
        )
        attempt = await self._engine.start(
            placed.order_id, placed.payee, placed.total_fen, CHANNEL, purpose="fee"
        )
        return await self._charge(attempt)

    async def ask(self, attempt_id: str) -> ChargeState:
        """What the platform says of the attempt; raises PlatformUnreachable when it says nothing."""
        return STATES.get((await self._engine.ask(attempt_id)).state, "waiting")

    async def give_up(self, attempt_id: str) -> ChargeState:
        """Close the attempt; once it is certainly not paid, the order is given up too."""
        attempt = await self._engine.close(attempt_id)
        if attempt.state is AttemptState.FAILED and attempt.purpose == "sale":
            with contextlib.suppress(Refusal):
                await self._store.run(lambda unit: cancel_order(unit, attempt.order_id))
        return STATES.get(attempt.state, "unknown")

    async def receipt(self, order_id: str) -> Receipt:
        """The receipt of a paid order of either kind. Raises OrderUnknown, ReceiptUnknown."""
        return await self._store.read(lambda connection: _receipt_of(connection, order_id))

    async def _charge(self, attempt: Attempt) -> Charge:
        payee = await self._store.read(lambda connection: find_payee(connection, attempt.payee))
        return Charge(
            attempt_id=attempt.id,
            order_id=attempt.order_id,
            amount_fen=attempt.amount_fen,
            qr=attempt.qr or "",
            payee=Text(payee.name_zh, payee.name_en),
            made_at_ms=self._clock.now().at_ms,
            expires_at_ms=attempt.expires_at_ms,
        )


def _earns_points(connection: sqlite3.Connection, resident: Resident | None) -> bool:
    """Points are for residents whom the property company manages (S1); a stranger may claim later."""
    if resident is None:
        return True
    return find_room(connection, find_resident(connection, resident.subject).room).managed


def _receipt_of(connection: sqlite3.Connection, order_id: str) -> Receipt:
    try:
        number = find_order(connection, order_id).receipt
    except OrderUnknown:
        number = find_fee_order(connection, order_id).receipt
    receipt = find_receipt(connection, number or 0)
    payee, body = find_payee(connection, receipt.payee), receipt.body
    return Receipt(
        order_id=order_id,
        payee=Text(payee.name_zh, payee.name_en),
        lines=tuple(
            ReceiptLine(
                Text(line.name_zh, line.name_en),
                line.quantity if receipt.purpose == "sale" else None,
                line.amount_fen,
            )
            for line in body.lines
        ),
        total_fen=receipt.total_fen,
        points=body.points,
        paid_at_ms=receipt.at_ms,
        contract_version=body.contract_version or None,
        claim=order_id,
        saving_fen=body.saving_fen,
    )
