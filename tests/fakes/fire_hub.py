"""The doors' side of a hub, the product's own over a real store, for fire on a guard's lines."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

from devices.gateway import ContactReports, HoldRole
from devices.gpio.client import GuardClient, boot_ns
from devices.lines import InputSettings
from devices.settings import DoorSettings
from edge.access.contacts import ContactDesk
from edge.access.credentials.reading import CredentialReader
from edge.access.doors.desk import DoorDesk
from edge.access.doors.expecting import ExpectedPulses
from edge.access.doors.fire import FireMarker
from edge.access.doors.site import SiteDoors
from edge.access.entry import DoorOpener
from edge.access.inputs import InputState
from edge.access.refusals import RefusalLog
from edge.access.schema import MIGRATIONS as ACCESS
from edge.store.connections import prepare_writer
from edge.store.schema import MIGRATIONS as STORE
from edge.store.store import Store, ThreadedStore
from edge.trust.keys import KeySet
from tests.fakes.access_world import CHEAP_HASHER
from tests.fakes.clock import FakeClock
from tests.fakes.orders import FakeOrders
from tests.fakes.power import Power, PoweredConnection

MIGRATIONS = (*STORE, *ACCESS)
PATIENCE_S = 2.0


class Hub:
    """The doors' side of a hub over a migrated store in a folder; `power` is its disk's.

    `heard_ns` has the boot times at which the program was told that the input `fire` is active.
    """

    def __init__(
        self,
        folder: Path,
        *,
        guard_socket: Path,
        doors: Sequence[DoorSettings],
        inputs: Sequence[InputSettings],
        power: Power,
    ) -> None:
        self.clock = FakeClock()
        self._doors = [door.id for door in doors]
        self.store: Store = ThreadedStore(
            folder / "edge.db",
            site="heyuanli",
            device="k1",
            clock=self.clock,
            migrations=MIGRATIONS,
            connect=partial(_connect, power),
            reserve_bytes=0,
        )
        self.heard_ns: list[int] = []
        contacts = ContactDesk(store=self.store, orders=FakeOrders({}))
        self.reports = ContactReports(contacts)
        self.guard = GuardClient(
            socket=guard_socket,
            doors=doors,
            on_contact=self.reports.door,
            on_connected=self._connected,
            inputs=inputs,
            on_input=self._hear,
        )
        self.site = SiteDoors(
            store=self.store,
            clock=self.clock,
            doors=[door.to_door() for door in doors],
            inputs=[heard.to_input() for heard in inputs],
            contacts=contacts,
            holder=self.guard,
            marker=FireMarker(folder / "fire.json"),
        )
        self.holds = HoldRole(self.site.holds)
        pulses = ExpectedPulses(live=self.site.live, pulser=self.guard, trigger=self.guard.fire)
        keys = partial(KeySet, 1, [])
        self.opener = DoorOpener(
            store=self.store,
            clock=self.clock,
            reader=CredentialReader(store=self.store, clock=self.clock, keys=keys, hasher=CHEAP_HASHER),
            doors=self.site.doors,
            pulser=pulses,
            contacts=contacts,
            refusals=RefusalLog(store=self.store, clock=self.clock),
            trigger=pulses.fire,
            gate=self.site.gate,
        )
        self.desk = DoorDesk(store=self.store, site=self.site, opener=self.opener)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Hub"]:
        """Every role, until the block ends."""
        await self.site.start()
        roles = (self.reports.run, self.guard.run, self.holds.run, self.site.run)
        tasks = [asyncio.create_task(role()) for role in roles]
        try:
            await self.until(lambda: self.guard.connected)
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.opener.close()
            self.store.close()

    async def _connected(self) -> None:
        await self.holds.connected(self._doors)

    def _hear(self, input_id: str, state: InputState) -> None:
        if input_id == "fire" and state is InputState.ACTIVE:
            self.heard_ns.append(boot_ns())
        self.site.hear(input_id, state)

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until it is so. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0.002)


def _connect(power: Power, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, factory=PoweredConnection
    )
    connection.power = power
    return prepare_writer(connection)
