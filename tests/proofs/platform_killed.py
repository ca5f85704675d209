"""kill -9 of the real platform while it takes custody: nothing acknowledged is lost, nothing is held twice.

One platform and one device for all trials of a run; soaks put every other trial to PostgreSQL. In each the
device sends what it has while the platform is killed, at any moment of it. Then it starts on what it has on
its disk, and is asked first what it holds: by then nobody has sent anything again.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from cloud_sync import records
from cloud_sync.events import FeedRecordParked
from cloud_sync.http import PlatformHttp
from cloud_sync.platform.figures import DeviceFigures, SiteFigures
from cloud_sync.uplink import Uplink
from edge.errors import PlatformError
from edge.links.cancelling import end_task
from edge.store import journal
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.fakes.platform_process import DEVICE, SITE, PlatformProcess
from tests.fakes.postgres import Postgres
from tests.proofs.machines import FIRST_SOAK_SEED
from tests.proofs.planting import PlantedByName
from tests.proofs.proof import Proof, Trial

EVENTS = (200, 1_200)
"""A trial's events: it takes about a tenth of a second to send them."""
LONGEST_S = 0.12
STANDSTILL_S = 30.0
"""So long no event of those in custody may be applied; a busy machine needs seconds for a slice."""
_PLANTED = PlantedByName()


class Killed:
    """A platform in a process of its own, and what a device has recorded for it."""

    def __init__(self, folder: Path, *, store: str = "") -> None:
        folder.mkdir()
        program = ("tests.faults.planted_platform", _PLANTED.name) if _PLANTED.name else ()
        self.platform = PlatformProcess(folder, store=store, program=program)
        self.device = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
        self.platform.start()

    def close(self) -> None:
        """End both."""
        self.platform.kill()
        self.device.close()

    def record(self, count: int) -> None:
        """So many things happen at the device."""
        for number in range(count):
            event = FeedRecordParked(collection="c", record=f"r{number}", version=1, reason="proof")
            self.device.run_now(lambda unit, event=event: unit.record(event, actor="proof"))  # type: ignore[misc]

    async def trial(self, seed: int) -> None:
        """Kill it once, and compare what it holds before and after the rest was sent."""
        chance = Random(seed)
        self.record(chance.randint(*EVENTS))
        url, token = self.platform.url, self.platform.token
        async with PlatformHttp(url=url, site=SITE, device=DEVICE, token=token) as http:
            batch = chance.choice((10, 100, 250))
            sending = asyncio.create_task(self._send(http, batch))
            await asyncio.wait({sending}, timeout=chance.uniform(0.0, LONGEST_S))
            await asyncio.to_thread(self.platform.kill)
            await end_task(sending)
        await asyncio.to_thread(self.platform.start)
        async with PlatformHttp(url=url, site=SITE, device=DEVICE, token=token) as http:
            self._compare(await self._held(http), f"seed {seed}, batches of {batch}, after the kill")
            await self._send(http, batch)
            await self._applied(http, seed)

    async def _send(self, http: PlatformHttp, batch: int) -> None:
        """Send until nothing is left, or the platform is dead."""
        uplink = Uplink(store=self.device, http=http, batch_events=batch)
        try:
            while await uplink.send_next():
                pass
        except PlatformError:
            """What was acknowledged until then must be there."""

    async def _held(self, http: PlatformHttp) -> DeviceFigures | None:
        figures = await http.ask("GET", http.site_path + "/figures", SiteFigures)
        return figures.devices[0] if figures.devices else None

    def _compare(self, held: DeviceFigures | None, words: str) -> None:
        """Custody is a beginning of our journal, each entry once, and no shorter than was acknowledged."""
        acknowledged = self.device.read_now(records.read_acknowledged)
        if held is None:
            assert acknowledged == 0, f"I2 {words}: {acknowledged} acknowledged, nothing held"
            return
        assert held.head_seq >= acknowledged, f"I2 {words}: {acknowledged} acknowledged, {held.head_seq} held"
        assert held.events == held.head_seq, f"I2 {words}: {held.events} events up to {held.head_seq}"
        [entry] = journal.tail(self.device.connection, held.head_seq - 1, 1)
        assert held.head_hash == entry.hash.hex(), f"I2 {words}: another history up to {held.head_seq}"
        assert (held.quarantine, held.parked) == (None, 0), f"{words}: {held}"

    async def _applied(self, http: PlatformHttp, seed: int) -> None:
        """All of it is held, and applied, without ever standing still."""
        loop, head, applied, since_s = asyncio.get_running_loop(), self.device.executor.head.seq, -1, 0.0
        while applied < head:
            held = await self._held(http)
            self._compare(held, f"seed {seed}, at the end")
            assert held is not None and held.head_seq == head, f"I2 seed {seed}: {held} of {head}"
            if held.applied_seq > applied:
                applied, since_s = held.applied_seq, loop.time()
            stood_s = loop.time() - since_s
            assert stood_s < STANDSTILL_S, f"seed {seed}: {held} has not moved for {stood_s:.0f} s"
            await asyncio.sleep(0.05)


class Platforms:
    """The platform on SQLite, and the one on PostgreSQL where a soak wants it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Killed] = {}
        self._server: Postgres | None = None

    def trial(self, seed: int) -> int:
        """One kill of one of them."""
        kind = "postgres" if seed >= FIRST_SOAK_SEED and seed % 2 else "sqlite"
        if kind not in self._made:
            self._made[kind] = Killed(self._folder / kind, store=self._store(kind))
        asyncio.run(self._made[kind].trial(seed))
        return 1

    def _store(self, kind: str) -> str:
        if kind == "sqlite":
            return ""
        self._server = Postgres()
        self._server.start()
        return f'[store]\nurl = "{self._server.new_database()}"\n'

    def close(self) -> None:
        """End whatever runs."""
        for killed in self._made.values():
            killed.close()
        if self._server is not None:
            self._server.stop()


@contextmanager
def _open() -> Iterator[Trial]:
    folder = Path(tempfile.mkdtemp(prefix="platform-kill-"))
    platforms = Platforms(folder)
    try:
        yield platforms.trial
    finally:
        platforms.close()
        shutil.rmtree(folder)


PROOF = Proof(
    name="platform-kill",
    promise="A platform that is killed loses nothing that it acknowledged and holds nothing twice",
    open=_open,
    suite=3,
    goal=2_000,
    planted=_PLANTED.plants("answered before the COMMIT"),
    patience=8,
)
