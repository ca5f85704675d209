"""Payments as the screens see them."""

import contextlib
import sqlite3
from collections.abc import Mapping

from edge.errors import Refusal
from edge.homes.fees import place_fee
from edge.homes.residents import find_resident
from edge.homes.rooms import find_room
from edge.pay.attempts import Attempt
from edge.pay.engine import PaymentEngine
from edge.pay.errors import PaymentRefused
from edge.pay.payees import find_payee
from edge.pay.states import AttemptState
from edge.shop.checkout import PlacedOrder, cancel_order, place_order
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from kiosk.desks.money_views import Channel, Charge, ChargeState, Part, Payable
from kiosk.desks.receipt_view import receipt_of
from kiosk.desks.shop_desk import basket_of
from kiosk.desks.views import Receipt, Resident
from kiosk.words import Text

STATES: dict[AttemptState, ChargeState] = {
    AttemptState.PAID: "paid",
    AttemptState.FAILED: "failed",
    AttemptState.REVERSED: "failed",
    AttemptState.REVERSING: "undoing",
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

    async def place_sale(
        self, quantities: Mapping[str, int], resident: Resident | None, seen_total_fen: int
    ) -> Payable:
        """Place the order, once it is certain that its number is free."""
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
        return await self._payable(placed.order_id, "sale", placed.payee, placed.total_fen)

    async def place_bills(self, bills: tuple[str, ...], resident: Resident, seen_total_fen: int) -> Payable:
        """Place one payment over bills of one payee."""
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
        return await self._payable(placed.order_id, "fee", placed.payee, placed.total_fen)

    async def collect(self, order: Payable, parts: tuple[Part, ...], channel: Channel) -> Charge:
        """Ask for a collection QR for what the parts leave."""
        rest_fen = order.total_fen - sum(part.amount_fen for part in parts)
        attempt = await self._engine.start(
            order.order_id, order.payee_id, rest_fen, channel, purpose=order.purpose
        )
        return self._charge(attempt)

    async def take_code(self, order: Payable, parts: tuple[Part, ...], code: str) -> Charge:
        """No payment code is taken yet."""
        del parts, code
        raise PaymentRefused(order=order.order_id)

    async def pay_from_accounts(self, order: Payable, parts: tuple[Part, ...]) -> None:
        """No account pays yet."""
        del parts
        raise PaymentRefused(order=order.order_id)

    def code_channel(self, text: str) -> str:
        """No payment code comes this far yet: readers throw them away."""
        del text
        return ""

    async def ask(self, attempt_id: str) -> Charge:
        """What the platform says of the attempt; raises PlatformUnreachable when it says nothing."""
        return self._charge(await self._engine.ask(attempt_id))

    async def give_up(self, attempt_id: str) -> Charge:
        """Close or take back the attempt."""
        return self._charge(await self._engine.close(attempt_id))

    async def drop(self, order: Payable) -> None:
        """Give up an unpaid sale and free its pieces; bills wait by themselves."""
        if order.purpose == "sale":
            with contextlib.suppress(Refusal):
                await self._store.run(lambda unit: cancel_order(unit, order.order_id))

    async def receipt(self, order_id: str) -> Receipt:
        """The receipt of a paid order of either kind. Raises OrderUnknown, ReceiptUnknown."""
        return await self._store.read(lambda connection: receipt_of(connection, order_id))

    async def _payable(self, order_id: str, purpose: str, payee_id: str, total_fen: int) -> Payable:
        payee = await self._store.read(lambda connection: find_payee(connection, payee_id))
        return Payable(order_id, purpose, payee_id, Text(payee.name_zh, payee.name_en), total_fen)

    def _charge(self, attempt: Attempt) -> Charge:
        return Charge(
            attempt_id=attempt.id,
            order_id=attempt.order_id,
            channel="alipay" if attempt.channel == "alipay" else "wechat",
            amount_fen=attempt.amount_fen,
            made_at_ms=attempt.created_at_ms,
            qr=attempt.qr or "",
            expires_at_ms=attempt.expires_at_ms,
            state=STATES.get(attempt.state, "waiting"),
            reason="reversed" if attempt.state is AttemptState.REVERSED else attempt.reason,
        )


def _earns_points(connection: sqlite3.Connection, resident: Resident | None) -> bool:
    """Points are for residents whom the property company manages (S1); a stranger may claim later."""
    if resident is None:
        return True
    return find_room(connection, find_resident(connection, resident.subject).room).managed
