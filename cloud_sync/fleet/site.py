"""One simulated site: the product's own uplink, feed, commands, time, checkpoints, telemetry, and its life.

Its store is in memory and in the loop's thread, so that thousands of sites fit into one process.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from cloud_sync import feed_records
from cloud_sync.checkpoints import CheckpointKeeper
from cloud_sync.commands import CommandSession
from cloud_sync.downlink import Downlink
from cloud_sync.feed_applying import Apply, References
from cloud_sync.fleet.day import Visit, plan_day, record_visit
from cloud_sync.fleet.doors import SimulatedDoors
from cloud_sync.fleet.plan import DOOR, FleetPlan, Member
from cloud_sync.http import PlatformHttp
from cloud_sync.keyring import KeyRing
from cloud_sync.pull import CommandPull
from cloud_sync.telemetry import TelemetryUplink
from cloud_sync.timesync import TimeSync
from cloud_sync.uplink import Uplink
from edge.config import BrokerSettings
from edge.links.supervisor import Role, Supervisor
from edge.store import journal, telemetry_records
from edge.store.inline import InlineStore
from edge.store.migrate import Migration
from edge.store.telemetry import TELEMETRY_TOPIC
from edge.store.unit import Unit
from edge.trust.clock import TrustedClock

TELEMETRY_ROWS = 2_000
_SAMPLES_A_DAY = 4
_NO_BROKER = BrokerSettings(host="127.0.0.1", username="", password_file="")
"""Commands come over HTTPS: the session with a broker is made and never begun."""


class Rooms(NamedTuple):
    """What the composition root knows of the product's rooms: tables, and what keeps the feed's copies."""

    migrations: Sequence[Migration]
    appliers: Mapping[str, Apply]
    references: References


class SimulatedSite:
    """`doors`, `uplink` and `store` are there to be looked at."""

    def __init__(
        self, member: Member, plan: FleetPlan, *, url: str, token: str, root: bytes, rooms: Rooms
    ) -> None:
        self.member = member
        self._plan = plan
        self._chance = random.Random(f"{plan.seed} {member.device}")  # noqa: S311 - a day, no secret
        self._clock = TrustedClock(boot_id="fleet")
        self.store = InlineStore.in_memory(
            clock=self._clock, migrations=rooms.migrations, site=member.site, device=member.device
        )
        self._http = PlatformHttp(url=url, site=member.site, device=member.device, token=token)
        self.doors = SimulatedDoors(self.store)
        self.uplink = Uplink(store=self.store, http=self._http)
        keyring = KeyRing(store=self.store, root_public=root)
        self.downlink = Downlink(
            store=self.store,
            http=self._http,
            appliers={**rooms.appliers, "keyset": keyring.apply_record},
            prepare={"keyset": keyring.prepare_record},
            references=rooms.references,
        )
        self._roles = self._make_roles(keyring)

    def _make_roles(self, keyring: KeyRing) -> Supervisor:
        store, http, clock = self.store, self._http, self._clock
        self._commands = CommandSession(
            settings=_NO_BROKER,
            password="",
            site=self.member.site,
            device=self.member.device,
            http=http,
            clock=clock,
            keys=keyring.current,
            doors=self.doors,
            raise_floor=clock.raise_floor,
        )
        checkpoints = CheckpointKeeper(store=store, http=http, keys=keyring.current, clock=clock)
        return Supervisor(
            (
                Role("time", TimeSync(store=store, http=http, clock=clock, keyring=keyring).run),
                Role("uplink", self.uplink.run),
                Role("checkpoints", checkpoints.run),
                Role("downlink", self.downlink.run),
                Role("pull", CommandPull(session=self._commands, http=http).run),
                Role("telemetry", TelemetryUplink(store=store, http=http).run),
            )
        )

    @property
    def head_seq(self) -> int:
        """The journal's last seq."""
        return self.store.executor.head.seq

    @property
    def waiting(self) -> int:
        """How many events the platform does not have yet."""
        waiting = self.uplink.waiting
        return self.head_seq if waiting is None else waiting

    @property
    def is_ready(self) -> bool:
        """Whether the feed was read to its end, and commands may come."""
        return self.downlink.complete and self._commands.ready

    @property
    def cursor(self) -> int:
        """Where the feed was read to."""
        return self.store.read_now(feed_records.read_cursor)

    async def run(self) -> None:
        """Be in step with the platform until cancelled."""
        try:
            await self._roles.run()
        finally:
            await self._http.close()

    async def live(self, day_s: float, *, began_s: float) -> None:
        """Live one day that began at a time of the loop: visits at their hours, now and then a sample."""
        visits = plan_day(self._chance, self._plan.visits)
        samples = [Visit((n + self._chance.random()) / _SAMPLES_A_DAY, "", 0) for n in range(_SAMPLES_A_DAY)]
        loop = asyncio.get_running_loop()
        for visit in sorted([*visits, *samples]):
            await asyncio.sleep(max(0.0, began_s + visit.at * day_s - loop.time()))
            if visit.kind:
                await self.store.run(partial(record_visit, visit=visit, door=DOOR))
            else:
                await self.store.run(self._sample)

    def _sample(self, unit: Unit) -> None:
        gauges = {"uplink_waiting": self.waiting, "cpu_mc": 45_000 + self._chance.randrange(9_000)}
        reading = telemetry_records.Reading(
            unit.now.at_ms, unit.now.trust.value, msgspec.json.encode(gauges, order="sorted")
        )
        connection, epoch = unit.connection, self.store.epoch
        telemetry_records.append(connection, epoch, [reading], keep_rows=TELEMETRY_ROWS, lost=0)
        unit.hint(TELEMETRY_TOPIC)

    def read_journal(self) -> list[journal.JournalRow]:
        """Every entry."""
        return self.store.read_now(lambda connection: list(journal.tail(connection, 0)))
