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
from cloud_sync.feed_sweep import Sweep
from cloud_sync.identity import note_conflict
from cloud_sync.keyring import KeyRing, load_root_key
from cloud_sync.leases import HttpLeasePlatform
from cloud_sync.link_use import link_use
from cloud_sync.payments import HttpPaymentPlatform
from cloud_sync.pull import CommandPull
from cloud_sync.telemetry import TelemetryUplink
from cloud_sync.timesync import TimeSync
from cloud_sync.uplink import Uplink
from devices.settings import DoorSettings
from edge.access.credentials.feed import prepare_list
from edge.backup_control import BackupControl
from edge.boards_control import BoardsControl
from edge.clock_control import ClockControl
from edge.config import (
    Config,
    PlatformSettings,
    SiteSettings,
)
from edge.control import Control
from edge.counter import Counter
from edge.counter_rooms import counter_rooms
from edge.devices_control import DevicesControl
from edge.due import RECURRING
from edge.enrolled import Enrolled
from edge.links.control import ControlSocket, build_control
from edge.links.control_client import CONTROL_SOCKET
from edge.links.health import HealthRegistry
from edge.links.metrics import Metrics
from edge.links.supervisor import Role, Supervisor
from edge.links.tls import broker_context
from edge.pay.codes import CodeTable, PaymentCodeSettings
from edge.pay.contract import open_contract
from edge.pay.copies import note_feed
from edge.pay.leases import LeaseDesk
from edge.payments import LIMITS, Payments
from edge.peripherals import Peripherals
from edge.service.disk_alarm import DiskAlarm
from edge.service.timers import TimerRunner
from edge.site import DATABASE, open_store, read_secret
from edge.staff.accounts import StaffDesk
from edge.standing import Parts, count_restarts, register_health
from edge.tables import APPLIERS, ERASER, REFERENCES
from edge.trust.clock import TrustedClock
from edge.upkeep import make_backups, make_books_check, make_retention, make_telemetry
from kiosk.app import KioskDeps, build_kiosk
from kiosk.desks.gate_desk import RoomGateDesk
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

    `supervisor` runs the roles kiosk, devices, sync, timers, retention, books, counter, match, telemetry,
    backups.
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
        self._peripherals = Peripherals(
            config, store=self.store, clock=self.clock, keys=self._keyring.current, codes=self._payments.codes
        )
        self._telemetry = make_telemetry(
            config,
            self.store,
            self.clock,
            self._folder,
            uplink_waiting=lambda: self._uplink.waiting,
            role_restarts=self._count_restarts,
        )
        self._backups = make_backups(config, self.store, self.clock, self._folder, self._http)
        self._build_kiosk_side()
        self._build_staff_side()
        self._build_roles()
        self.supervisor = Supervisor(
            (
                Role("kiosk", self._serve_kiosk),
                Role("devices", self._peripherals.gateway.run),
                Role("sync", self._sync.run),
                Role("timers", self._timers.run),
                Role("disk", DiskAlarm(self.store).run),
                Role("retention", make_retention(config, self.store, self.clock, self._folder).run),
                Role("books", make_books_check(self.store, self._folder).run),
                Role("counter", self._counter.run),
                Role("match", self._counter.matcher.run),
                Role("telemetry", self._telemetry.run),
                Role("backups", self._backups.run),
            )
        )
        register_health(self.health, self._parts())
        self._enrolled.register_health(self.health)
        count_restarts(self.metrics, self.supervisor)

    def _parts(self) -> Parts:
        return Parts(
            store=self.store,
            clock=self.clock,
            peripherals=self._peripherals,
            uplink=self._uplink,
            downlink=self._downlink,
            commands=self._commands,
            backup=self._backups.progress,
        )

    def _count_restarts(self) -> int:
        return sum(sum(each.restarts.values()) for each in (self.supervisor, self._sync))

    def _build_platform_side(self) -> None:
        settings = self._config.one("platform", PlatformSettings)
        self._enrolled = Enrolled(self._config, store=self.store, clock=self.clock)
        self._http = self._enrolled.http
        root = load_root_key(self._config.resolve(settings.root_key_file))
        self._keyring = KeyRing(store=self.store, root_public=root)
        self._use = link_use(metered=settings.metered, kbps=settings.uplink_kbps)
        self._uplink = Uplink(store=self.store, http=self._http, use=self._use)
        self._checkpoints = CheckpointKeeper(
            store=self.store, http=self._http, keys=self._keyring.current, clock=self.clock
        )
        self._timesync = TimeSync(store=self.store, http=self._http, clock=self.clock, keyring=self._keyring)
        keyring = self._keyring
        self._downlink = Downlink(
            store=self.store,
            http=self._http,
            appliers={**APPLIERS, "keyset": keyring.apply_record, **self._enrolled.appliers},
            prepare={
                **self._enrolled.prepare,
                "keyset": keyring.prepare_record,
                "contract": lambda data: open_contract(data["cose"], keyring.current(), None),
                "revocation_list": lambda data: prepare_list(
                    data, keyring.current(), self._site.id, self.clock.now()
                ),
            },
            references=REFERENCES,
            note=note_feed,
            sweep=Sweep(ERASER),
        )
        self._payments = Payments(
            self.store,
            HttpPaymentPlatform(self._http, confirmed=self._uplink.confirmed),
            clock=self.clock,
            codes=CodeTable(self._config.many("payment_code", PaymentCodeSettings)),
            conflict=lambda unit, attempt: note_conflict(unit, attempt.id),
        )

    def _build_kiosk_side(self) -> None:
        self._kiosk_settings = self._config.one("kiosk", KioskSettings)
        self._kiosk = KioskDeps(
            store=self.store,
            engine=self._payments.engine,
            pickup=self._peripherals.pickup,
            deposits=self._peripherals.deposits,
            keys=self._keyring.current,
            clock=self.clock,
            scans=self._peripherals.scans,
            contacts=self._peripherals.contacts,
            identity=self._peripherals.identity,
            gates=RoomGateDesk(
                doors=self._peripherals.door_desk.doors,
                answers=lambda: self._peripherals.answers.answers,
                clock=self.clock,
            ),
            banks=self._peripherals.bank_settings,
            site=self._site,
            settings=self._kiosk_settings,
            health=self.health,
            findings=self._peripherals.findings,
            metrics=self.metrics,
            readers=frozenset(self._peripherals.kiosk_readers),
            pay_screen=self._peripherals.set_pay_screen,
            codes=self._payments.codes,
            leases=LeaseDesk(self.store, HttpLeasePlatform(self._http)),
            limits=LIMITS,
            bills=HttpBillPlatform(self._http),
            parts_off=self._enrolled.parts_off,
        )

    def _build_staff_side(self) -> None:
        staff, rooms = StaffDesk(self.store), self._peripherals
        self._counter = Counter(
            self._config,
            store=self.store,
            http=self._http,
            payments=self._payments,
            staff=staff,
            clock=self.clock,
            rooms=counter_rooms(
                self._config,
                peripherals=rooms,
                health=self.health,
                store=self.store,
                clock=self.clock,
                keys=self._keyring.current,
                staff=staff,
            ),
        )
        control = Control(
            store=self.store,
            clock=self.clock,
            staff=staff,
            health=self.health,
            database=self._folder / DATABASE,
            telemetry=self._telemetry,
            uplink=lambda: self._uplink.progress,
        )
        boards = BoardsControl(walks=self._peripherals.walks, staff=staff)
        devices = DevicesControl(self._peripherals, self._config.many("door", DoorSettings))
        time = ClockControl(clock=self.clock, timesync=self._timesync, staff=staff)
        routes = (
            *control.routes(),
            *time.routes(),
            *self._counter.control.routes(),
            *boards.routes(),
            *devices.routes(),
            *BackupControl(self._backups, staff).routes(),
        )
        self._control = ControlSocket(
            build_control(routes, uids=frozenset({0, os.getuid()})), self._folder / CONTROL_SOCKET
        )

    def _build_roles(self) -> None:
        broker = self._config.one("platform", PlatformSettings).broker
        self._commands = CommandSession(
            settings=broker,
            password=read_secret(self._config, broker.password_file),
            site=self._site.id,
            device=self._site.device,
            http=self._http,
            clock=self.clock,
            keys=self._keyring.current,
            doors=self._peripherals.opener,
            raise_floor=self.clock.raise_floor,
            tls=broker_context(self._config.resolve(broker.ca_file)) if broker.ca_file else None,
            note_trust=self._enrolled.note_broker,
        )
        self._sync = Supervisor(
            (
                Role("time", self._timesync.run),
                Role("uplink", self._uplink.run),
                Role("checkpoints", self._checkpoints.run),
                Role("downlink", self._downlink.run),
                Role("commands", self._commands.run),
                Role("pull", CommandPull(session=self._commands, http=self._http).run),
                Role("telemetry", TelemetryUplink(store=self.store, http=self._http, use=self._use).run),
                Role("payments", self._payments.run),
                *self._enrolled.roles,
            )
        )
        self._timers = TimerRunner(
            store=self.store,
            clock=self.clock,
            acts={},
            recurring=RECURRING,
            regular=self._peripherals.regular,
        )

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Bring the state of before a restart to a clear end, then listen on the control socket."""
        try:
            await self._enrolled.keep_parts()
            await self._peripherals.recover()
            await self._keyring.load()
            await self._control.open()
            yield
        finally:
            await self._control.close()
            await self._peripherals.close()
            await self._telemetry.write()
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
