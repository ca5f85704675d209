"""Every peripheral of one hub, wired to the rooms: doors, locker banks, readers, cameras."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from devices.dead_contacts import DeadContacts
from devices.door_router import DoorRouter
from devices.gateway import BankRouter, ContactReports, Gateway, HoldRole, ScanRouter
from devices.gpio.client import GuardClient
from devices.gpio.lamps import DoorLamps
from devices.input_watch import InputWatch
from devices.lines import InputSettings, SignalSettings
from devices.modbus.settings import ModbusSettings
from devices.mqtt.discovery import Announcer, hub_will
from devices.mqtt.site_link import SiteLink
from devices.mqtt.site_watch import SiteWatch
from devices.named import named_devices
from devices.reader_drivers import reader_roles
from devices.readers import ReaderDesk
from devices.registry import DoorSite, make_bank_drivers, make_door_drivers
from devices.settings import BankSettings, DoorSettings, GuardSettings, ReaderSettings, VisionSettings
from devices.vision_client import VisionClient
from edge.access.boards.walk import WalkDesk
from edge.access.contacts import ContactDesk
from edge.access.credentials.answers import LastAnswers
from edge.access.credentials.identity import IdentityDesk
from edge.access.credentials.reading import CredentialReader
from edge.access.doors.desk import DoorDesk
from edge.access.doors.expecting import ExpectedPulses
from edge.access.doors.fire import FireMarker
from edge.access.doors.schedule import due_schedules, turn_schedules
from edge.access.doors.site import SiteDoors
from edge.access.entry import DoorOpener
from edge.access.holds import end_overdue_holds
from edge.access.inputs import InputState
from edge.access.lockers.depositing import DepositDesk
from edge.access.lockers.keeping import LockerKeeper
from edge.access.lockers.layout import lay_out_all
from edge.access.lockers.orders import LockerOrders
from edge.access.lockers.settings import LockerSettings
from edge.access.openings import recover_openings
from edge.access.pickup import PickupDesk
from edge.access.records import overdue_holds
from edge.access.refusals import RefusalLog
from edge.config import Config, SiteBrokerSettings, SiteSettings
from edge.errors import EdgeError
from edge.links.findings import Findings
from edge.links.scans import Scan, ScanQueue
from edge.links.supervisor import Role
from edge.pay.codes import CodeTable
from edge.service.locker_alarms import LockerAlarms
from edge.shop import orders
from edge.site import one_or_default, site_broker
from edge.store.errors import NotWritable, OutcomeUnknown
from edge.store.store import Store
from edge.trust.clock import Clock
from edge.trust.keys import KeySet

log = logging.getLogger(__name__)

FIRE_MARKER = "fire.json"
"""In the run folder, a file system in memory: fire releases that the database may not have."""


class Peripherals:
    """What the role `devices` runs (`gateway`), and the desks of `edge.access` behind it."""

    def __init__(
        self,
        config: Config,
        *,
        store: Store,
        clock: Clock,
        keys: Callable[[], KeySet],
        codes: CodeTable,
    ) -> None:
        self._config = config
        self._site = config.one("site", SiteSettings)
        self._store = store
        self._clock = clock
        self._keys = keys
        self._locker_rules = one_or_default(config, "lockers", LockerSettings)
        self._orders = LockerOrders(orders)
        self.contacts = ContactDesk(store=store, orders=self._orders, lockers=self._locker_rules)
        self.refusals = RefusalLog(store=store, clock=clock)
        self.findings = Findings(now_ms=lambda: clock.now().at_ms)
        self._credentials = CredentialReader(store=store, clock=clock, keys=keys)
        self.identity = IdentityDesk(store=store, reader=self._credentials, refusals=self.refusals)
        self._reports = ContactReports(self.contacts)
        self._site_broker = site_broker(config, client_id=f"hub-{self._site.device}")
        shown = config.one("broker", SiteBrokerSettings).discovery
        will = hub_will(self._site.device) if shown else None
        self._site_link = SiteLink(self._site_broker, will=will)
        self._build_doors()
        self._build_banks()
        self._build_readers(codes)
        self._watch_broker(shown=shown)
        self._build_gateway()
        self.regular = (
            self.refusals.flush,
            self._end_holds,
            self._turn_schedules,
            self.keeper.run_due,
            LockerAlarms(store=store).look,
        )
        """What the `timers` role asks again and again."""

    async def recover(self) -> None:
        """Bring what was under way before the start to a clear end; a fire that was live, first of all."""
        await self.doors.start()
        try:
            await self._store.run(recover_openings)
            await self.keeper.prepare()
        except (NotWritable, OutcomeUnknown) as error:
            # The kiosk has to say why nothing is sold; what was undecided stays so until the next start.
            log.error("openings of before the start stay undecided: %s", error)
        await self.walks.load()

    async def close(self) -> None:
        """Stop waiting for contacts, and write what is only in memory as far as that is possible."""
        await self.opener.close()
        await self.opener.late.write()
        await self.doors.close()
        self.opener.late.report_lost()
        with contextlib.suppress(EdgeError):
            await self.refusals.close()
        await self.pickup.close()

    def set_pay_screen(self, on: bool) -> None:
        """The payer sees the amount on the kiosk now, or no longer: its readers take a payment code."""
        for reader in self.kiosk_readers:
            self.vision.pay_screen(reader, on)
            self.reader_desk.pay_screen(reader, on)

    def _watch_broker(self, *, shown: bool) -> None:
        """Notice strangers on the site's broker and, when asked, tell Home Assistant what contacts say."""
        doors = self._config.many("door", DoorSettings)
        self._site_link.add(SiteWatch(named_devices(self._config), self.findings))
        self._announcer: Announcer | None = None
        if shown:
            self._announcer = Announcer(self._site.device, self._site.name_en, doors, self._site_link)
            self._site_link.add(self._announcer)
            self._reports.watch(self._announcer.note)

    def _build_doors(self) -> None:
        doors = self._config.many("door", DoorSettings)
        settings = one_or_default(self._config, "guard", GuardSettings)

        own = [door for door in doors if door.driver == "gpio"]
        signals = self._config.many("signal", SignalSettings)
        self.guard = GuardClient(
            socket=self._config.resolve(settings.socket),
            doors=own,
            on_contact=self._reports.door,
            on_connected=lambda: self._doors_back([door.id for door in own]),
            inputs=self._config.many("input", InputSettings),
            on_input=self._hear,
            signals=signals,
            on_fault=self._note_line,
        )
        self.lamps = DoorLamps(signals, self.guard.signal)
        self.answers = LastAnswers(self._store.notifier, lamps=(self.lamps,))
        self.door_drivers = make_door_drivers(
            doors,
            DoorSite(
                guard=self.guard,
                link=self._site_link,
                findings=self.findings,
                on_contact=self._reports.door,
                on_input=self._hear,
                on_connected=self._doors_back,
                inputs=self._config.many("input", InputSettings),
                boards=self._config.many("modbus", ModbusSettings),
            ),
        )
        dead = DeadContacts([door.id for door in doors if door.has_contact], self.findings)
        self._reports.watch(dead.note)
        router = DoorRouter(self.door_drivers, on_fired=dead.fired)
        inputs = [heard.to_input() for heard in self._config.many("input", InputSettings)]
        self._input_watch = InputWatch(inputs, self.findings)
        self.doors = SiteDoors(
            store=self._store,
            clock=self._clock,
            doors=[door.to_door() for door in doors],
            inputs=inputs,
            contacts=self.contacts,
            holder=router,
            sounder=self.lamps,
            marker=FireMarker(self._run_folder(settings) / FIRE_MARKER),
        )
        self._holds = HoldRole(self.doors.holds)
        pulses = ExpectedPulses(live=self.doors.live, pulser=router, trigger=router.fire)
        self.opener = DoorOpener(
            store=self._store,
            clock=self._clock,
            reader=self._credentials,
            doors=self.doors.doors,
            pulser=pulses,
            contacts=self.contacts,
            refusals=self.refusals,
            trigger=pulses.fire,
            signals=self.answers,
            gate=self.doors.gate,
        )
        self.door_desk = DoorDesk(store=self._store, site=self.doors, opener=self.opener)

    def _run_folder(self, guard: GuardSettings) -> Path:
        """The hub's own folder in memory, as systemd names it; without systemd the one of the sockets."""
        named = os.environ.get("RUNTIME_DIRECTORY")
        return Path(named) if named else self._config.resolve(guard.socket).parent

    def _hear(self, input_id: str, state: InputState) -> None:
        self.doors.hear(input_id, state)
        self._input_watch.note(input_id, state)

    async def _doors_back(self, doors: Iterable[str]) -> None:
        """Their device is there again, with every line off."""
        await self._holds.connected(doors)

    def _note_line(self, line: int, why: str) -> None:
        """A line of the board cannot be used, or (no words) can again."""
        if why:
            self.findings.report(f"line:{line}", "line_fault", why)
        else:
            self.findings.clear(f"line:{line}", "line_fault")

    def _build_banks(self) -> None:
        self.bank_settings = self._config.many("bank", BankSettings)
        self.banks = make_bank_drivers(
            self.bank_settings, self._site_broker, self._reports.cell, self.findings
        )
        self.walks = WalkDesk(
            store=self._store, cells={bank.id: bank.cells() for bank in self.bank_settings}, banks=self.banks
        )
        self.pickup = PickupDesk(
            store=self._store,
            clock=self._clock,
            keys=self._keys,
            cells=BankRouter(self.banks),
            orders=self._orders,
            contacts=self.contacts,
            refusals=self.refusals,
        )
        places = lay_out_all(self.bank_settings)
        self.deposits = DepositDesk(
            store=self._store,
            clock=self._clock,
            keys=self._keys,
            sender=self.pickup.sender,
            contacts=self.contacts,
            refusals=self.refusals,
            places=places,
            rules=self._locker_rules,
        )
        self.keeper = LockerKeeper(
            store=self._store,
            clock=self._clock,
            sender=self.pickup.sender,
            orders=self._orders,
            places=places,
            rules=self._locker_rules,
        )

    def _build_readers(self, codes: CodeTable) -> None:
        self.readers = self._config.many("reader", ReaderSettings)
        self.scans = ScanQueue()
        kiosk = f"kiosk:{self._site.device}"
        self.kiosk_readers = [reader.id for reader in self.readers if reader.serves == kiosk]
        self.reader_desk = desk = ReaderDesk(
            self.readers,
            clock=self._clock,
            codes=codes,
            route=self._hand_on,
            findings=self.findings,
        )
        self._router = ScanRouter(
            self.readers,
            kiosks={self._site.device: self.scans},
            opener=self.opener,
            codes=codes,
            on_refused=desk.refused,
        )
        settings = one_or_default(self._config, "vision", VisionSettings)
        self.vision = VisionClient(
            socket=self._config.resolve(settings.socket),
            clock=self._clock,
            on_scan=lambda scan: desk.take(scan.reader, scan.symbology, scan.text),
            on_discarded=desk.discard,
            on_state=desk.set_state,
            on_bad=desk.picture_refused,
        )

    def _hand_on(self, scan: Scan) -> None:
        self._router.put(scan)

    def _build_gateway(self) -> None:
        drivers = {id(driver): driver for driver in self.banks.values()}
        remote = {id(driver): driver for driver in self.door_drivers.values() if driver is not self.guard}
        self.gateway = Gateway(
            (
                Role("contacts", self._reports.run),
                Role("guard", self.guard.run),
                Role("holds", self._holds.run),
                Role("doors", self.doors.run),
                Role("vision", self.vision.run),
                *reader_roles(self.readers, self._site_broker, self.reader_desk),
                *(Role(f"reader-{n}", reader.run) for n, reader in enumerate(self._router.door_readers)),
                Role("late-openings", self.opener.late.run),
                *(Role(f"banks-{n}", driver.run) for n, driver in enumerate(drivers.values())),
                Role("site-broker", self._site_link.run),
                *([Role("announcer", self._announcer.run)] if self._announcer is not None else []),
                *(Role(f"doors-{n}", driver.run) for n, driver in enumerate(remote.values())),
            )
        )

    async def _end_holds(self) -> None:
        """A hold's row is its own due row; it is looked for before anything is written."""
        at_ms = self._clock.now().at_ms
        if await self._store.read(lambda connection: overdue_holds(connection, at_ms)):
            await self._store.run(end_overdue_holds)

    async def _turn_schedules(self) -> None:
        """A door's policy says itself when its schedule turns."""
        now = self._clock.now()
        if await self._store.read(lambda connection: due_schedules(connection, now)):
            await self._store.run(turn_schedules)
