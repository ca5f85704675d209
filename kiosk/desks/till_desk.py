"""Payments as the screens see them."""

import contextlib
import secrets
import sqlite3
from collections.abc import Mapping

from edge.errors import PlatformUnreachable, Refusal
from edge.homes.bill_codes import open_bill_code
from edge.homes.fees import place_fee, place_fee_for_another
from edge.homes.freshness import refresh_bills
from edge.homes.ports import BillPlatform
from edge.homes.residents import find_resident
from edge.homes.rooms import find_room
from edge.pay.attempts import Attempt
from edge.pay.codes import CodeTable
from edge.pay.engine import Limits, PaymentEngine
from edge.pay.errors import PaymentRefused
from edge.pay.leases import LeaseDesk
from edge.pay.payees import find_payee
from edge.pay.policy import Method, policy_for
from edge.pay.states import AttemptState
from edge.pay.tenders import Tender
from edge.shop.checkout import PlacedOrder, cancel_order, place_order
from edge.store.store import Store
from edge.store.unit import Unit
from kiosk.desks.money_views import Channel, Charge, ChargeState, Part, Payable
from kiosk.desks.offers import offers_of
from kiosk.desks.receipt_view import receipt_of
from kiosk.desks.shop_desk import basket_of
from kiosk.desks.views import Receipt, Resident
from kiosk.words import Text

SLIP_TOKEN_BYTES = 9
STATES: dict[AttemptState, ChargeState] = {
    AttemptState.PAID: "paid",
    AttemptState.FAILED: "failed",
    AttemptState.REVERSED: "failed",
    AttemptState.REVERSING: "undoing",
    AttemptState.UNKNOWN: "unknown",
}
"""What a screen makes of an attempt; every other state still waits."""


class RoomTillDesk:
    """`kiosk.desks.ports.TillDesk` over shop, homes and the payment engine.

    limits: what accounts may pay of an order, by purpose, as the engine has it. bills: says how a bill stands
    now, before money is taken for it.
    """

    def __init__(
        self,
        *,
        store: Store,
        engine: PaymentEngine,
        kiosk: str,
        codes: CodeTable,
        leases: LeaseDesk,
        limits: Mapping[str, Limits],
        bills: BillPlatform,
    ) -> None:
        self._store = store
        self._engine = engine
        self._kiosk = kiosk
        self._codes = codes
        self._leases = leases
        self._limits = limits
        self._bills = bills

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

    async def place_bills(
        self,
        bills: tuple[str, ...],
        resident: Resident,
        seen_total_fen: int,
        part_fen: int | None = None,
    ) -> Payable:
        """Place one payment over bills of one payee, after a look at how they stand now."""
        await self._engine.ready()
        await refresh_bills(self._store, self._bills, bills)
        placed = await self._store.run(
            lambda unit: place_fee(
                unit,
                bills,
                room=resident.room,
                resident=resident.subject,
                kiosk=self._kiosk,
                seen_total_fen=seen_total_fen,
                part_fen=part_fen,
            )
        )
        return await self._payable(placed.order_id, "fee", placed.payee, placed.total_fen)

    async def place_printed_bill(
        self, code: str, resident: Resident | None, seen_total_fen: int, part_fen: int | None = None
    ) -> Payable:
        """Place the payment of a printed bill, after a look at how it stands now."""
        await self._engine.ready()
        bill = await self._store.read(lambda connection: open_bill_code(connection, code))
        await refresh_bills(self._store, self._bills, (bill,))
        placed = await self._store.run(
            lambda unit: place_fee_for_another(
                unit,
                code,
                resident=resident.subject if resident else None,
                kiosk=self._kiosk,
                seen_total_fen=seen_total_fen,
                part_fen=part_fen,
            )
        )
        return await self._payable(placed.order_id, "fee", placed.payee, placed.total_fen)

    async def collect(self, order: Payable, parts: tuple[Part, ...], channel: Channel) -> Charge:
        """Hold the parts and ask for a collection QR for what they leave."""
        held = await self._lease(order, parts)
        rest_fen = order.total_fen - sum(part.amount_fen for part in parts)
        attempt = await self._engine.start(
            order.order_id, order.payee_id, rest_fen, channel, purpose=order.purpose, held=held
        )
        return self._charge(attempt)

    async def take_code(self, order: Payable, parts: tuple[Part, ...], code: str) -> Charge:
        """Hold the parts and charge the payer's code with what they leave, once."""
        secret = self._codes.read(code)
        held = await self._lease(order, parts)
        rest_fen = order.total_fen - sum(part.amount_fen for part in parts)
        attempt = await self._engine.charge(
            order.order_id, order.payee_id, rest_fen, secret, purpose=order.purpose, held=held
        )
        return self._charge(attempt)

    async def pay_from_accounts(self, order: Payable, parts: tuple[Part, ...]) -> None:
        """Settle the order from accounts alone. Raises PaymentRefused when its room takes it no longer."""
        held = await self._lease(order, parts)
        attempt = await self._engine.pay_from_accounts(
            order.order_id, order.payee_id, held, purpose=order.purpose
        )
        if attempt.state is not AttemptState.PAID or attempt.reason:
            raise PaymentRefused(order=order.order_id, reason=attempt.reason)

    def code_channel(self, text: str) -> str:
        """Whose payment code this is; one that is not taken here is "other"."""
        owner = self._codes.owner(text)
        return owner if owner in ("", "wechat", "alipay") else "other"

    async def ask(self, attempt_id: str, *, at_once: bool = False) -> Charge:
        """What is known of the attempt; raises PlatformUnreachable when the last question had no answer."""
        if at_once:
            return self._charge(await self._engine.ask(attempt_id))
        charge = self._charge(await self._engine.follow(attempt_id))
        asked_at_ms, answered_at_ms = charge.asked_at_ms, charge.answered_at_ms
        open_still = charge.state in ("waiting", "undoing")
        if open_still and asked_at_ms is not None and asked_at_ms > (answered_at_ms or 0):
            raise PlatformUnreachable("no answer to the last question about this payment")
        return charge

    async def give_up(self, attempt_id: str) -> Charge:
        """Close or take back the attempt."""
        return self._charge(await self._engine.close(attempt_id))

    async def park(self, attempt_id: str) -> None:
        """The payer goes on with a slip."""
        await self._engine.park(attempt_id)

    async def drop(self, order: Payable) -> None:
        """Give up an unpaid sale and free its pieces; bills wait by themselves."""
        if order.purpose == "sale":
            with contextlib.suppress(Refusal):
                await self._store.run(lambda unit: cancel_order(unit, order.order_id))

    async def receipt(self, order_id: str) -> Receipt:
        """The receipt of a paid order of any kind. Raises OrderUnknown, ReceiptUnknown."""
        return await self._store.read(lambda connection: receipt_of(connection, order_id))

    async def _lease(self, order: Payable, parts: tuple[Part, ...]) -> tuple[Tender, ...]:
        """Find room for each part in a lease. Raises BalanceExceeded, LeaseExceeded, AccountUnknown."""
        held = []
        for part in parts:
            offer = order.offer(part.kind)
            account = offer.account if offer else ""
            lease = await self._leases.cover(account, part.amount_fen)
            held.append(Tender(kind=part.kind, account=account, lease=lease.id, amount_fen=part.amount_fen))
        return tuple(held)

    async def _payable(self, order_id: str, purpose: str, payee_id: str, total_fen: int) -> Payable:
        limits = self._limits.get(purpose)

        def look(connection: sqlite3.Connection) -> Payable:
            payee = find_payee(connection, payee_id)
            offers = () if limits is None else offers_of(connection, limits(connection, order_id))
            name = Text(payee.name_zh, payee.name_en)
            return Payable(order_id, purpose, payee_id, name, total_fen, offers, slip=slip_of(order_id))

        return await self._store.read(look)

    def _charge(self, attempt: Attempt) -> Charge:
        asked_at_ms, answered_at_ms = self._engine.heard(attempt.id)
        parked = attempt.is_open and attempt.parked_at_ms is not None
        return Charge(
            attempt_id=attempt.id,
            order_id=attempt.order_id,
            channel="alipay" if attempt.channel == "alipay" else "wechat",
            amount_fen=attempt.amount_fen,
            made_at_ms=attempt.created_at_ms,
            qr=attempt.qr or "",
            expires_at_ms=_ends_at_ms(attempt),
            state="unknown" if parked else STATES.get(attempt.state, "waiting"),
            reason="reversed" if attempt.state is AttemptState.REVERSED else attempt.reason,
            user_paying=self._engine.waiting_reason(attempt.id) == "user_paying",
            asked_at_ms=asked_at_ms,
            answered_at_ms=answered_at_ms,
        )


def slip_of(order_id: str) -> str:
    """The text of a claim slip's code: the order, and a token that makes each slip its own."""
    return f"CE-S:{order_id}.{secrets.token_urlsafe(SLIP_TOKEN_BYTES)}"


def _ends_at_ms(attempt: Attempt) -> int | None:
    """When waiting for the payer ends: a QR runs out, a code is taken back after the policy's time."""
    if attempt.method is not Method.PAYMENT_CODE:
        return attempt.expires_at_ms
    wait_ms = policy_for(attempt.channel, attempt.method).wait_ms
    return None if wait_ms is None else attempt.created_at_ms + wait_ms


def _earns_points(connection: sqlite3.Connection, resident: Resident | None) -> bool:
    """Points are for residents whom the property company manages (S1); a stranger may claim later."""
    if resident is None:
        return True
    return find_room(connection, find_resident(connection, resident.subject).room).managed
