"""Uplink and downlink through a bad network, against the real platform that is restarted half-way.

Faults are drawn by the seed, request by request (`tests/fakes/bad_network.py`); device and platform are
restarted at random moments. When the faults end, both sides must come to hold the same, without hands. Time
limits are a twentieth of the real ones, so that a trial takes about a second.
"""

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from aiohttp import web

from cloud_sync import feed_records, records
from cloud_sync.downlink import Downlink
from cloud_sync.feed_pages import PageReader
from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.outbox import Posting
from cloud_sync.platform import custody, feed, schema
from cloud_sync.platform.app import build_platform
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.keys import make_keys
from cloud_sync.platform.settings import DeviceSettings, PlatformSettings
from cloud_sync.records import Outgoing
from cloud_sync.standing import StreamCheck
from cloud_sync.uplink import Uplink
from cloud_sync.wire.batches import Batch, BatchAccepted, BatchHeader, EventEnvelope
from edge.access.events import DoorOpened
from edge.errors import PlatformError, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.store import journal
from edge.store.identity import quarantine_of
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from edge.tables import MIGRATIONS
from tests.fakes.bad_network import BadNetwork
from tests.fakes.clock import START_MS, FakeClock
from tests.proofs.proof import Plant, Proof, Trial

SITE, DEVICE = "heyuanli", "k1"
PATIENCE = Patience(connect_s=0.1, silence_s=0.15, total_s=0.5)
DRAIN_S = 60.0
"""Invariant I13."""


class Site:
    """One trial: a platform in its folder, a device's store, what was recorded and what was authored."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = Random(seed)
        self.clock = FakeClock(START_MS)
        self.settings = PlatformSettings(
            site=SITE,
            name_zh="和园里",
            name_en="Heyuan Court",
            device=[DeviceSettings(DEVICE, "keys/k1.token")],
            folder=str(folder),
        )
        make_keys(self.settings)
        self.token = (folder / "keys/k1.token").read_text().strip()
        self.store = InlineStore.in_memory(clock=self.clock, migrations=MIGRATIONS)
        self.applied: list[tuple[str, int]] = []
        self.authored: dict[str, int] = {}
        self._runner: web.AppRunner | None = None
        self.platform: Platform

    async def start_platform(self) -> int:
        """Start it on what its folder holds; returns its port."""
        app = build_platform(self.settings, clock_ms=lambda: self.clock.at_ms)
        self.platform = app[PLATFORM]
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.02, auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return int(self._runner.addresses[0][1])

    async def stop_platform(self) -> None:
        """End it in the midst of whatever it does."""
        assert self._runner is not None
        await self._runner.cleanup()

    def record(self) -> None:
        """One opening happens."""
        opening = f"k1-1-{journal.read_head(self.store.connection).seq + 1}"
        event = DoorOpened(opening=opening, place="door:gate", authorisation="pass:p:1")
        self.store.run_now(lambda unit: unit.record(event, actor="proof"))

    async def author(self) -> None:
        """One record changes on the platform."""
        name = f"n{self.chance.randrange(6)}"
        notice = {"id": name, "from_ms": self.chance.randrange(10**9), "until_ms": 10**12}
        notice |= dict.fromkeys(("title_zh", "title_en", "body_zh", "body_en"), "x")
        await self.platform.database.write(lambda c: feed.put_record(c, "notices", name, notice))
        self.authored[name] = self.authored.get(name, 0) + 1

    def apply(self, unit: Unit, name: str, version: int, data: dict[str, Any] | None) -> None:
        """The room that keeps the copy."""
        self.applied.append((name, version))

    @contextlib.asynccontextmanager
    async def device(self, url: str) -> AsyncIterator[None]:
        """Uplink and downlink of one life of the device."""
        async with PlatformHttp(url=url, site=SITE, device=DEVICE, token=self.token) as http:
            uplink = Uplink(
                store=self.store,
                http=http,
                batch_events=self.chance.choice((10, 25)),
                patience=PATIENCE,
                backoff=Backoff(first_s=0.01, limit_s=0.05),
                sleep=_short_sleep,
            )
            downlink = Downlink(
                store=self.store,
                http=http,
                appliers={
                    "notices": self.apply,
                    **dict.fromkeys(("keyset", "revocation_list"), lambda *_: None),
                },
                page_changes=self.chance.choice((1, 3)),
                patience=PATIENCE,
            )
            tasks = [asyncio.create_task(uplink.run()), asyncio.create_task(_follow(downlink))]
            try:
                yield
                for task in tasks:
                    if task.done():
                        task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def _short_sleep(asked_s: float) -> None:
    await asyncio.sleep(min(asked_s, 0.05))


async def _follow(downlink: Downlink) -> None:
    """The role's loop without its long poll."""
    while True:
        with contextlib.suppress(PlatformError):
            await downlink.read_next()
        await asyncio.sleep(0.005)


async def _trial(folder: Path, seed: int) -> None:
    site = Site(folder, seed)
    port = await site.start_platform()
    try:
        async with BadNetwork(target_port=port, chance=Random(seed + 1)) as network:
            for life in range(3):
                async with site.device(network.url):
                    await _live(site)
                    if life == 1:
                        await site.stop_platform()
                        network.target_port = await site.start_platform()
                        await _live(site)
                    if life == 2:
                        network.calm = True
                        await _drain(site, seed)
            await _compare(site, f"seed {seed}, met {sorted(set(network.met))}")
    finally:
        await site.stop_platform()
        site.store.close()


async def _live(site: Site) -> None:
    """Things happen on both sides while the network is bad; what is acknowledged must be in custody."""
    for _ in range(site.chance.randrange(4, 10)):
        for _ in range(site.chance.randrange(6)):
            site.record()
        if site.chance.random() < 0.6:
            await site.author()
        await asyncio.sleep(site.chance.uniform(0.0, 0.03))
        await _acknowledged_is_held(site)


async def _acknowledged_is_held(site: Site) -> None:
    acknowledged = site.store.read_now(records.read_acknowledged)
    held = await site.platform.database.read(lambda c: c.execute("SELECT count(*) FROM events").fetchone()[0])
    assert acknowledged <= held, f"I2 acknowledged up to {acknowledged}, the platform holds {held}"


async def _drain(site: Site, seed: int) -> None:
    end = asyncio.get_running_loop().time() + DRAIN_S
    while not await _is_drained(site):
        left_s = end - asyncio.get_running_loop().time()
        assert left_s > 0, f"I13 seed {seed}: not drained {DRAIN_S:.0f} s after the faults ended"
        assert site.store.read_now(quarantine_of) is None, f"seed {seed}: took itself for a clone"
        await asyncio.sleep(0.01)
    await _acknowledged_is_held(site)


async def _is_drained(site: Site) -> bool:
    head = site.store.read_now(records.read_head_seq)
    applied = await site.platform.database.read(
        lambda c: c.execute("SELECT coalesce(sum(applied_seq), 0) FROM streams").fetchone()[0]
    )
    cursor = await site.platform.database.read(
        lambda c: c.execute("SELECT coalesce(max(cursor), 0) FROM records").fetchone()[0]
    )
    acknowledged = site.store.read_now(records.read_acknowledged)
    return (head, head, cursor) == (acknowledged, applied, site.store.read_now(feed_records.read_cursor))


async def _compare(site: Site, words: str) -> None:
    """Both sides equal: the same events, each once, the same hashes, applied; every change applied once."""
    rows = await site.platform.database.read(
        lambda c: c.execute("SELECT epoch, seq, hash, line FROM events ORDER BY seq, epoch").fetchall()
    )
    theirs = [(row["epoch"], row["seq"], row["hash"], bytes(row["line"])) for row in rows]
    ours = [
        (1, row.seq, row.hash.hex(), journal.line(row))
        for row in site.store.read_now(lambda c: list(journal.tail(c, 0)))
    ]
    assert theirs == ours, f"I2 {words}: {len(theirs)} held, {len(ours)} recorded, or not the same ones"
    opened, parked, stopped = await site.platform.database.read(
        lambda c: c.execute(
            "SELECT (SELECT count(*) FROM openings), (SELECT count(*) FROM parked),"
            " (SELECT count(*) FROM streams WHERE quarantine IS NOT NULL OR epoch > 1)"
        ).fetchone()
    )
    assert (opened, parked, stopped) == (len(ours), 0, 0), f"{words}: applied {opened} of {len(ours)}"
    assert len(site.applied) == len(set(site.applied)), f"{words}: a change was applied twice"
    newest: dict[str, int] = {}
    for name, version in site.applied:
        assert version > newest.get(name, 0), f"{words}: {name} went back to version {version}"
        newest[name] = version
    assert newest == site.authored, f"{words}: platform has {site.authored}, device {newest}"


@contextmanager
def _open() -> Iterator[Trial]:
    server_log = logging.getLogger("aiohttp.server")
    with (
        tempfile.TemporaryDirectory() as base,
        asyncio.Runner() as runner,
        patch.object(server_log, "disabled", True),  # it logs every reset, and resets are the point
    ):

        def trial(seed: int) -> int:
            folder = Path(base, "trial")
            folder.mkdir()
            try:
                runner.run(_trial(folder, seed))
            finally:
                shutil.rmtree(folder)
            return 1

        yield trial


@contextmanager
def _acknowledged_when_sent() -> Iterator[None]:
    post = Uplink._post

    async def hopeful(self: Uplink, posting: Posting) -> BatchAccepted:
        header = posting.header
        with contextlib.suppress(PlatformUnreachable):
            await post(self, posting)
        return BatchAccepted(header.last_seq, header.epoch, header.last_hash)

    with patch.object(Uplink, "_post", hopeful):
        yield


@contextmanager
def _platform_stores_duplicates() -> Iterator[None]:
    take = custody.take_custody

    def doubled(
        connection: Any, batch: Batch, hashes: list[str], envelopes: list[EventEnvelope], *, now_ms: int
    ) -> BatchAccepted:
        before = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        accepted = take(connection, batch, hashes, envelopes, now_ms=now_ms)
        again = range(batch.header.first_seq, min(before, accepted.acknowledged_seq) + 1)
        connection.executemany(
            "INSERT INTO events SELECT * FROM events WHERE seq=? LIMIT 1", [(seq,) for seq in again]
        )
        return accepted

    end = "PRIMARY KEY (device, epoch, seq)\n) STRICT, WITHOUT ROWID;"
    unkeyed = schema.SCHEMA.replace(f",\n  {end}", "\n) STRICT;", 1)
    assert unkeyed != schema.SCHEMA
    with (
        patch("cloud_sync.platform.store.sqlite.SCHEMA", unkeyed),
        patch.object(custody, "take_custody", doubled),
        patch(f"{__name__}.DRAIN_S", 5.0),  # what is applied twice stops the applier: it never drains
    ):
        yield


@contextmanager
def _a_repeat_is_a_fork() -> Iterator[None]:
    def strict(connection: Any, stream: custody.Stream, batch: Batch, hashes: list[str]) -> None:
        if batch.header.first_seq <= stream.head_seq:
            raise custody.StreamForked(seq=batch.header.first_seq, epoch=stream.epoch)

    with patch.object(custody, "_compare_overlap", strict):
        yield


@contextmanager
def _answered_before_stored() -> Iterator[None]:
    take = custody.take_custody
    seen: set[int] = set()

    def hasty(
        connection: Any, batch: Batch, hashes: list[str], envelopes: list[EventEnvelope], *, now_ms: int
    ) -> BatchAccepted:
        if batch.header.first_seq not in seen:
            seen.add(batch.header.first_seq)
            header = batch.header
            return BatchAccepted(header.first_seq + header.count - 1, header.epoch, hashes[-1])
        return take(connection, batch, hashes, envelopes, now_ms=now_ms)

    with patch.object(custody, "take_custody", hasty):
        yield


@contextmanager
def _cursor_before_changes() -> Iterator[None]:
    read_next = Downlink.read_next
    read = PageReader.read

    async def early(self: Downlink, *, wait_s: int = 0) -> int:
        async def read_and_note(pages: PageReader, *asked: Any, **options: Any) -> Any:
            page = await read(pages, *asked, **options)
            await self._store.run(lambda unit: feed_records.write_cursor(unit.connection, page.cursor))
            await asyncio.sleep(0.01)
            return page

        with patch.object(PageReader, "read", read_and_note):
            return await read_next(self, wait_s=wait_s)

    with patch.object(Downlink, "read_next", early):
        yield


@contextmanager
def _black_hole_waited_out() -> Iterator[None]:
    for_ever = Patience(connect_s=3600, silence_s=3600, total_s=3600)
    here = __name__
    with patch(f"{here}.PATIENCE", for_ever), patch(f"{here}.DRAIN_S", 3.0):
        yield


@contextmanager
def _gap_ignored() -> Iterator[None]:
    """The device leaves a hole now and then, and the platform takes what comes after it."""
    outgoing, find = records.read_outgoing, custody._newest_stream

    def skipping(connection: Any, *, after_seq: int, limit: int, limit_bytes: int) -> Outgoing | None:
        found = outgoing(connection, after_seq=after_seq, limit=limit, limit_bytes=limit_bytes)
        if after_seq == 0 or found is None or found.header.count == 1:
            return found
        return outgoing(connection, after_seq=after_seq + 1, limit=limit)

    def take(
        connection: Any, batch: Batch, hashes: list[str], envelopes: list[EventEnvelope], *, now_ms: int
    ) -> BatchAccepted:
        header = batch.header
        before = (header.first_seq - 1, header.previous_hash, header.device, header.first_seq - 1)
        if find(connection, header.device) is not None:
            connection.execute(
                "UPDATE streams SET head_seq=?, head_hash=? WHERE device=? AND head_seq<?", before
            )
        return real(connection, batch, hashes, envelopes, now_ms=now_ms)

    real = custody.take_custody
    with patch.object(records, "read_outgoing", skipping), patch.object(custody, "take_custody", take):
        yield


@contextmanager
def _any_acknowledgement_counts() -> Iterator[None]:
    async def believed(self: StreamCheck, header: BatchHeader, answer: BatchAccepted) -> bool:
        return True

    with patch.object(StreamCheck, "is_ours", believed):
        yield


PLANTED: dict[str, Plant] = {
    "an acknowledgement is not compared with what was sent": _any_acknowledgement_counts,
    "acknowledged when sent": _acknowledged_when_sent,
    "platform stores duplicates": _platform_stores_duplicates,
    "a repeated batch is taken for a fork": _a_repeat_is_a_fork,
    "acknowledged before stored": _answered_before_stored,
    "feed cursor kept before the changes are": _cursor_before_changes,
    "gap ignored": _gap_ignored,
    "no time limit on a silent connection": _black_hole_waited_out,
}

PROOF = Proof(
    name="network",
    promise="Through a broken network both sides end with the same events, each once, and every change",
    open=_open,
    suite=60,
    goal=5_000,
    planted=PLANTED,
)
