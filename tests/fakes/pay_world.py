"""A lobby's payments over one database file, and the real platform with its simulated channels beside it.

Everything runs in the test's thread, on a clock and a network that are in its hand. `restart` is a power cut;
`evidence` is what the checker is given.
"""

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from cloud_sync import payments as device_payments
from cloud_sync.downlink import Downlink
from cloud_sync.leases import HttpLeasePlatform
from cloud_sync.payments import HttpPaymentPlatform
from cloud_sync.platform import app as platform_app
from cloud_sync.platform import applying
from cloud_sync.platform.balances import Cause, open_account
from cloud_sync.platform.channels import sim_payer, sim_records
from cloud_sync.platform.channels.faults import Fault, FaultSwitch
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.keys import make_keys
from cloud_sync.platform.leases import credit
from cloud_sync.platform.schema import SCHEMA
from cloud_sync.platform.seed import seed
from cloud_sync.platform.settings import DeviceSettings, PlatformSettings
from cloud_sync.platform.store.port import Connection
from cloud_sync.uplink import Uplink
from edge.pay.codes import CodeTable
from edge.pay.copies import note_feed
from edge.pay.leases import LeaseDesk
from edge.payments import SETTLE_EVERY_S, Payments
from edge.proof.evidence import Balance, Evidence, GivenBack, Success, ToldSale
from edge.proof.invariants import check
from edge.proof.records import read_acknowledged
from edge.proof.store import StoreCollector
from edge.proof.telling import refund_parts, tenders_of
from edge.store.connections import open_reader, prepare_writer
from edge.store.identity import settle_identity
from edge.store.inline import InlineStore
from edge.tables import APPLIERS
from edge.trust.keyset import open_keyset
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.inline_http import InlineHttp, open_platform
from tests.fakes.inline_platform import read_custody
from tests.fakes.power import FakeReserve, Power, PoweredConnection
from tests.fakes.trade import product_data

SITE, DEVICE = "heyuanli", "k1"
RESIDENT, ROOM = "res-1203", "r-3-1203"
SHOP, PROPERTY, CITY = "shop", "property", "city-water"
DAY_MS = 86_400_000
FAR = "2066-01-01"
PIECES = 1_000_000
ACCOUNTS = {"points": PROPERTY, "wallet": SHOP, "prepaid_fee": PROPERTY}
"""The resident's accounts by kind, and whose they are."""
AT_FIRST_FEN = {"points": 2_000, "wallet": 5_000, "prepaid_fee": 3_000}
TERMS = {
    "version": 1,
    "penalty_ppm_per_day": 300,
    "grace_days": 10,
    "points_ppm": 50_000,
    "points_return_days": 7,
    "points_claim_days": 30,
    "wallet_limit_fen": 100_000,
    "lease_limit_fen": 1_500,
}
"""Rates high enough that every sale earns something to take back."""


def community(bills: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the platform is seeded with."""
    return {
        "personas": [RESIDENT],
        "payees": [
            {"id": SHOP, "name_zh": "和园优选", "name_en": "Heyuan Goods", "kind": "goods"},
            {"id": PROPERTY, "name_zh": "和园物业", "name_en": "Heyuan Property", "kind": "property"},
            {"id": CITY, "name_zh": "水务集团", "name_en": "City Water", "kind": "collected_for_others"},
        ],
        "products": [
            product_data(1),
            product_data(2, price_fen=333),
            product_data(3, price_fen=120_000),
        ],
        "deliveries": [
            {
                "id": "d1",
                "lines": [
                    {"sku": f"s{n}", "lot": f"L{n}", "quantity": PIECES, "expires_on": FAR} for n in (1, 2, 3)
                ],
            }
        ],
        "rooms": [{"id": ROOM, "building": "3", "number": "1203", "managed": True}],
        "residents": [{"subject": RESIDENT, "room": ROOM, "name_masked": "王*"}],
        "bills": [{"id": name, "room": ROOM, **bill} for name, bill in bills.items()],
        "contract": TERMS,
    }


class Site(NamedTuple):
    """The platform's settings and keys, made once for many worlds."""

    settings: PlatformSettings
    token: str

    @classmethod
    def make(cls, folder: Path) -> "Site":
        """Write keys and a token into a folder."""
        settings = PlatformSettings(
            site=SITE,
            name_zh="和园里",
            name_en="Heyuanli",
            folder=str(folder),
            demo=True,
            device=[DeviceSettings(DEVICE, "token")],
        )
        make_keys(settings)
        return cls(settings, (folder / "token").read_text().strip())


class PayWorld:
    """The till, the platform and the payers."""

    def __init__(
        self,
        path: Path,
        site: Site,
        bills: Mapping[str, Mapping[str, Any]],
        *,
        schema: str = SCHEMA,
        at_ms: int = START_MS,
    ) -> None:
        self.path = path
        self.clock = FakeClock(at_ms)
        self.power = Power()
        self.app, self.database = open_platform(site.settings, schema=schema, clock_ms=self.now_ms)
        self.platform: Platform = self.app[PLATFORM]
        self._seed(community(bills))
        self.http = InlineHttp(self.app, site=SITE, device=DEVICE, token=site.token, clock_ms=self.now_ms)
        self.codes = CodeTable()
        self.told: dict[str, ToldSale] = {}
        self._late_at_ms = 0
        self.kiosks: set[str] = set()
        self.no_points: set[str] = set()
        self.collected = {name for name, bill in bills.items() if bill.get("collected_for_others")}
        self.reader = open_reader(path)
        self.collector = StoreCollector(self.reader)
        self.build()

    def now_ms(self) -> int:
        """The one clock of this world."""
        return self.clock.at_ms

    def _seed(self, records: dict[str, Any]) -> None:
        def author(connection: Connection) -> dict[str, str]:
            seed(connection, self.platform.keys, records)
            ids = {}
            for kind, issuer in ACCOUNTS.items():
                ids[kind] = open_account(connection, RESIDENT, kind, issuer)
                cause = Cause(key=f"at-first-{kind}", at_ms=self.clock.at_ms)
                credit(connection, ids[kind], "opening", AT_FIRST_FEN[kind], cause)
            return ids

        self.accounts = self.database.write_now(author)

    def build(self) -> None:
        """Open the file and make every object anew, as a start of the program does."""
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, factory=PoweredConnection
        )
        prepare_writer(connection)
        connection.execute("PRAGMA synchronous = OFF")  # no power is cut under this file system
        connection.power = self.power
        reserve = FakeReserve(self.power)
        reserve.take()
        self.store = InlineStore(connection, site=SITE, device=DEVICE, clock=self.clock, reserve=reserve)
        self.store._writer.settle_standing()
        self.store.run_now(lambda unit: settle_identity(unit, hardware="pi-1"))
        self.uplink = Uplink(store=self.store, http=self.http)
        self.downlink = Downlink(
            store=self.store,
            http=self.http,
            appliers=APPLIERS,
            prepare=prepare_contract(self.platform),
            note=note_feed,
            clock_ms=lambda: self.clock.at_ms,
        )
        desk = HttpPaymentPlatform(self.http, confirmed=self.uplink.confirmed)
        self.payments = Payments(
            self.store, desk, clock=self.clock, codes=self.codes, conflict=lambda unit, attempt: None
        )
        self.engine, self.refunds = self.payments.engine, self.payments.refunds
        self.leases = LeaseDesk(self.store, HttpLeasePlatform(self.http))

    async def restart(self) -> None:
        """Lose all that is in memory and all that is not on disk; then start as `edge run` does."""
        self.close_store()
        self.power.restore()
        link = self.collector.link
        self.reader.close()
        self.build()
        self.reader = open_reader(self.path)
        self.collector = StoreCollector(self.reader, seen=link)
        await self.recover()

    async def recover(self) -> None:
        """What a start does before new payments."""
        await self.send()
        await self.engine.settle_open()

    def close_store(self) -> None:
        """Let the file go."""
        self.store.executor.connection.close()

    def close(self) -> None:
        """Let everything go."""
        self.close_store()
        self.reader.close()
        self.database.close()

    # --- time and the roles

    async def pass_time(self, seconds: float, *, step_s: float = 5.0) -> None:
        """The clock goes on; the roles look every few seconds."""
        while seconds > 0:
            self.clock.advance(ms=round(min(step_s, seconds) * 1000))
            seconds -= step_s
            await self.look_around()

    async def look_around(self) -> None:
        """One round of the platform's roles and of the hub's."""
        await self.serve()
        await self.engine.follow_open()
        await self.refunds.pay_back_due()
        if self.clock.at_ms >= self._late_at_ms:
            self._late_at_ms = self.clock.at_ms + round(SETTLE_EVERY_S * 1000)
            await self.engine.look_for_late_money()

    async def serve(self) -> None:
        """What the platform does by itself: notices, events, leases."""
        await platform_app.deliver_notices(self.platform)
        await self.platform.payments.settle_open()
        self.apply()

    def apply(self) -> None:
        """Apply everything in custody, parked events too."""
        now_ms = self.clock.at_ms
        while self.database.write_now(lambda c: applying.apply_next(c, now_ms=now_ms)).more:
            pass
        self.database.write_now(lambda c: applying.retry_parked(c, now_ms=2**52))
        self.database.write_now(lambda c: applying.settle_due(c, now_ms=now_ms))

    async def send(self) -> None:
        """The uplink sends everything, as far as the network carries."""
        with contextlib.suppress(Exception):
            while await self.uplink.send_next():
                pass

    # --- the payers

    def switch(self, channel: str, fault: Fault, value: int, scope: str = "next") -> None:
        """Make a channel misbehave."""
        switch = FaultSwitch(fault, scope, value)  # type: ignore[arg-type]
        self.database.write_now(lambda c: sim_records.put_switch(c, channel, switch))

    def clear(self) -> None:
        """All channels behave again."""

        def clear_all(connection: Connection) -> None:
            for channel in ("wechat", "alipay"):
                sim_records.clear_switches(connection, channel)

        self.database.write_now(clear_all)

    def payment_code(self, channel: str, *, password: bool = False) -> Any:
        """A fresh payment code of the payer's phone, as the camera reads it."""
        issued = self.database.write_now(
            lambda c: sim_payer.issue_code(
                c,
                channel,  # type: ignore[arg-type]
                RESIDENT,
                password=password,
                now_ms=self.clock.at_ms,
            )
        )
        return self.codes.read(issued.code)

    def pay_qr(self, qr: str, action: str = "confirm") -> str:
        """Answer a collection QR on the phone; what the phone shows, or the refusal's code."""
        return self._answer(lambda c: sim_payer.pay_qr(c, RESIDENT, qr, action, now_ms=self.clock.at_ms))  # type: ignore[arg-type]

    def enter_password(self, attempt: str, action: str = "confirm") -> str:
        """Answer the password's question."""
        return self._answer(
            lambda c: sim_payer.answer_password(c, RESIDENT, attempt, action, now_ms=self.clock.at_ms)  # type: ignore[arg-type]
        )

    def _answer(self, act: Any) -> str:
        from edge.errors import Refusal

        try:
            return str(self.database.write_now(act))
        except Refusal as refusal:
            return refusal.code

    # --- what can be known

    def evidence(self, *, settled: bool = False, drained: bool = False) -> Evidence:
        """Everything that can be known now."""
        evidence = self.collector.collect()
        run = self.database.connection.execute
        evidence.told = tuple(self.told.values())
        placed = evidence.journal.of("OrderPlaced")
        evidence.asked = frozenset(e.data["order_id"] for e in placed if e.data["kiosk"] in self.kiosks)
        evidence.custody = read_custody(
            self.database.connection, drained=drained, acknowledged_seq=read_acknowledged(self.reader)
        )
        evidence.channel = [
            Success(*row) for row in run("SELECT attempt, captured_fen FROM sim_trades WHERE state='paid'")
        ]
        evidence.channel_refunds = [
            GivenBack(*row)
            for row in run("SELECT part, attempt, amount_fen FROM sim_refunds WHERE state<>'failed'")
        ]
        evidence.grants = dict(map(tuple, run("SELECT id, granted_fen FROM leases")))
        evidence.balances = self.balances(evidence) if drained else None
        evidence.no_points = frozenset(self.no_points)
        evidence.settled = settled
        return evidence

    def balances(self, evidence: Evidence) -> dict[str, Balance]:
        """What each account says at the platform, and what the journal adds up to."""
        folds = {self.accounts[kind]: fen for kind, fen in AT_FIRST_FEN.items()}
        fold_accounts(evidence, folds)
        told = self.database.connection.execute("SELECT id, balance_fen + pending_fen FROM accounts")
        return {name: Balance(fen, folds.get(name, 0)) for name, fen in told}

    def trades(self) -> dict[str, dict[str, Any]]:
        """Every trade as its channel has it."""
        rows = self.database.connection.execute("SELECT * FROM sim_trades")
        return {row["attempt"]: dict(row) for row in rows}

    def check_platform(self) -> None:
        """What the platform holds for paid is what the channel took."""
        rows = self.database.connection.execute(
            "SELECT t.attempt, t.captured_fen, s.state, s.captured_fen AS took_fen FROM trades t"
            " LEFT JOIN sim_trades s USING (attempt) WHERE t.state='paid'"
            " AND (s.state IS NOT 'paid' OR s.captured_fen IS NOT t.captured_fen)"
        )
        odd = [tuple(row) for row in rows]
        assert not odd, f"the platform holds for paid what the channel did not take so: {odd}"

    def judge(self, **how: bool) -> None:
        """Raise AssertionError with every violation."""
        found = check(self.evidence(**how))
        assert not found, "\n".join(map(str, found))


def fold_accounts(evidence: Evidence, folds: dict[str, int]) -> None:
    """Add what the journal tells of accounts: earned, claimed, spent, given back, taken back, added."""
    journal = evidence.journal
    moves: list[tuple[str, int]] = []
    for entry in journal.of("SaleSettled", "BillPaid"):
        moves += [(tender.account, -tender.amount_fen) for tender in tenders_of(entry)]
        moves.append((entry.data.get("points_account", ""), entry.data.get("points", 0)))
    for entry in journal.of("RefundRequested"):
        moves += [(part.account, part.amount_fen) for part in refund_parts(entry)]
    moves += [(e.data["points_account"], -e.data["points_back"]) for e in journal.of("GoodsReturned")]
    moves += [(e.data["account"], e.data["points"]) for e in journal.of("PointsClaimed")]
    moves += [(e.data["account"], e.data["amount_fen"]) for e in journal.of("TopUpSettled", "BillCredited")]
    for account, fen in moves:
        if account:
            folds[account] = folds.get(account, 0) + fen


def prepare_contract(platform: Platform) -> Mapping[str, Any]:
    """Open contract documents by the platform's keys, as the hub does."""
    from edge.pay.contract import open_contract

    keys = open_keyset(platform.keys.keyset, platform.keys.root.public)
    return {"contract": lambda data: open_contract(data["cose"], keys, None)}


def without_waiting() -> Any:
    """Nobody waits in real time for a platform that is away."""
    return patch.object(device_payments, "READY_WAIT_S", 0.0)
