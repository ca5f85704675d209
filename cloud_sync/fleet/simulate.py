"""The course of a simulation: live the days, lose the network, get it back everywhere at once, compare."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from cloud_sync.fleet import custody_records
from cloud_sync.fleet.comparison import compare
from cloud_sync.fleet.plan import HOME, FleetPlan, HostOrder, HostReady, HostRequest, HostState, token_of
from cloud_sync.fleet.processes import Child, allow_sockets, started
from cloud_sync.fleet.report import FleetReport, Sample, Storm, summarise
from cloud_sync.fleet.site import Rooms, SimulatedSite
from cloud_sync.fleet.street import LOOPBACK, StreetsOrder, StreetsRequest, StreetsState
from cloud_sync.platform.collecting import spare_collections
from cloud_sync.platform.settings import load_settings
from cloud_sync.platform.store.opening import open_database
from edge.errors import EdgeError
from edge.links.cancelling import end_task

HOST = "cloud_sync.fleet.host"
STREETS = "cloud_sync.fleet.street"
LOOK_S = 0.1
_STARTED_AT_ONCE = 50

Tell = Callable[[str], None]


class FleetStuck(EdgeError):
    """Something that must come to an end did not; the text says what."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How a simulation is run: `folder` for the platform's files, `store_url` (PostgreSQL) or SQLite there.

    `host` is the module of the platform's process, with its arguments; `patience_s` how long to wait for
    anything to end, `quiet_s` how long idling is measured, and what is under way may end.
    """

    plan: FleetPlan
    folder: str
    store_url: str = ""
    host: tuple[str, ...] = (HOST,)
    patience_s: float = 600.0
    quiet_s: float = 3.0


async def simulate(course: Course, rooms: Rooms, *, tell: Tell = lambda text: None) -> FleetReport:
    """Run it and say what was seen. Raises FleetStuck, ProcessFailed."""
    allow_sockets()
    config = _write_settings(course)
    async with AsyncExitStack() as stack:
        fleet = await Fleet.begin(stack, course, config, rooms, tell)
        storms = [await fleet.live_day(number) for number in range(course.plan.days)]
        await fleet.rest()
        final = await fleet.state()
    tell("comparing every journal with custody")
    database = open_database(load_settings(config))
    try:
        verdict = await compare(database, fleet.sites)
        incidents = await database.read(custody_records.read_incidents)
    finally:
        database.close()
    return summarise(
        plan=course.plan,
        storms=storms,
        samples=fleet.samples,
        idle_cpu_s_per_s=fleet.idle_cpu_s_per_s,
        final=final,
        verdict=verdict,
        incidents=incidents,
        store="postgresql" if course.store_url else "sqlite",
    )


def _write_settings(course: Course) -> Path:
    folder = Path(course.folder)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'site = "{HOME}"', 'name_zh = "物业"', 'name_en = "Office"']
    if course.store_url:
        lines += ["[store]", f'url = "{course.store_url}"']
    path = folder / "platform.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


class Fleet:
    """The sites and the processes they talk to. `samples`: what was seen, a tenth of a second apart."""

    def __init__(
        self, course: Course, host: Child, streets: Child, sites: list[SimulatedSite], tell: Tell
    ) -> None:
        self.sites = sites
        self.samples: list[Sample] = []
        self.idle_cpu_s_per_s = 0.0
        self._course = course
        self._host = host
        self._streets = streets
        self._tell = tell
        self._began_s = time.monotonic()

    @classmethod
    async def begin(
        cls, stack: AsyncExitStack, course: Course, config: Path, rooms: Rooms, tell: Tell
    ) -> "Fleet":
        """Start everything; answers when every site has read its feed."""
        plan, secret = course.plan, secrets.token_hex(16)
        tell(f"starting the platform with {plan.sites} sites")
        host = await stack.enter_async_context(started(*course.host))
        ready = await host.ask(HostOrder(config=str(config), plan=plan, secret=secret), HostReady)
        streets = await stack.enter_async_context(started(STREETS))
        ports = (await streets.ask(StreetsOrder(ready.port, plan.streets), StreetsState)).ports
        sites = [
            SimulatedSite(
                member,
                plan,
                url=f"http://{LOOPBACK}:{ports[member.street]}",
                token=token_of(secret, member.device),
                root=bytes.fromhex(ready.root),
                rooms=rooms,
            )
            for member in plan.members()
        ]
        fleet = cls(course, host, streets, sites, tell)
        await stack.enter_async_context(fleet.running())
        return fleet

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every site runs, started some at a time."""
        tasks: list[asyncio.Task[None]] = []
        try:
            for start in range(0, len(self.sites), _STARTED_AT_ONCE):
                some = self.sites[start : start + _STARTED_AT_ONCE]
                tasks += [asyncio.create_task(site.run()) for site in some]
                await self._until(f"{start + len(some)} sites read their feed", _all_ready(some))
            tasks.append(asyncio.create_task(self._watch()))
            # Without it half of this process's time went there, and sites timed out as no Pi would.
            spare_collections()
            await self._measure_idling()
            yield
        finally:
            await asyncio.gather(*(end_task(task) for task in tasks))

    async def state(self) -> HostState:
        """How the platform stands."""
        return await self._host.ask(HostRequest(do="state"), HostState)

    async def live_day(self, number: int) -> Storm:
        """One day without network from the cut's hour to midnight; then the storm until all is in."""
        plan = self._course.plan
        self._tell(f"day {number + 1} of {plan.days}, {plan.day_s:g} s")
        began_s = asyncio.get_running_loop().time()
        lives = [asyncio.create_task(site.live(plan.day_s, began_s=began_s)) for site in self.sites]
        await self._host.ask(HostRequest(do="open", on=True), HostState)
        await asyncio.sleep(plan.day_s * plan.cut_hour / 24)
        await self._host.ask(HostRequest(do="open", on=False), HostState)
        await self._streets.ask(StreetsRequest("cut"), StreetsState)
        self._tell("the network of every street is gone")
        await self._host.ask(HostRequest(do="author"), HostState)
        await asyncio.gather(*lives)
        before = await self.state()
        self._tell(f"the network is back: {sum(site.waiting for site in self.sites)} events wait")
        return await self._weather(before)

    async def _weather(self, before: HostState) -> Storm:
        """Mend every street and wait until both sides are equal."""
        waiting = {site.member.device: site.waiting for site in self.sites}
        begun = (await self._streets.ask(StreetsRequest("mend"), StreetsState)).begun
        mended_s = time.monotonic()
        first_s: dict[str, float] = {}

        def drained() -> bool:
            for site in self.sites:
                device = site.member.device
                if device not in first_s and site.waiting < max(1, waiting[device]):
                    first_s[device] = time.monotonic() - mended_s
            return not any(site.waiting for site in self.sites)

        await self._until("every backlog is in custody", drained)
        drained_s, after = time.monotonic() - mended_s, await self.state()
        streets = await self._streets.ask(StreetsRequest("state"), StreetsState)
        applied = await self._until_applied()
        return Storm(
            backlog=sum(waiting.values()),
            drained_s=drained_s,
            applied_s=time.monotonic() - mended_s,
            first_batch_s=sorted(first_s.values()),
            connections=streets.begun - begun,
            taken=after.events - before.events,
            cpu_s=applied.cpu_s - before.cpu_s,
            database_cpu_s=applied.database_cpu_s - before.database_cpu_s,
        )

    async def _until_applied(self) -> HostState:
        """Wait until the platform has applied what it has."""
        until_s = time.monotonic() + self._course.patience_s
        while (state := await self.state()).unapplied:
            if time.monotonic() > until_s:
                raise FleetStuck(f"{state.unapplied} events are not applied")
            await asyncio.sleep(LOOK_S)
        return state

    async def rest(self) -> None:
        """Let what is under way end: answers to commands, feeds, the last events."""
        await self._until("every event is in custody", lambda: not any(site.waiting for site in self.sites))
        await asyncio.sleep(self._course.quiet_s)
        await self._until("every event is in custody", lambda: not any(site.waiting for site in self.sites))
        await self._until_applied()
        cursors = (await self._host.ask(HostRequest(do="feeds"), HostState)).cursors
        await self._until("every feed is read", lambda: sum(site.cursor for site in self.sites) == cursors)

    async def _measure_idling(self) -> None:
        """What the platform costs while nothing happens: long polls that wait."""
        before, began_s = await self.state(), time.monotonic()
        await asyncio.sleep(self._course.quiet_s)
        after = await self.state()
        spent_s = after.cpu_s + after.database_cpu_s - before.cpu_s - before.database_cpu_s
        self.idle_cpu_s_per_s = spent_s / (time.monotonic() - began_s)

    async def _watch(self) -> None:
        while True:
            begun = (await self._streets.ask(StreetsRequest("state"), StreetsState)).begun
            waiting = sum(site.waiting for site in self.sites)
            written = sum(site.head_seq for site in self.sites)
            self.samples.append(
                Sample(at_s=time.monotonic() - self._began_s, waiting=waiting, written=written, begun=begun)
            )
            await asyncio.sleep(LOOK_S)

    async def _until(self, what: str, holds: Callable[[], bool]) -> None:
        until_s = time.monotonic() + self._course.patience_s
        while not holds():
            if time.monotonic() > until_s:
                raise FleetStuck(f"waited {self._course.patience_s:g} s in vain: {what}")
            await asyncio.sleep(LOOK_S)
        self._tell(what)


def _all_ready(sites: list[SimulatedSite]) -> Callable[[], bool]:
    return lambda: all(site.is_ready for site in sites)
