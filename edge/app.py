"""The composition root: builds every part of a hub by constructor arguments, and runs its roles."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator

from aiohttp import web

from cloud_sync.bills import HttpBillPlatform
from cloud_sync.checkpoints import CheckpointKeeper
from cloud_sync.commands import CommandSession
from cloud_sync.downlink import Downlink
from cloud_sync.http import PlatformHttp
from cloud_sync.identity import note_conflict
from cloud_sync.keyring import KeyRing, load_root_key
from cloud_sync.leases import HttpLeasePlatform
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
from edge.config import (
    BrokerSettings,
    Config,
    PlatformSettings,
    SiteSettings,
)
from edge.control import Control
from edge.counter import Counter
from edge.due import RECURRING
from edge.errors import EdgeError
from edge.links.control import ControlSocket, build_control
from edge.links.control_client import CONTROL_SOCKET
from edge.links.health import HealthRegistry
from edge.links.metrics import Metrics
from edge.links.scans import PAYMENT_CODE, Scan, ScanQueue
from edge.links.supervisor import Role, Supervisor
from edge.pay.codes import CodeTable, PaymentCodeSettings
from edge.pay.contract import open_contract
from edge.pay.copies import note_feed
from edge.pay.leases import LeaseDesk
from edge.payments import LIMITS, Payments
from edge.service.timers import TimerRunner
from edge.shop import orders
from edge.site import DATABASE, one_or_default, open_store, read_secret
from edge.staff.accounts import StaffDesk
from edge.standing import Parts, count_restarts, register_health
from edge.store.errors import NotWritable
from edge.tables import APPLIERS
from edge.trust.clock import TrustedClock
from edge.upkeep import make_books_check, make_retention, make_telemetry
from kiosk.app import KioskDeps, build_kiosk
from kiosk.server import RUNNING
from kiosk.settings import KioskSettings

log = logging.getLogger(__name__)


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

    `supervisor` runs the roles kiosk, devices, sync, timers, retention, books, counter, match, telemetry.
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
        self._telemetry = make_telemetry(
            config,
            self.store,
            self.clock,
            self._folder,
            uplink_waiting=lambda: self._uplink.waiting,
            role_restarts=self._count_restarts,
        )
        self._build_kiosk_side()
        self._build_staff_side()
        self._build_roles()
        self.supervisor = Supervisor(
            (
                Role("kiosk", self._serve_kiosk),
                Role("devices", self._gateway.run),
                Role("sync", self._sync.run),
                Role("timers", self._timers.run),
                Role("retention", make_retention(config, self.store, self.clock, self._folder).run),
                Role("books", make_books_check(self.store, self._folder).run),
                Role("counter", self._counter.run),
                Role("match", self._counter.matcher.run),
                Role("telemetry", self._telemetry.run),
            )
        )
        register_health(self.health, self._parts())
        count_restarts(self.metrics, self.supervisor)

    def _parts(self) -> Parts:
        return Parts(
            store=self.store,
            clock=self.clock,
            guard=self._guard,
            vision=self._vision,
            readers=self._config.many("reader", ReaderSettings),
            bank_settings=self._bank_settings,
            banks=self._banks,
            uplink=self._uplink,
            downlink=self._downlink,
            commands=self._commands,
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
        self._payments = Payments(
            self.store,
            HttpPaymentPlatform(self._http, confirmed=self._uplink.confirmed),
            clock=self.clock,
            codes=CodeTable(self._config.many("payment_code", PaymentCodeSettings)),
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
        router = ScanRouter(
            readers, kiosks={self._site.device: self._scans}, opener=self._opener, codes=self._payments.codes
        )
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
            engine=self._payments.engine,
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
            codes=self._payments.codes,
            leases=LeaseDesk(self.store, HttpLeasePlatform(self._http)),
            limits=LIMITS,
            bills=HttpBillPlatform(self._http),
        )

    def _build_staff_side(self) -> None:
        staff = StaffDesk(self.store)
        self._counter = Counter(
            self._config,
            store=self.store,
            http=self._http,
            payments=self._payments,
            staff=staff,
            clock=self.clock,
        )
        control = Control(
            store=self.store,
            clock=self.clock,
            staff=staff,
            health=self.health,
            database=self._folder / DATABASE,
            telemetry=self._telemetry,
        )
        routes = (*control.routes(), *self._counter.control.routes())
        self._control = ControlSocket(
            build_control(routes, uids=frozenset({0, os.getuid()})), self._folder / CONTROL_SOCKET
        )

    def _build_roles(self) -> None:
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
                Role("payments", self._payments.run),
            )
        )
        self._timers = TimerRunner(
            store=self.store,
            clock=self.clock,
            acts={},
            recurring=RECURRING,
            regular=(self._refusals.flush, self._end_holds),
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
