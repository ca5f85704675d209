"""What the uplink takes of journal and link: bounded batches, encodings that both know, pace, progress."""

import asyncio
import gzip

import pytest
import zstandard
from aiohttp import web

from cloud_sync import records
from cloud_sync.events import FeedRecordParked
from cloud_sync.http import DetailedRejection, PlatformHttp
from cloud_sync.link_use import BATCH_BYTES, LinkUse, link_use
from cloud_sync.outbox import Outbox
from cloud_sync.progress import Meter
from cloud_sync.reach import Reach
from cloud_sync.uplink import Uplink
from cloud_sync.wire.batches import (
    ENCODINGS,
    MAX_BATCH_BYTES,
    BatchMalformed,
    BatchTooLarge,
    choose_encoding,
    decode_batch,
    encode_batch,
)
from edge.store import journal
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.cloud_sync.conftest import DEVICE, SITE, World
from tests.fakes.clock import START_MS, FakeClock

LONG = "x" * 40_000


@pytest.fixture
def journaled() -> InlineStore:
    return InlineStore.in_memory(clock=FakeClock(START_MS), migrations=MIGRATIONS)


def record(store: InlineStore, reason: str) -> None:
    event = FeedRecordParked(collection="c", record="r", version=1, reason=reason)
    store.run_now(lambda unit: unit.record(event, actor="test"))


async def test_a_batch_is_bounded_in_bytes_and_never_empty(journaled: InlineStore) -> None:
    for reason in (LONG, LONG, "short", "short"):
        record(journaled, reason)
    outbox, sizes, after_seq = Outbox(journaled, batch_bytes=60_000), [], 0
    while (posting := await outbox.take(after_seq, 100)) is not None:
        sizes.append(posting.header.count)
        after_seq = posting.header.last_seq
    assert sizes == [1, 3]
    tiny = await Outbox(journaled, batch_bytes=1).take(0, 100)
    assert tiny is not None and tiny.header.count == 1


async def test_what_was_made_ready_is_taken_only_where_it_fits(journaled: InlineStore) -> None:
    for _ in range(9):
        record(journaled, "x")
    outbox = Outbox(journaled, batch_bytes=BATCH_BYTES)
    outbox.read_ahead(4, 3)
    outbox.read_ahead(7, 3)
    ready = await outbox.take(4, 3)
    assert ready is not None and (ready.header.first_seq, ready.header.count) == (5, 3)
    outbox.read_ahead(4, 5)
    smaller = await outbox.take(4, 2)
    assert smaller is not None and smaller.header.count == 2
    outbox.read_ahead(8, 5)
    elsewhere = await outbox.take(0, 2)
    assert elsewhere is not None and elsewhere.header.first_seq == 1
    outbox.read_ahead(9, 5)
    record(journaled, "later")
    outbox.clear()
    assert await outbox.take(9, 5) is not None


async def test_whoever_is_at_the_till_goes_between_the_pieces_of_a_batch(
    journaled: InlineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3 * records.PIECE_EVENTS):
        record(journaled, "x")
    ways: list[None] = []
    monkeypatch.setattr(journaled, "give_way", lambda: ways.append(None))
    posting = await Outbox(journaled, batch_bytes=BATCH_BYTES).take(0, 100)
    assert posting is not None
    assert len(ways) == -(-posting.header.count // records.PIECE_EVENTS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_comes_back(journaled: InlineStore, encoding: str) -> None:
    record(journaled, "x")
    outgoing = journaled.read_now(lambda c: records.read_outgoing(c, after_seq=0, limit=10))
    assert outgoing is not None
    batch = decode_batch(encode_batch(*outgoing, encoding=encoding), encoding=encoding)
    assert (batch.header, list(batch.lines)) == (outgoing.header, outgoing.lines)


def test_bad_gzip_costs_no_memory_and_is_refused() -> None:
    with pytest.raises(BatchTooLarge):
        decode_batch(gzip.compress(b"0" * (MAX_BATCH_BYTES * 4)), encoding="gzip")
    for body in (b"", b"plain", gzip.compress(b"0" * 500)[:-9], zstandard.compress(b"0")):
        with pytest.raises(BatchMalformed):
            decode_batch(body, encoding="gzip")


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, identity", "gzip"),
        ("GZIP;q=0.5,ZSTD", "zstd"),
        ("br", None),
        ("", None),
        ("identity", "identity"),
    ],
)
def test_the_best_common_encoding_is_chosen(accepted: str, chosen: str | None) -> None:
    assert choose_encoding(accepted) == chosen


async def test_the_platform_names_what_it_knows(world: World) -> None:
    headers = {"Content-Encoding": "br", "Content-Type": "application/x-ndjson"}
    with pytest.raises(DetailedRejection) as caught:
        await world.http.exchange("POST", world.http.device_path + "/batches", body=b"x", headers=headers)
    assert (caught.value.status, caught.value.code) == (415, "encoding_unsupported")
    assert caught.value.details["accept_encoding"] == "zstd, gzip, identity"


class Stopped(Exception):
    """The role rests."""


@pytest.mark.parametrize(
    ("known", "tried", "halted"),
    [
        (("gzip", "identity"), ["zstd", "gzip"], None),
        (("identity",), ["zstd", "identity"], None),
        ((), ["zstd"], "encoding_unsupported"),
        (("zstd",), ["zstd"], "encoding_unsupported"),
    ],
)
async def test_the_uplink_goes_on_in_an_encoding_that_the_other_side_asks_for(
    world: World, known: tuple[str, ...], tried: list[str], halted: str | None
) -> None:
    """A receiver that says 415 to whatever is not in its list, even to what it lists when `known` lies."""
    seen: list[str] = []

    async def batches(request: web.Request) -> web.Response:
        encoding = request.headers["Content-Encoding"]
        seen.append(encoding)
        if encoding not in known or encoding == "zstd":
            return web.Response(status=415, headers={"Accept-Encoding": ", ".join(known)})
        header = decode_batch(await request.read(), encoding=encoding).header
        answer = {"acknowledged_seq": header.last_seq, "epoch": header.epoch, "hash": header.last_hash}
        return web.json_response(answer)

    async def standing(_: web.Request) -> web.Response:
        return web.json_response({"error": "not_found", "details": {}}, status=404)

    async def stop(_: float) -> None:
        raise Stopped

    world.record(1)
    app = web.Application()
    app.router.add_post("/{rest:.*}/batches", batches)
    app.router.add_get("/{rest:.*}/standing", standing)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with PlatformHttp(url=url, site=SITE, device=DEVICE, token="t") as http:
            uplink = Uplink(store=world.store, http=http, sleep=stop)
            if halted:
                with pytest.raises(Stopped):
                    await uplink.run()
            else:
                while await uplink._send_or_rest() != 0:
                    pass
    finally:
        await runner.cleanup()
    assert (seen, uplink.halted) == (tried, halted)
    assert (world.store.read_now(records.read_acknowledged) > 0) is (halted is None)


async def test_a_batch_that_is_too_large_for_the_other_side_is_halved(world: World) -> None:
    counts: list[int] = []

    class Small(PlatformHttp):
        async def ask_raw(self, method, path, shape, *, body=None, **options):  # type: ignore[no-untyped-def]
            counts.extend([decode_batch(body).header.count] if method == "POST" else [])
            if method == "POST" and counts[-1] > 3:
                raise DetailedRejection(413, "batch_too_large", {})
            return await super().ask_raw(method, path, shape, body=body, **options)

    world.record(7)
    async with Small(url=world.url, site=SITE, device=DEVICE, token=world.token) as http:
        uplink = Uplink(store=world.store, http=http, batch_events=16)
        while await uplink._send_or_rest() != 0:
            pass
    assert counts == [7, 7, 4, 2, 2, 2, 1]
    assert world.store.read_now(records.read_acknowledged) == 7


def test_a_metered_link_is_asked_rarely_in_large_pieces() -> None:
    usual, metered = link_use(metered=False, kbps=0), link_use(metered=True, kbps=0)
    assert usual == LinkUse()
    assert metered.batch_events > usual.batch_events
    assert metered.idle_poll_s > usual.idle_poll_s
    assert metered.telemetry_every > 1
    assert not metered.read_ahead


def test_below_a_bandwidth_limit_the_mean_stays_and_a_batch_takes_about_a_second() -> None:
    use = link_use(metered=False, kbps=64)
    body_bytes = use.batch_bytes // 8
    assert 0.5 < body_bytes * 8 / 64_000 <= 2
    rest_s = use.rest_s(body_bytes, 0.4)
    assert (body_bytes * 8 / 64_000) <= rest_s + 0.4 < 3
    assert use.rest_s(10, 5.0) == 0
    assert LinkUse().rest_s(10**6, 0.0) == 0


async def test_the_uplink_rests_below_its_bandwidth_limit(world: World) -> None:
    rests: list[float] = []

    async def rest(asked_s: float) -> None:
        rests.append(asked_s)

    world.record(30)
    uplink = Uplink(
        store=world.store, http=world.http, use=link_use(metered=False, kbps=8), batch_events=10, sleep=rest
    )
    while await uplink.send_next():
        pass
    assert len(rests) == 3
    assert all(0.5 < one < 3 for one in rests)


def test_progress_counts_a_drain_and_begins_anew_when_nothing_waits() -> None:
    now_s = [0.0]
    meter = Meter(lambda: now_s[0])
    assert (meter.progress(0).left_s, meter.progress(500).left_s) == (0, None)
    for second in range(1, 5):
        meter.note(100, waiting=1_000 - second * 100)
        now_s[0] += 1.0
    found = meter.progress(600)
    assert (found.waiting, found.sent, found.rate_per_s, found.left_s) == (600, 400, 100.0, 6)
    assert found.share == pytest.approx(0.4)
    now_s[0] += 60.0
    stalled = meter.progress(600)
    assert (stalled.rate_per_s, stalled.left_s) == (0.0, None)
    meter.note(600, waiting=0)
    assert (meter.progress(0).sent, meter.progress(0).share, meter.progress(0).left_s) == (0, 1.0, 0)


async def test_whoever_rests_goes_on_when_another_role_hears_the_platform() -> None:
    reach = Reach()
    reach.lose()
    resting = asyncio.create_task(reach.rest(asyncio.sleep(60)))
    await asyncio.sleep(0)
    reach.hear()
    await asyncio.wait_for(resting, 1)
    await reach.rest(asyncio.sleep(0))


async def test_who_rests_from_its_own_fault_is_not_woken_by_every_answer_to_others() -> None:
    reach = Reach()
    resting = asyncio.create_task(reach.rest(asyncio.sleep(60)))
    await asyncio.sleep(0)
    reach.hear()
    done, _ = await asyncio.wait({resting}, timeout=0.05)
    assert not done
    resting.cancel()


class Watched(PlatformHttp):
    """Remembers what was asked."""

    def __init__(self, world: World) -> None:
        super().__init__(url=world.url, site=SITE, device=DEVICE, token=world.token)
        self.asked: list[str] = []

    async def exchange(self, method, path, **options):  # type: ignore[no-untyped-def]
        """Remember, and ask."""
        self.asked.append(path.rpartition("/")[2])
        return await super().exchange(method, path, **options)


async def test_an_uplink_that_is_away_probes_with_a_short_question(world: World) -> None:
    world.record(3)
    async with Watched(world) as http:
        uplink = Uplink(store=world.store, http=http)
        await uplink.send_next()
        uplink.online = False
        world.record(1)
        await uplink._send_or_rest()
    assert http.asked == ["standing", "batches", "standing", "batches"]
    assert world.store.read_now(journal.read_head).seq == world.store.read_now(records.read_acknowledged)


async def test_an_uplink_that_was_told_when_to_come_again_does_not_ask_whether_anybody_is_there(
    world: World,
) -> None:
    async def rest(seconds: float) -> None:
        world.platform.admission.inside = 0

    world.record(3)
    world.platform.admission.inside = 1_000
    async with Watched(world) as http:
        uplink = Uplink(store=world.store, http=http, sleep=rest)
        assert [await uplink._send_or_rest() for _ in range(2)] == [None, 3]
    assert http.asked == ["standing", "batches", "batches"]
