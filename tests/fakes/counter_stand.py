"""The counter over real rooms in memory: a shop that sells soy sauce, staff of every role, a match.

Doors, lockers and devices are on paper.
"""

from dataclasses import dataclass, field

from aiohttp import web
from argon2 import PasswordHasher

from edge.config import SiteSettings
from edge.pay.attempts import Attempt, Settle
from edge.pay.engine import PaymentEngine
from edge.pay.payees import apply_payee
from edge.pay.release import release_order
from edge.settlement.match import BillLine, PlatformLine
from edge.settlement.matching import Matcher
from edge.shop.checkout import place_order, settle_sale
from edge.staff.accounts import StaffDesk
from edge.staff.records import Role
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from kiosk.counter.app import build_counter
from kiosk.counter.server import LockerDesks
from kiosk.counter.settings import CounterSettings
from tests.fakes.clock import FakeClock
from tests.fakes.counter_doors import PaperDevices, PaperDoors
from tests.fakes.kiosk_deposit import PaperCounterLockers, PaperDeposits
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.settlement_platform import FakeSettlementPlatform
from tests.fakes.trade import basket_of, put_product

PIN, WRONG_PIN = "371846", "371847"
SITE = SiteSettings(id="heyuanli", device="k1", name_zh="和园里", name_en="Heyuan Court")
TODAY = "2026-11-22"
SETTLE: dict[str, Settle] = {"sale": settle_sale}


@dataclass
class CounterStand:
    """Everything behind the pages, and what a test may push."""

    clock: FakeClock = field(default_factory=FakeClock)
    settlement: FakeSettlementPlatform = field(default_factory=FakeSettlementPlatform)
    doors: PaperDoors = field(default_factory=PaperDoors)
    lockers: PaperCounterLockers = field(default_factory=PaperCounterLockers)
    deposits: PaperDeposits = field(default_factory=PaperDeposits)
    devices: PaperDevices = field(default_factory=PaperDevices)

    def __post_init__(self) -> None:
        """Open the store and put goods on the shelf."""
        self.store = InlineStore.in_memory(clock=self.clock, migrations=MIGRATIONS)
        self.platform = FakePaymentPlatform(now_ms=self.clock.at_ms)
        self.engine = PaymentEngine(self.store, self.platform, settle=SETTLE, clock=self.clock)
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.staff = StaffDesk(self.store, hasher=hasher)
        self.matcher = Matcher(store=self.store, clock=self.clock, platform=self.settlement)
        self.soy = put_product(self.store, 1, pieces=20)
        payee = {"name_zh": "和园里便利店", "name_en": "Heyuan Shop", "kind": "goods"}
        self.store.run_now(lambda unit: apply_payee(unit, "shop", 1, payee))

    async def hire(self) -> None:
        """An account of every role, its login the role's name."""
        for role in Role:
            await self.staff.add(role.value, role.value.title(), role, PIN, actor="test")

    def app(self, **settings: object) -> web.Application:
        """The pages."""
        return build_counter(
            CounterSettings(**settings),  # type: ignore[arg-type]
            SITE,
            store=self.store,
            engine=self.engine,
            release=self.release,
            staff=self.staff,
            clock=self.clock,
            matcher=self.matcher,
            doors=self.doors,
            devices=self.devices,
            lockers=LockerDesks(self.lockers, self.deposits),
            monotonic_ms=lambda: self.clock.at_ms,
        )

    async def release(self, attempt_id: str, *, supervisor: str, reason: str) -> Attempt:
        """Give goods out, as the hub's payments do."""
        return await self.store.run(
            lambda unit: release_order(unit, attempt_id, SETTLE, supervisor=supervisor, reason=reason)
        )

    async def order(self, pieces: int = 1) -> Attempt:
        """An order of soy sauce with a QR that waits."""
        order = self.store.run_now(
            lambda unit: place_order(unit, basket_of((self.soy, pieces)), resident=None, kiosk="k1")
        )
        return await self.engine.start(order.order_id, order.payee, order.total_fen)

    async def sell(self, pieces: int = 1) -> Attempt:
        """An order that is paid."""
        attempt = await self.order(pieces)
        self.platform.set_state(attempt.id, "paid")
        return await self.engine.settle(attempt.id)

    def bill(self, attempt: Attempt, yuan: str, *, date: str = TODAY) -> None:
        """Put a payment on the channel's bill and into the platform's day."""
        line = BillLine(line="payment", subject=attempt.id, payee=attempt.payee, amount_yuan=yuan)
        self.settlement.bills.setdefault((date, attempt.payee), []).append(line)
        known = PlatformLine(
            line="payment", subject=attempt.id, payee=attempt.payee, amount_fen=attempt.amount_fen
        )
        self.settlement.days.setdefault(date, []).append(known)
