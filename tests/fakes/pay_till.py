"""Who stands before the till of a `PayWorld`: orders, how they are paid, and what the payer's phone does."""

from functools import partial
from typing import Any, NamedTuple

from edge.homes import fees
from edge.pay.attempts import Attempt
from edge.pay.events import Tender
from edge.pay.states import AttemptState
from edge.pay.tenders import offers
from edge.pay.top_up import place_top_up
from edge.payments import LIMITS
from edge.proof.evidence import ToldSale
from edge.shop.basket import Basket
from edge.shop.catalogue import find_product
from edge.shop.checkout import place_order
from tests.fakes.pay_world import RESIDENT, ROOM, PayWorld


class Payable(NamedTuple):
    """An order that somebody may pay."""

    order_id: str
    purpose: str
    payee: str
    total_fen: int


class Till:
    """The kiosk's side and the payer's. `shown` are the QRs that somebody can see, by attempt."""

    def __init__(self, world: PayWorld) -> None:
        self.world = world
        self.shown: dict[str, str] = {}

    async def place_sale(self, numbers: list[int], *, known: bool) -> Payable:
        """Order one piece of each product, as a resident or as nobody known."""
        store, basket = self.world.store, Basket()
        kiosk = f"k{len(self.world.kiosks)}"
        self.world.kiosks.add(kiosk)
        for number in numbers:
            basket = basket.add(await store.read(partial(find_product, sku=f"s{number}")), 1)
        who = RESIDENT if known else None
        placed = await store.run(lambda unit: place_order(unit, basket, resident=who, kiosk=kiosk))
        return Payable(placed.order_id, "sale", placed.payee, placed.total_fen)

    async def place_bills(self, bills: tuple[str, ...]) -> Payable:
        """Choose bills; points may not pay what is collected for others."""
        placed = await self.world.store.run(
            lambda unit: fees.place_fee(unit, bills, room=ROOM, resident=RESIDENT, kiosk="k1")
        )
        if any(bill in self.world.collected for bill in bills):
            self.world.no_points.add(placed.order_id)
        return Payable(placed.order_id, "fee", placed.payee, placed.total_fen)

    async def place_top_up(self, fen: int, kind: str = "wallet") -> Payable:
        """Add money to the resident's own wallet or prepaid fee."""
        account = self.world.accounts[kind]
        placed = await self.world.store.run(
            lambda unit: place_top_up(unit, account, fen, resident=RESIDENT, kiosk="k1")
        )
        return Payable(placed.order_id, "top_up", placed.payee, placed.total_fen)

    async def pay(self, order: Payable, channel: str, method: str, shares: list[int]) -> Attempt:
        """Pay a share of an order from each account, the rest by the channel: qr, code or password."""
        engine, held = self.world.engine, await self.cover(order, shares)
        rest_fen = order.total_fen - sum(tender.amount_fen for tender in held)
        how: dict[str, Any] = {"purpose": order.purpose, "held": held}
        if rest_fen == 0:
            how.pop("held")
            return self.hear(await engine.pay_from_accounts(order.order_id, order.payee, held, **how))
        if method == "qr":
            started = await engine.start(order.order_id, order.payee, rest_fen, channel, **how)
            return self.hear(started)
        code = self.world.payment_code(channel, password=method == "password")
        return self.hear(await engine.charge(order.order_id, order.payee, rest_fen, code, **how))

    async def cover(self, order: Payable, shares: list[int]) -> tuple[Tender, ...]:
        """What the screen's touches choose; each share is in percent of what the account may pay."""
        store, left_fen, held = self.world.store, order.total_fen, []
        limits = await store.read(lambda c: LIMITS[order.purpose](c, order.order_id))
        for offer, percent in zip(await store.read(lambda c: offers(c, limits)), shares, strict=False):
            fen = min(left_fen, -(-offer.usable_fen * percent // 100))
            if fen > 0:
                lease = await self.world.leases.cover(offer.account, fen)
                held.append(Tender(kind=offer.kind, account=offer.account, lease=lease.id, amount_fen=fen))
                left_fen -= fen
        return tuple(held)

    def hear(self, attempt: Attempt) -> Attempt:
        """What the screen shows of an attempt, and whom it thanks."""
        if attempt.qr and attempt.is_open:
            self.shown[attempt.id] = attempt.qr
        if attempt.purpose == "sale" and attempt.state is AttemptState.PAID and not attempt.reason:
            self.world.told.setdefault(attempt.order_id, ToldSale(attempt.order_id, attempt.total_fen))
        return attempt

    def answer(self, attempt: str, pays: str) -> None:
        """The payer before a QR that can be seen, or at the question for the password."""
        if pays == "leaves":
            return
        if attempt in self.shown:
            self.world.pay_qr(self.shown[attempt], pays)
        else:
            self.world.enter_password(attempt, pays)
