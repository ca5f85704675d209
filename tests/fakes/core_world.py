"""The whole core over one database file; clock, disk, network, guard and people are in the test's hand."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cloud_sync.commands import CommandSession
from cloud_sync.downlink import Downlink
from cloud_sync.platform import schema as platform_schema
from cloud_sync.uplink import Uplink
from edge.access.contacts import ContactDesk
from edge.access.credentials.reading import CredentialReader
from edge.access.doors.door import Door, DoorKind
from edge.access.doors.expecting import ExpectedPulses
from edge.access.doors.site import SiteDoors
from edge.access.entry import DoorOpener
from edge.access.holds import end_overdue_holds
from edge.access.late import cannot_write
from edge.access.openings import recover_openings
from edge.access.pickup import PickupDesk
from edge.access.refusals import RefusalLog
from edge.config import BrokerSettings
from edge.homes import fees
from edge.pay.copies import note_feed
from edge.pay.engine import PaymentEngine
from edge.pay.records import platform_row
from edge.proof.evidence import Edge, Entry, Evidence, Held, Link, Permit, Success, ToldSale
from edge.proof.invariants import check
from edge.proof.records import read_acknowledged, read_persons
from edge.proof.store import StoreCollector
from edge.service.timers import TimerRunner
from edge.settlement.shifts import close_shift, current_shift
from edge.shop import checkout, orders
from edge.store.connections import open_reader, prepare_writer
from edge.store.identity import settle_identity
from edge.store.inline import InlineStore
from edge.store.migrate import Migration, apply_to
from edge.store.unit import Unit
from edge.tables import APPLIERS, MIGRATIONS
from edge.trust.commands import Command, issue_command
from edge.trust.keys import KeySet, SigningKey, verifying_key
from edge.trust.passes import (
    RESIDENT_SKEW_MS,
    Pass,
    issue_holder_certificate,
    issue_pass,
    open_resident_code,
    resident_code,
)
from tests.fakes.access_world import CHEAP_HASHER, Patience
from tests.fakes.cells import FakeCells
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.inline_guard import InlineGuard
from tests.fakes.inline_platform import InlinePlatform
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.power import FakeReserve, Power, PowerCut, PoweredConnection
from tests.fakes.trade import product_data

SITE, DEVICE = "heyuanli", "k1"
DAY_MS = 86_400_000
PULSE_MS = 3_000
RESIDENT, ROOM = "res-1203", "r-3-1203"
RESIDENT_RECORD = {"subject": RESIDENT, "room": ROOM, "name_masked": "王*明"}
DOORS = {
    "gate": Door(id="gate", kind=DoorKind.VISITOR),
    "building-3": Door(id="building-3", kind=DoorKind.RESIDENTS),
}
LINES = {"gate": 17, "building-3": 22}
CELLS = {"o1": ("A01", "A02"), "o2": ("B01",), "o3": ("A01",)}
"""The platform gives A01 to o3 while o1 may still lie in it: the hub must not open it for both."""
SECRETS = {"a phone number": "13800138000", "a payment code": "134567890123456789", "a name": "王小明"}


def community() -> dict[str, dict[str, dict[str, Any]]]:
    """What the platform knows of the site at the start."""
    grant = {"subject": RESIDENT, "doors": list(DOORS), "from_ms": 0, "until_ms": START_MS + 4000 * DAY_MS}
    bill = {
        "room": ROOM,
        "item": "property_fee",
        "payee": "property",
        "period": "2026-11",
        "due_on": "2026-11-30",
        "amount_fen": 26_880,
    }
    return {
        "products": {"s1": product_data(1), "s2": product_data(2, price_fen=300)},
        "deliveries": {
            "d1": {
                "id": "d1",
                "lines": [
                    {"sku": "s1", "lot": "L1", "quantity": 3, "expires_on": "2036-01-01"},
                    {"sku": "s2", "lot": "L2", "quantity": 4, "expires_on": "2036-01-01"},
                ],
            }
        },
        "bills": {f"b{n}": {"id": f"b{n}", **bill, "amount_fen": 1000 * n} for n in (1, 2)},
        "orders": {
            name: {
                "id": name,
                "subject": RESIDENT,
                "state": "in_cells",
                "cells": [{"bank": "bank-a", "cell": cell, "parcel": f"{name}-{cell}"} for cell in cells],
            }
            for name, cells in CELLS.items()
        },
        "grants": {"g1": grant},
        "residents": {RESIDENT: RESIDENT_RECORD},
    }


def changed_schema(scripts: Sequence[str], changes: Mapping[str, str]) -> list[str]:
    """The scripts with texts replaced. Raises LookupError for a text that stands in none of them."""
    for before, after in changes.items():
        if not any(before in script for script in scripts):
            raise LookupError(f"no {before!r} in the schema: the bug cannot be planted")
        scripts = [script.replace(before, after) for script in scripts]
    return list(scripts)


def make_template(path: Path, changes: Mapping[str, str]) -> None:
    """A database with all tables, owned and empty; `changes` replace texts of the schema."""
    scripts = changed_schema([step.sql for step in MIGRATIONS], changes)
    steps = [Migration(step.name, sql) for step, sql in zip(MIGRATIONS, scripts, strict=True)]
    connection = prepare_writer(sqlite3.connect(path, isolation_level=None))
    apply_to(connection, steps)
    InlineStore(connection, site=SITE, device=DEVICE, clock=FakeClock()).close()


class Silence:
    """A broker that takes every answer."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Take it."""


class CoreWorld:
    """Everything of the core. `restart` is a power cut; `evidence` is what the checker is given."""

    def __init__(self, path: Path, *, platform_sql: str = platform_schema.SCHEMA) -> None:
        self.path = path
        self.clock = FakeClock()
        self.power = Power()
        self.platform = InlinePlatform(community(), lambda: self.clock.at_ms, schema=platform_sql)
        self.channel = FakePaymentPlatform(now_ms=self.clock.at_ms)
        self.cells = FakeCells()
        self.reader = open_reader(path)
        self.collector = StoreCollector(self.reader)
        self.guard = InlineGuard(LINES, PULSE_MS, self.look)
        self.cell_edges: list[Edge] = [Edge(0, f"{b}/{c}", 0, "start") for b, c in sorted(self.cells.cells)]
        self.held: dict[str, Held] = {}
        self.hold_ends_ms: dict[str, int] = {}
        self.told: dict[str, ToldSale] = {}
        self.former: list[Entry] = []
        self.kiosks: set[str] = set()
        self.lost: frozenset[str] = frozenset()
        self.permits: dict[str, Permit] = {}
        self.forgotten: frozenset[str] = frozenset()
        self.secrets = dict(SECRETS)
        self._make_keys()
        self.build()

    def _make_keys(self) -> None:
        self.passes = SigningKey.generate("p1", "passes")
        self.orders_key = SigningKey.generate("c1", "commands")
        self.phone = SigningKey.generate("phone", "passes")
        self.keys = KeySet(1, [verifying_key(self.passes), verifying_key(self.orders_key)])

    def look(self) -> tuple[int, bool]:
        """The last seq on disk, and whether anything could be written."""
        row = self.reader.execute("SELECT max(seq) FROM journal").fetchone()
        blind = "store" in vars(self) and cannot_write(self.store)
        return row[0] or 0, not (self.power.read_only or blind)

    def build(self) -> None:
        """Open the file and make every object anew, as a start of the program does."""
        self.patience = Patience()
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
        self.store._writer._monotonic_s = lambda: self.guard.boot_ms / 1000
        self.store.run_now(lambda unit: settle_identity(unit, hardware="pi-1"))
        self.contacts = ContactDesk(store=self.store, orders=orders)
        self.site_doors = SiteDoors(
            store=self.store,
            clock=self.clock,
            doors=DOORS.values(),
            inputs=(),
            contacts=self.contacts,
            holder=self.guard,
            boot_ms=lambda: self.guard.boot_ms,
        )
        self.holds = self.site_doors.holds
        pulses = ExpectedPulses(live=self.site_doors.live, pulser=self.guard, trigger=self.guard.trigger)
        self.refusals = RefusalLog(store=self.store, clock=self.clock)
        self.credentials = CredentialReader(
            store=self.store, clock=self.clock, keys=lambda: self.keys, hasher=CHEAP_HASHER
        )
        self.opener = DoorOpener(
            store=self.store,
            clock=self.clock,
            reader=self.credentials,
            doors=DOORS,
            pulser=pulses,
            contacts=self.contacts,
            refusals=self.refusals,
            patience=self.patience,
            trigger=pulses.fire,
            gate=self.site_doors.gate,
        )
        self.desk = PickupDesk(
            store=self.store,
            clock=self.clock,
            keys=lambda: self.keys,
            cells=self,
            orders=orders,
            contacts=self.contacts,
            refusals=self.refusals,
            patience=self.patience,
        )
        self._build_outside()

    def _build_outside(self) -> None:
        self.engine = PaymentEngine(
            self.store,
            self.channel,
            settle={"sale": checkout.settle_sale, "fee": fees.settle_bills},
            clock=self.clock,
        )
        http: Any = self.platform
        self.uplink = Uplink(store=self.store, http=http, batch_events=20)
        self.downlink = Downlink(
            store=self.store,
            http=http,
            appliers=APPLIERS,
            note=note_feed,
            clock_ms=lambda: self.guard.boot_ms,
        )
        self.commands = CommandSession(
            settings=BrokerSettings(host="127.0.0.1", port=1, username="k1", password_file="p"),
            password="p",
            site=SITE,
            device=DEVICE,
            http=http,
            clock=self.clock,
            keys=lambda: self.keys,
            doors=self.opener,
        )
        self.commands._session = Silence()  # type: ignore[assignment]
        self.timers = TimerRunner(store=self.store, clock=self.clock, acts={"end_shift": _end_shift})

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """The board, with a trace of what it did."""
        asked = len(self.cells.asked)
        try:
            await self.cells.open_cell(opening_id, bank, cell)
        finally:
            if len(self.cells.asked) > asked:
                edge = Edge(self.guard.boot_ms, f"{bank}/{cell}", 1, opening_id, *self.look())
                self.cell_edges += [edge, edge._replace(level=0)]

    async def restart(self, replace: Callable[[], Link] | None = None) -> None:
        """Lose all that is in memory and all that is not on disk; then start as `edge run` does.

        `replace` puts another file in place meanwhile and returns its head.
        """
        await self.close()
        self.lost |= self.opener.late.ids
        self.power.restore()
        self.guard.hub_gone()
        self.guard.start()
        link = self.collector.link
        self.reader.close()
        if replace is not None:
            link = replace()
        self.build()
        self.reader = open_reader(self.path)
        self.collector = StoreCollector(self.reader, seen=link)
        await self.recover()

    async def recover(self) -> None:
        """What a start does before anything else."""
        self.store.run_now(recover_openings)
        await self.site_doors.start()
        self.holds.forget()
        await self.holds.apply()

    async def close(self) -> None:
        """Stop every watch and let the file go."""
        for task in tuple(self.commands._running):
            task.cancel()
        await self.opener.close()
        await self.desk.close()
        self.store.executor.connection.close()

    async def settle(self) -> None:
        """Let every task that can run, run."""
        for _ in range(12):
            await asyncio.sleep(0)
        await self.opener.late.write()

    async def pass_time(self, ms: int) -> None:
        """Boot time and the hub's clock go on; then the roles that look from time to time do."""
        self.guard.advance(ms)
        self.clock.advance(ms=ms)
        self.channel.now_ms = self.clock.at_ms
        await self.look_around()

    async def change_guard(self, mode: str) -> None:
        """Change how the guard behaves; one that is away sees the hub's end-of-file, and later its hello."""
        self.guard.mode = mode
        if mode == "refuses":
            self.guard.hub_gone()
        else:
            self.holds.forget()
            self.guard.hub_gone()
            await self.holds.apply()

    async def look_around(self) -> None:
        """One round of the writer's own look, of the `timers` role and of the holds."""
        self.store._writer.look()
        await self.holds.apply()
        self.site_doors.live.tick()
        await self.site_doors.owed.write()
        await self.timers.run_due()
        await self.refusals.flush()
        await self.store.run(end_overdue_holds)
        await self.holds.apply()

    def issue_pass(self, name: str, *, uses: int | None, until_ms: int, kind: str = "visitor") -> str:
        """A pass of the platform for both doors."""
        from_ms = self.clock.at_ms // 1000 * 1000 - 60_000
        self.permits[name] = Permit(
            kind, uses, from_ms, until_ms, frozenset(f"door:{door}" for door in DOORS)
        )
        shown = Pass(
            id=name,
            kind=kind,
            site=SITE,
            subject="guest-1",
            doors=tuple(DOORS),
            not_before_ms=from_ms,
            expires_ms=until_ms,
            uses=uses,
        )
        text = issue_pass(self.passes, shown)
        self.secrets[f"the text of {name}"] = text
        return text

    def order_pass(self, order: str) -> str:
        """The pass of an order in cells."""
        shown = Pass(
            id=f"pass-{order}",
            kind="order",
            site=SITE,
            subject=RESIDENT,
            order=order,
            not_before_ms=self.clock.at_ms - 60_000,
            expires_ms=self.clock.at_ms + 20 * DAY_MS,
        )
        return issue_pass(self.passes, shown)

    def code(self) -> str:
        """A fresh code of the resident's phone."""
        until_ms = self.clock.at_ms // 1000 * 1000 + 30 * DAY_MS
        certificate = issue_holder_certificate(self.passes, RESIDENT, SITE, self.phone.public, until_ms)
        text = resident_code(self.phone.private, certificate, self.clock.at_ms)
        issued_ms = self.clock.at_ms // 1000 * 1000
        window = (issued_ms - RESIDENT_SKEW_MS, issued_ms + RESIDENT_SKEW_MS)
        self.permits[open_resident_code(text, self.keys, None).id] = Permit("resident", 1, *window)
        return text

    def command(self, number: int, *, door: str, nonce: str, counter: int) -> bytes:
        """A signed command of the platform."""
        name, now_ms = f"cmd{number}", self.clock.at_ms
        self.permits[name] = Permit("command", 1, 0, now_ms + 20_000, frozenset({f"door:{door}"}))
        command = Command(
            id=name,
            site=SITE,
            device=DEVICE,
            target=f"door:{door}",
            action="open",
            subject=RESIDENT,
            iat_ms=now_ms,
            exp_ms=now_ms + 20_000,
            nonce=nonce,
            counter=counter,
        )
        return issue_command(self.orders_key, command)

    async def erase_resident(self) -> None:
        """The resident leaves the roster, or moves in again; who they were is not known any more."""
        there = platform_row(self.reader, "residents", RESIDENT) is not None
        persons = read_persons(self.reader)
        self.platform.put("residents", RESIDENT, None if there else RESIDENT_RECORD)
        await self.downlink.read_next()
        if there and platform_row(self.reader, "residents", RESIDENT) is None:
            self.forgotten |= {name for name, subject in persons.items() if subject == RESIDENT}

    def void(self, names: set[str]) -> None:
        """From now on nothing new may come of these permits."""
        seq, _ = self.look()
        for name in names:
            if (permit := self.permits[name]).void_after_seq is None:
                self.permits[name] = permit._replace(void_after_seq=seq)

    def evidence(self, *, settled: bool = False, drained: bool = False) -> Evidence:
        """Everything that can be known now."""
        evidence = self.collector.collect()
        self._follow_holds(evidence)
        placed = evidence.journal.of("OrderPlaced")
        evidence.told = tuple(self.told.values())
        evidence.asked = frozenset(e.data["order_id"] for e in placed if e.data["kiosk"] in self.kiosks)
        evidence.custody = self.platform.collect(
            drained=drained, acknowledged_seq=read_acknowledged(self.reader)
        )
        taken = evidence.custody.hashes or {}
        for entry in self.former:
            if taken.get((entry.epoch, entry.seq)) == entry.hash:
                evidence.elsewhere.put(entry)
        held = self.channel.held
        evidence.channel = [Success(name, it.amount_fen) for name, it in held.items() if it.state == "paid"]
        evidence.settled = settled
        evidence.trace = [*self.guard.trace.edges, *self.cell_edges]
        evidence.pulse_ms = {str(line): PULSE_MS for line in LINES.values()}
        evidence.held, evidence.now_ms = tuple(self.held.values()), self.guard.boot_ms
        evidence.permits, evidence.secrets = self.permits, self.secrets
        evidence.forgotten = self.forgotten
        evidence.lost = self.lost | self.opener.late.ids
        return evidence

    def _follow_holds(self, evidence: Evidence) -> None:
        """Put the holds of the journal on the guard's clock: each ends where its hour came, or was ended."""
        now_ms = self.guard.boot_ms
        for entry in evidence.journal.of("HoldBegan"):
            name = entry.data["hold"]
            if name not in self.held:
                self.held[name] = Held(str(LINES[entry.data["door"]]), now_ms, None)
                self.hold_ends_ms[name] = entry.data["until_ms"]
        over = {entry.data["hold"] for entry in evidence.journal.of("HoldEnded")}
        over |= {name for name, end_ms in self.hold_ends_ms.items() if end_ms <= self.clock.at_ms}
        for name in over:
            if self.held[name].until_ms is None:
                self.held[name] = self.held[name]._replace(until_ms=now_ms)

    def judge(self, **how: bool) -> None:
        """Raise AssertionError with every violation."""
        found = check(self.evidence(**how))
        assert not found, "\n".join(map(str, found))


def _end_shift(unit: Unit, subject: str) -> None:
    shift = current_shift(unit.connection)
    if shift is not None and shift.id == subject:
        close_shift(unit, actor="timers")


__all__ = ["CoreWorld", "PowerCut"]
