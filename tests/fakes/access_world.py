"""The access room over an in-line store with devices, clock and patience in the test's hand."""

import asyncio
import json
from collections.abc import Mapping
from typing import ClassVar

from argon2 import PasswordHasher

from edge.access import feed
from edge.access.contacts import ContactDesk, ContactState
from edge.access.credentials.reading import CredentialReader
from edge.access.doors.desk import DoorDesk
from edge.access.doors.door import Door, DoorKind
from edge.access.doors.expecting import ExpectedPulses
from edge.access.doors.fire import FireMarker
from edge.access.doors.site import SiteDoors
from edge.access.doors.tables import Row
from edge.access.entry import DoorOpener
from edge.access.inputs import Input
from edge.access.openings import recover_openings
from edge.access.pickup import PickupDesk
from edge.access.records import Opening
from edge.access.refusals import RefusalLog
from edge.access.schema import MIGRATIONS
from edge.store.inline import InlineStore
from edge.store.schema import MIGRATIONS as STORE_MIGRATIONS
from edge.trust.commands import Command
from edge.trust.keys import KeySet, SigningKey, verifying_key
from edge.trust.passes import Pass, issue_holder_certificate, issue_pass, resident_code
from tests.fakes.buzzers import FakeBuzzers
from tests.fakes.cells import FakeCells
from tests.fakes.clock import FakeClock
from tests.fakes.orders import FakeOrders
from tests.fakes.pulser import FakePulser

SITE = "heyuanli"
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For PINs in tests."""
DAY_MS = 86_400_000
DOORS = {
    "gate": Door(id="gate", kind=DoorKind.VISITOR),
    "building-3": Door(id="building-3", kind=DoorKind.RESIDENTS),
    "office": Door(id="office", kind=DoorKind.STAFF, has_contact=False),
    "parcel-room": Door(id="parcel-room", kind=DoorKind.PARCELS),
}


class Patience:
    """Waits until the test says that the time is over."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def __call__(self, _: float) -> None:
        await self._over.wait()

    def run_out(self) -> None:
        """Whoever waits now has waited long enough."""
        self._over.set()
        self._over = asyncio.Event()


class AccessWorld:
    """Everything of the access room; `restart` is a power cut with the same database."""

    doors: ClassVar[Mapping[str, Door]] = DOORS
    inputs: ClassVar[tuple[Input, ...]] = ()
    certified_ms = 0
    """When phones were certified; 0: their certificates do not say."""

    def __init__(self) -> None:
        self.buzzers = FakeBuzzers()
        self.marker: FireMarker | None = None
        self.rows: list[Row] = []
        self.clock = FakeClock()
        self.store = InlineStore.in_memory(clock=self.clock, migrations=(*STORE_MIGRATIONS, *MIGRATIONS))
        self.passes = SigningKey.generate("p1", "passes")
        self.stranger = SigningKey.generate("p1", "passes")
        self.phone = SigningKey.generate("phone", "passes")
        self.keys = KeySet(1, [verifying_key(self.passes)])
        self.pulser = FakePulser(frozenset(self.doors))
        self.cells = FakeCells()
        self.orders = FakeOrders({"o1": (("bank-a", "A01"), ("bank-a", "A02")), "o2": (("bank-a", "B01"),)})
        self._numbers = iter(range(1, 1_000_000))
        self.build()

    def build(self) -> None:
        """Make the room's objects anew, as a start of the program does."""
        self.patience = Patience()
        self.contacts = ContactDesk(store=self.store, orders=self.orders)
        self.site = SiteDoors(
            store=self.store,
            clock=self.clock,
            doors=self.doors.values(),
            inputs=self.inputs,
            contacts=self.contacts,
            holder=self.pulser,
            sounder=self.buzzers,
            marker=self.marker,
            boot_ms=lambda: self.clock.at_ms,
            on_step=self.rows.append,
        )
        pulses = ExpectedPulses(live=self.site.live, pulser=self.pulser, trigger=self.pulser.fire)
        self.refusals = RefusalLog(store=self.store, clock=self.clock)
        self.reader = CredentialReader(
            store=self.store, clock=self.clock, keys=lambda: self.keys, hasher=CHEAP_HASHER
        )
        self.opener = DoorOpener(
            store=self.store,
            clock=self.clock,
            reader=self.reader,
            doors=self.doors,
            pulser=pulses,
            contacts=self.contacts,
            refusals=self.refusals,
            patience=self.patience,
            trigger=pulses.fire,
            gate=self.site.gate,
        )
        self.staff = DoorDesk(store=self.store, site=self.site, opener=self.opener)
        self.desk = PickupDesk(
            store=self.store,
            clock=self.clock,
            keys=lambda: self.keys,
            cells=self.cells,
            orders=self.orders,
            contacts=self.contacts,
            refusals=self.refusals,
            patience=self.patience,
        )

    async def restart(self) -> None:
        """Lose everything that is in memory, then recover."""
        await self.close()
        self.build()
        await self.site.start()
        await self.site.holds.apply()
        self.store.run_now(recover_openings)

    async def close(self) -> None:
        """Stop every watch."""
        await self.opener.close()
        await self.desk.close()
        await self.site.close()

    async def contact(self, place: str, state: str) -> None:
        """A contact says."""
        await self.contacts.report(place, ContactState(state))

    async def settle(self) -> None:
        """Let every task that can run, run."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def run_out(self) -> None:
        """The time to wait for contacts is over."""
        await self.settle()
        self.patience.run_out()
        await self.settle()

    def visitor(self, key: SigningKey | None = None, **changes: object) -> str:
        """A visitor's pass for the gate; `changes` replace fields of it."""
        now_ms = self.clock.at_ms
        fields: dict[str, object] = {
            "id": f"v{next(self._numbers)}",
            "kind": "visitor",
            "site": SITE,
            "subject": "guest-1",
            "doors": ("gate",),
            "not_before_ms": now_ms - 60_000,
            "expires_ms": now_ms + DAY_MS,
            "uses": 1,
        }
        return issue_pass(key or self.passes, Pass(**(fields | changes)))  # type: ignore[arg-type]

    def order_pass(self, order: str = "o1", **changes: object) -> str:
        """The pass of an order in cells."""
        fields: dict[str, object] = {"kind": "order", "order": order, "doors": (), "subject": "res-1203"}
        return self.visitor(**(fields | {"uses": None} | changes))  # type: ignore[arg-type]

    def feed(self, collection: str, record_id: str, data: dict[str, object]) -> None:
        """One record of the feed for the access room."""
        applier = feed.APPLIERS[collection]
        self.store.run_now(lambda unit: applier(unit, record_id, 1, data))

    def grant(self, subject: str = "res-1203", doors: tuple[str, ...] = ("gate", "building-3")) -> None:
        """Let a resident open doors for a day."""
        now_ms = self.clock.at_ms
        data = {"subject": subject, "doors": list(doors), "from_ms": now_ms, "until_ms": now_ms + DAY_MS}
        self.store.run_now(lambda unit: feed.apply_grant(unit, f"g-{subject}", 1, data))

    def code(self, subject: str = "res-1203", *, at_ms: int | None = None) -> str:
        """A fresh code of a resident's phone."""
        expires_ms = self.clock.at_ms + 30 * DAY_MS
        certificate = issue_holder_certificate(
            self.passes, subject, SITE, self.phone.public, expires_ms, issued_ms=self.certified_ms
        )
        return resident_code(self.phone.private, certificate, at_ms or self.clock.at_ms)

    def command(self, **changes: object) -> Command:
        """A checked command to open the gate."""
        now_ms = self.clock.at_ms
        fields: dict[str, object] = {
            "id": f"c{next(self._numbers)}",
            "site": SITE,
            "device": "k1",
            "target": "gate",
            "action": "open",
            "subject": "res-1203",
            "iat_ms": now_ms,
            "exp_ms": now_ms + 20_000,
            "nonce": "n",
            "counter": 1,
        }
        return Command(**(fields | changes))  # type: ignore[arg-type]

    def events(self, *types: str) -> list[dict[str, object]]:
        """Bodies of the journal's events of these types, in order, with their type as `type`."""
        rows = self.store.connection.execute("SELECT type, body FROM journal ORDER BY seq")
        return [json.loads(body) | {"type": kind} for kind, body in rows if not types or kind in types]

    def types(self) -> list[str]:
        """Types of the journal's events in order."""
        return [str(event["type"]) for event in self.events()]

    async def result(self, opening: Opening) -> tuple[str, str]:
        """State and reason of an opening that is decided."""
        decided = await self.opener.decided(opening.id)
        return decided.state, decided.reason
