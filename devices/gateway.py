"""The `devices` role: every peripheral in a task of its own, and the way from their reports to the rooms."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from devices.registry import BankDriver
from devices.settings import ReaderSettings
from edge.access.contacts import ContactDesk, ContactState
from edge.access.credentials.reading import QR
from edge.access.entry import DoorOpener
from edge.access.errors import NotMoved
from edge.access.holds import HoldKeeper
from edge.access.places import cell_place, door_place
from edge.errors import Refusal, StoreError
from edge.links.scans import CARD, MAY_BE_PAYMENT_CODES, PAYMENT_CODE, PIN, Scan, ScanQueue
from edge.links.supervisor import Role, Supervisor
from edge.pay.codes import CodeTable

log = logging.getLogger(__name__)

OnRefused = Callable[[str, str], None]
"""Told the reader and the symbology of what was refused."""

OPENING = frozenset((QR, CARD, PIN))
"""Symbologies of what opens doors; the barcode of goods before a door is nothing."""
REPORT_LIMIT = 1000
"""Contact reports that wait for the store; beyond it a contact is unknown rather than wrong."""


class ContactReports:
    """Contacts in the order in which they were reported, on their way to the contact desk."""

    def __init__(self, desk: ContactDesk) -> None:
        self._desk = desk
        self._queue: asyncio.Queue[tuple[str, ContactState]] = asyncio.Queue(REPORT_LIMIT)
        self.dropped = 0
        self._watchers: list[Callable[[str, ContactState], None]] = []

    def watch(self, watcher: Callable[[str, ContactState], None]) -> None:
        """Tell somebody else, too, what doors' contacts say."""
        self._watchers.append(watcher)

    def door(self, door_id: str, state: ContactState) -> None:
        """A door's contact says."""
        for watcher in self._watchers:
            watcher(door_id, state)
        self._put(door_place(door_id), state)

    def cell(self, bank: str, cell: str, state: ContactState) -> None:
        """A cell's contact says."""
        self._put(cell_place(bank, cell), state)

    async def run(self) -> None:
        """Hand reports on; never returns."""
        while True:
            place, state = await self._queue.get()
            await self._desk.report(place, state)

    def _put(self, place: str, state: ContactState) -> None:
        try:
            self._queue.put_nowait((place, state))
        except asyncio.QueueFull:
            self.dropped += 1
            self._desk.forget((place,))


class BankRouter:
    """The CellPort of the whole site: hands each opening to its bank's driver."""

    def __init__(self, drivers: Mapping[str, BankDriver]) -> None:
        self._drivers = drivers

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Ask the bank's driver. Raises NotMoved, DeviceOffline."""
        driver = self._drivers.get(bank)
        if driver is None:
            raise NotMoved("unknown_bank")
        await driver.open_cell(opening_id, bank, cell)


class DoorReader:
    """Enters by what one reader reads, one after another; while it is busy the newest scan waits.

    A payment code is a bearer secret: it is thrown away before it waits anywhere, and the refusal says so.
    `on_refused(reader, symbology)` is told of each refusal: numbers that are guessed lock the reader out.
    """

    def __init__(
        self,
        reader: str,
        door: str,
        opener: DoorOpener,
        codes: CodeTable,
        on_refused: OnRefused = lambda *_: None,
    ) -> None:
        self._reader = reader
        self._door = door
        self._opener = opener
        self._codes = codes
        self._on_refused = on_refused
        self._queue = ScanQueue(limit=1)

    def put(self, scan: Scan) -> None:
        """Take a scan."""
        if scan.symbology in MAY_BE_PAYMENT_CODES and self._codes.owner(scan.text):
            scan = Scan(reader=scan.reader, symbology=PAYMENT_CODE, text="", at_ms=scan.at_ms)
        self._queue.put(scan)

    async def run(self) -> None:
        """Decide scans; never returns."""
        while True:
            scan = await self._queue.get()
            if scan.symbology == PAYMENT_CODE:
                await self._opener.discard_payment_code(self._door, source=self._reader)
                log.info("%s at %s: a payment code was shown and thrown away", self._reader, self._door)
            if scan.symbology not in OPENING:
                continue
            try:
                opening = await self._opener.enter(
                    scan.text, self._door, source=self._reader, symbology=scan.symbology
                )
            except Refusal as refusal:
                self._on_refused(self._reader, scan.symbology)
                log.info("%s at %s: %s", self._reader, self._door, refusal.code)
            except StoreError as error:
                log.error("%s at %s: %s", self._reader, self._door, error)
            else:
                log.info("%s at %s: %s %s", self._reader, self._door, opening.id, opening.state)


class ScanRouter:
    """Sends each scan to what its reader serves: a kiosk's queue, or a door."""

    def __init__(
        self,
        readers: Iterable[ReaderSettings],
        *,
        kiosks: Mapping[str, ScanQueue],
        opener: DoorOpener,
        codes: CodeTable,
        on_refused: OnRefused = lambda *_: None,
    ) -> None:
        self.door_readers: list[DoorReader] = []
        self.unrouted = 0
        self._routes: dict[str, ScanQueue | DoorReader] = {}
        for reader in readers:
            kind, _, name = reader.serves.partition(":")
            if kind == "door":
                door_reader = DoorReader(reader.id, name, opener, codes, on_refused)
                self.door_readers.append(door_reader)
                self._routes[reader.id] = door_reader
            elif name in kiosks:
                self._routes[reader.id] = kiosks[name]

    def put(self, scan: Scan) -> None:
        """Send a scan on; one of a reader that serves nothing here is counted."""
        route = self._routes.get(scan.reader)
        if route is None:
            self.unrouted += 1
        else:
            route.put(scan)


class Gateway:
    """Runs peripherals: each its own role, so that a dead one holds up no other."""

    def __init__(self, roles: Iterable[Role]) -> None:
        self.supervisor = Supervisor(roles)

    async def run(self) -> None:
        """Run until cancelled."""
        await self.supervisor.run()


class HoldRole:
    """Applies holds at every connect of a device, after every change, and as time passes."""

    def __init__(self, keeper: HoldKeeper, *, every_s: float = 5.0) -> None:
        self._keeper = keeper
        self._every_s = every_s
        self._due = asyncio.Event()

    async def connected(self, doors: Iterable[str]) -> None:
        """Their device is there again, with every line off."""
        self._keeper.forget(doors)
        self._due.set()

    async def run(self) -> None:
        """Apply; never returns."""
        while True:
            # Before it is applied: a device that comes back meanwhile is followed at once, not by and by.
            self._due.clear()
            for door in await self._keeper.apply():
                log.warning("hold: door %s does not follow", door)
            try:
                async with asyncio.timeout(self._every_s):
                    await self._due.wait()
            except TimeoutError:
                continue
