"""The composition root: builds every part of a hub by constructor arguments, and runs its roles."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from functools import partial

import msgspec
from aiohttp import web

from cloud_sync.checkpoints import CheckpointKeeper
from cloud_sync.commands import CommandSession
from cloud_sync.downlink import Downlink
from cloud_sync.http import PlatformHttp
from cloud_sync.identity import note_conflict
from cloud_sync.keyring import KeyRing, load_root_key
from cloud_sync.payments import HttpPaymentPlatform
from cloud_sync.telemetry import TelemetryUplink
from cloud_sync.timesync import TimeSync
from cloud_sync.uplink import Uplink
from devices.gateway import BankRouter, ContactReports, Gateway, HoldRole, ScanRouter
from devices.gpio.client import GuardClient
from devices.registry import SiteBroker, make_bank_drivers
from devices.settings import BankSettings, DoorSettings, GuardSettings, ReaderSettings, VisionSettings
from devices.vision_client import VisionClient
from edge.access.contacts import ContactDesk
from edge.access.entry import DoorOpener
from edge.access.holds import HoldKeeper, end_overdue_holds
from edge.access.openings import recover_openings
from edge.access.pickup import PickupDesk
from edge.access.records import overdue_holds
from edge.access.refusals import RefusalLog
from edge.books.verification import BooksReport
from edge.config import (
    BrokerSettings,
    Config,
    JournalSettings,
    PlatformSettings,
    SiteSettings,
    TelemetrySettings,
)
from edge.control import Control
from edge.due import RECURRING, BooksCheck
from edge.errors import EdgeError
from edge.homes.fees import settle_bills
from edge.links.control import ControlSocket, build_control
from edge.links.control_client import CONTROL_SOCKET
from edge.links.health import HealthRegistry, PartHealth, State
from edge.links.metrics import Metrics
from edge.links.scans import PAYMENT_CODE, Scan, ScanQueue
from edge.links.supervisor import Role, Supervisor
from edge.pay.contract import open_contract
from edge.pay.copies import note_feed
from edge.pay.engine import PaymentEngine
from edge.service.gauges import GaugeReader, condition_number
from edge.service.journal_room import judge_journal_room
from edge.service.timers import TimerRunner
from edge.shop import orders
from edge.shop.checkout import cancel_abandoned, settle_sale
from edge.site import ARCHIVES, DATABASE, one_or_default, open_store, read_secret
from edge.staff.accounts import StaffDesk
from edge.store.condition import Condition
from edge.store.errors import NotWritable
from edge.store.identity import quarantine_of
from edge.store.jobs import run_job
from edge.store.lanes import Lane
from edge.store.retention import Budget, Retention
from edge.store.telemetry import Telemetry
from edge.tables import APPLIERS
from edge.trust.clock import Trust, TrustedClock
from kiosk.app import KioskDeps, build_kiosk
from kiosk.server import RUNNING
from kiosk.settings import KioskSettings

log = logging.getLogger(__name__)

SETTLE_EVERY_S = 20.0
"""How often payments without outcome are asked about while nobody stands before them."""


async def run_hub(config: Config) -> None:
    """Run a hub until SIGTERM or SIGINT. Raises StoreError when the database cannot be used."""
    hub = Hub(config)
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    async with hub.open():
        with contextlib.suppress(asyncio.CancelledError):
            await hub.supervisor.run()


class Hub:
    """Every part of one hub, wired.

    `supervisor` runs the roles kiosk, devices, sync, timers, retention, books, telemetry.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._site = config.one("site", SiteSettings)
        self._folder = config.resolve(self._site.data_dir)
        self.clock = TrustedClock()
        self.store = open_store(config, self.clock)
        self.health = HealthRegistry()
        self.metrics = Metrics()
        self._build_platform_side()
        self._build_doors()
        self._telemetry = self._make_telemetry()
        self._build_kiosk_side()
        self.supervisor = Supervisor(
            (
                Role("kiosk", self._serve_kiosk),
                Role("devices", self._gateway.run),
                Role("sync", self._sync.run),
                Role("timers", self._timers.run),
                Role("retention", self._make_retention().run),
                Role("books", self._books_check.run),
                Role("telemetry", self._telemetry.run),
            )
        )
        self._register_health()

    def _make_retention(self) -> Retention:
        settings = one_or_default(self._config, "journal", JournalSettings)
        budget = Budget(settings.keep_days, settings.archive_years, settings.budget_mb * 1_000_000)
        return Retention(
            store=self.store,
            clock=self.clock,
            folder=self._folder / ARCHIVES,
            budget=budget,
            alarm=judge_journal_room,
        )

    def _make_telemetry(self) -> Telemetry:
        gauges = GaugeReader(
            folder=self._folder,
            clock=self.clock,
            hub={
                "store_condition": lambda: condition_number(self.store.condition),
                "front_lane_waiting": lambda: self.store.waiting(Lane.FRONT),
                "bulk_lane_waiting": lambda: self.store.waiting(Lane.BULK),
                "uplink_waiting": lambda: self._uplink.waiting,
                "role_restarts": self._count_restarts,
            },
        )
        return Telemetry(
            store=self.store,
            clock=self.clock,
            read_gauges=gauges.read,
            free_bytes=gauges.free_bytes,
            keep_rows=one_or_default(self._config, "telemetry", TelemetrySettings).keep_rows,
        )

    def _count_restarts(self) -> int:
        return sum(sum(each.restarts.values()) for each in (self.supervisor, self._sync))

    def _build_platform_side(self) -> None:
        settings = self._config.one("platform", PlatformSettings)
        self._http = PlatformHttp(
            url=settings.url,
            site=self._site.id,
            device=self._site.device,
            token=read_secret(self._config, settings.token_file),
            ca_file=self._config.resolve(settings.ca_file) if settings.ca_file else None,
            clock=self.clock,
        )
        root = load_root_key(self._config.resolve(settings.root_key_file))
        self._keyring = KeyRing(store=self.store, root_public=root)
        self._uplink = Uplink(store=self.store, http=self._http)
        self._checkpoints = CheckpointKeeper(
            store=self.store, http=self._http, keys=self._keyring.current, clock=self.clock
        )
        self._timesync = TimeSync(store=self.store, http=self._http, clock=self.clock, keyring=self._keyring)
        keyring = self._keyring
        self._downlink = Downlink(
            store=self.store,
            http=self._http,
            appliers={**APPLIERS, "keyset": keyring.apply_record},
            prepare={
                "keyset": keyring.prepare_record,
                "contract": lambda data: open_contract(data["cose"], keyring.current(), None),
            },
            note=note_feed,
        )
        self._engine = PaymentEngine(
            self.store,
            HttpPaymentPlatform(self._http, confirmed=self._uplink.confirmed),
            settle={"sale": settle_sale, "fee": settle_bills},
            clock=self.clock,
            conflict=lambda unit, attempt: note_conflict(unit, attempt.id),
        )

    def _build_doors(self) -> None:
        config = self._config
        doors = config.many("door", DoorSettings)
        self._contacts = ContactDesk(store=self.store, orders=orders)
        self._refusals = RefusalLog(store=self.store, clock=self.clock)
        reports = ContactReports(self._contacts)
        self._holds = HoldRole(
            HoldKeeper(store=self.store, clock=self.clock, holder=self._guard_client(doors, reports))
        )
        self._opener = DoorOpener(
            store=self.store,
            clock=self.clock,
            keys=self._keyring.current,
            doors={door.id: door.to_door() for door in doors},
            pulser=self._guard,
            contacts=self._contacts,
            refusals=self._refusals,
            trigger=self._guard.fire,
        )
        self._bank_settings = config.many("bank", BankSettings)
        self._banks = make_bank_drivers(self._bank_settings, self._site_broker(), reports.cell)
        self._pickup = PickupDesk(
            store=self.store,
            clock=self.clock,
            keys=self._keyring.current,
            cells=BankRouter(self._banks),
            orders=orders,
            contacts=self._contacts,
            refusals=self._refusals,
        )
        self._build_readers(reports)

    def _site_broker(self) -> SiteBroker:
        settings = self._config.one("broker", BrokerSettings)
        return SiteBroker(
            host=settings.host,
            port=settings.port,
            username=settings.username,
            password=read_secret(self._config, settings.password_file),
            client_id=f"hub-{self._site.device}",
        )

    def _guard_client(self, doors: tuple[DoorSettings, ...], reports: ContactReports) -> GuardClient:
        settings = one_or_default(self._config, "guard", GuardSettings)

        async def connected() -> None:
            await self._holds.connected()

        self._guard = GuardClient(
            socket=self._config.resolve(settings.socket),
            doors=doors,
            on_contact=reports.door,
            on_connected=connected,
        )
        return self._guard

    def _build_readers(self, reports: ContactReports) -> None:
        readers = self._config.many("reader", ReaderSettings)
        self._scans = ScanQueue()
        self._kiosk_readers = [
            reader.id for reader in readers if reader.serves == f"kiosk:{self._site.device}"
        ]
        router = ScanRouter(readers, kiosks={self._site.device: self._scans}, opener=self._opener)
        settings = one_or_default(self._config, "vision", VisionSettings)
        self._vision = VisionClient(
            socket=self._config.resolve(settings.socket),
            clock=self.clock,
            on_scan=router.put,
            on_discarded=lambda reader: router.put(self._discarded(reader)),
        )
        drivers = {id(driver): driver for driver in self._banks.values()}
        self._gateway = Gateway(
            (
                Role("contacts", reports.run),
                Role("guard", self._guard.run),
                Role("holds", self._holds.run),
                Role("vision", self._vision.run),
                *(Role(f"reader-{n}", reader.run) for n, reader in enumerate(router.door_readers)),
                Role("late-openings", self._opener.late.run),
                *(Role(f"banks-{n}", driver.run) for n, driver in enumerate(drivers.values())),
            )
        )

    def _build_kiosk_side(self) -> None:
        self._kiosk_settings = self._config.one("kiosk", KioskSettings)
        self._kiosk = KioskDeps(
            store=self.store,
            engine=self._engine,
            pickup=self._pickup,
            keys=self._keyring.current,
            clock=self.clock,
            scans=self._scans,
            contacts=self._contacts,
            banks=self._bank_settings,
            site=self._site,
            settings=self._kiosk_settings,
            health=self.health,
            metrics=self.metrics,
            readers=frozenset(self._kiosk_readers),
            pay_screen=self._set_pay_screen,
        )
        control = Control(
            store=self.store,
            clock=self.clock,
            staff=StaffDesk(self.store),
            health=self.health,
            database=self._folder / DATABASE,
            telemetry=self._telemetry,
        )
        self._control = ControlSocket(
            build_control(control.routes(), uids=frozenset({0, os.getuid()})), self._folder / CONTROL_SOCKET
        )
        settings = self._config.one("platform", PlatformSettings)
        self._commands = CommandSession(
            settings=settings.broker,
            password=read_secret(self._config, settings.broker.password_file),
            site=self._site.id,
            device=self._site.device,
            http=self._http,
            clock=self.clock,
            keys=self._keyring.current,
            doors=self._opener,
            raise_floor=self.clock.raise_floor,
        )
        self._sync = Supervisor(
            (
                Role("time", self._timesync.run),
                Role("uplink", self._uplink.run),
                Role("checkpoints", self._checkpoints.run),
                Role("downlink", self._downlink.run),
                Role("commands", self._commands.run),
                Role("telemetry", TelemetryUplink(store=self.store, http=self._http).run),
                Role("payments", self._settle_open_payments),
            )
        )
        self._timers = TimerRunner(
            store=self.store,
            clock=self.clock,
            acts={},
            recurring=RECURRING,
            regular=(self._refusals.flush, self._end_holds),
        )
        self._books_check = BooksCheck(store=self.store, verify=self._verify_books)

    def _register_health(self) -> None:
        flag = self.health.register_flag
        self.health.register("store", self._store_health)
        self.health.register("identity", self._identity_health)
        flag("guard", lambda: self._guard.connected)
        flag("vision", lambda: self._vision.connected)
        for reader in self._config.many("reader", ReaderSettings):
            flag(f"reader:{reader.id}", partial(self._reader_lives, reader.id))
        for bank in self._bank_settings:
            flag(f"bank:{bank.id}", partial(self._banks[bank.id].online, bank.id))
        flag("platform", lambda: self._downlink.online)
        flag("copy", lambda: self._downlink.complete or None)
        self.health.register("uplink", self._uplink_health)
        flag("commands", lambda: self._commands.ready)
        flag("clock", lambda: self.clock.now().trust is not Trust.UNKNOWN)
        self.metrics.describe("edge_role_restarts_total", "How often a role was started again.")
        for name in self.supervisor.restarts:
            self.metrics.gauge(
                "edge_role_restarts_total", partial(self.supervisor.restarts.__getitem__, name), role=name
            )

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Bring the state of before a restart to a clear end, then listen on the control socket."""
        try:
            try:
                await self.store.run(recover_openings)
            except NotWritable as error:
                # The kiosk has to say why nothing is sold; what was undecided stays so until the next start.
                log.error("openings of before the start stay undecided: %s", error)
            await self._keyring.load()
            await self._control.open()
            yield
        finally:
            await self._control.close()
            await self._opener.close()
            await self._opener.late.write()
            self._opener.late.report_lost()
            with contextlib.suppress(EdgeError):
                await self._refusals.close()
            await self._telemetry.write()
            await self._pickup.close()
            await self._http.close()
            self.store.close()

    async def _serve_kiosk(self) -> None:
        app = build_kiosk(self._kiosk)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._kiosk_settings.host, self._kiosk_settings.port).start()
            await app[RUNNING]
        finally:
            await runner.cleanup()

    async def _settle_open_payments(self) -> None:
        """First what a restart left open, then orders that nobody pays any more, then from time to time."""
        started_at_ms = self.clock.now().at_ms
        await self._engine.settle_open()
        await self.store.run(lambda unit: cancel_abandoned(unit, placed_before_ms=started_at_ms))
        while True:
            await asyncio.sleep(SETTLE_EVERY_S)
            await self._engine.settle_open()

    async def _end_holds(self) -> None:
        """A hold's row is its own due row; it is looked for before anything is written."""
        at_ms = self.clock.now().at_ms
        if await self.store.read(lambda connection: overdue_holds(connection, at_ms)):
            await self.store.run(end_overdue_holds)

    def _set_pay_screen(self, on: bool) -> None:
        for reader in self._kiosk_readers:
            self._vision.pay_screen(reader, on)

    def _discarded(self, reader: str) -> Scan:
        """Tells the screen that a payment code was shown and thrown away; its text never came here."""
        return Scan(reader=reader, symbology=PAYMENT_CODE, text="", at_ms=self.clock.now().at_ms)

    async def _verify_books(self) -> BooksReport:
        return msgspec.convert(await run_job("books-verify", self._folder / DATABASE), BooksReport)

    async def _store_health(self) -> PartHealth:
        standing = self.store.standing
        well = standing.condition is Condition.READY
        return PartHealth(State.OK if well else State.DOWN, standing.reason or standing.condition.value)

    async def _identity_health(self) -> PartHealth:
        stopped = await self.store.read(quarantine_of)
        if stopped is None:
            return PartHealth(State.OK)
        return PartHealth(
            State.DOWN, f"{stopped.code} from entry {stopped.seq}; edge identity show says more"
        )

    async def _uplink_health(self) -> PartHealth:
        """While nothing waits the uplink has nothing to say; then the feed's word counts."""
        if self._uplink.halted is not None:
            return PartHealth(State.DOWN, self._uplink.halted)
        online = self._downlink.online if self._uplink.online is None else self._uplink.online
        return PartHealth(State.UNKNOWN if online is None else State.OK if online else State.DOWN)

    def _reader_lives(self, reader: str) -> bool | None:
        state = self._vision.states.get(reader)
        return None if state is None else state == "live"
