"""A session over paper desks with a clock set by hand, and the seams of its server."""

import asyncio
from dataclasses import dataclass, field

from edge.trust.clock import Reading, Trust
from kiosk.gate import GateScreen
from kiosk.screens.table import all_screens
from kiosk.server import Front, Scan
from kiosk.session import Desks, Place, Session
from kiosk.words import Text
from tests.fakes.kiosk_deposit import PaperDeposits
from tests.fakes.kiosk_desks import START_MS, PaperHealth, PaperHome, PaperLockers, PaperShop
from tests.fakes.kiosk_fees import PaperFees
from tests.fakes.kiosk_gates import PaperGates
from tests.fakes.kiosk_money import PaperAccounts, PaperTill


@dataclass
class HandClock:
    """The trusted clock, and the time that only passes, both moved by hand."""

    at_ms: int = START_MS
    trust: Trust = Trust.SYNCED

    def now(self) -> Reading:
        """See the port."""
        return Reading(self.at_ms, self.trust)

    def monotonic_ms(self) -> int:
        """Time that only passes."""
        return self.at_ms

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at_ms += round(seconds * 1000)


@dataclass(frozen=True)
class Seen:
    """One scan."""

    symbology: str
    text: str


class HandScans:
    """Scans that the test shows."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Scan] = asyncio.Queue()

    async def get(self) -> Scan:
        """See the port."""
        return await self.queue.get()

    def clear(self) -> None:
        """See the port."""
        while not self.queue.empty():
            self.queue.get_nowait()


class QuickHints:
    """No hints at all: the screen polls every 20 ms."""

    async def wait(self, timeout_s: float | None = None) -> str | None:
        """See the port."""
        await asyncio.sleep(min(timeout_s or 0.02, 0.02))
        return None


@dataclass
class Stand:
    """A session and everything a test may push."""

    shop: PaperShop = field(default_factory=PaperShop)
    till: PaperTill = field(default_factory=PaperTill)
    accounts: PaperAccounts = field(default_factory=PaperAccounts)
    fees: PaperFees = field(default_factory=PaperFees)
    lockers: PaperLockers = field(default_factory=PaperLockers)
    home: PaperHome = field(default_factory=PaperHome)
    deposits: PaperDeposits = field(default_factory=PaperDeposits)
    gates: PaperGates = field(default_factory=PaperGates)
    health: PaperHealth = field(default_factory=PaperHealth)
    clock: HandClock = field(default_factory=HandClock)
    scans: HandScans = field(default_factory=HandScans)

    def __post_init__(self) -> None:
        """Build the session over the desks."""
        self.session = Session(
            desks=Desks(
                self.shop,
                self.till,
                self.lockers,
                self.home,
                self.health,
                self.accounts,
                self.fees,
                self.deposits,
            ),
            screens=all_screens(),
            place=Place(Text("和园里", "Heyuan Court"), 60, "http://127.0.0.1:8090/phone"),
            clock=self.clock,
            monotonic_ms=self.clock.monotonic_ms,
        )

    def at_door(self) -> Session:
        """The session of the screen at the south gate."""
        return Session(
            desks=self.session.desks,
            screens={"idle": GateScreen("gate", self.gates)},
            place=self.session.place,
            clock=self.clock,
            monotonic_ms=self.clock.monotonic_ms,
            everywhere={},
        )

    def front(self) -> Front:
        """What a server needs of it."""

        async def health() -> dict[str, object]:
            return {"ready": not self.health.away}

        hosts = frozenset({"127.0.0.1", "localhost"})
        return Front(
            self.session,
            self.scans,
            QuickHints(),
            health,
            lambda: "kiosk_up 1\n",
            hosts,
            gates={"gate": self.at_door()},
        )

    async def do(self, *gestures: str) -> None:
        """Make gestures, written name or name=value."""
        for gesture in gestures:
            name, _, value = gesture.partition("=")
            await self.session.gesture(name, value)

    @property
    def screen(self) -> str:
        """The screen that is shown."""
        return self.session.visit.screen
