"""Telemetry goes up after the journal, each sample once; the platform keeps a bounded number."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from cloud_sync.http import PlatformHttp
from cloud_sync.link_use import link_use
from cloud_sync.platform import telemetry as platform_telemetry
from cloud_sync.platform.telemetry import DeviceTelemetry, list_newest
from cloud_sync.telemetry import SHARE_EVERY_S, TelemetryUplink
from cloud_sync.uplink import Uplink
from cloud_sync.wire.telemetry import MAX_SAMPLES, TelemetryPosting, TelemetrySample, TelemetryTaken
from edge.demo.stage.wires import Fault, Wire
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.store import telemetry_records
from edge.store.telemetry_records import Reading
from tests.cloud_sync.conftest import DEVICE, SITE, World
from tests.fakes.clock import START_MS
from tests.proofs.planting import replaced


def sample(world: World, count: int, *, lost: int = 0) -> None:
    """Put samples into the device's ring."""
    readings = [Reading(START_MS + number, "synced", b'{"uptime_s":%d}' % number) for number in range(count)]
    world.store.run_now(
        lambda unit: telemetry_records.append(unit.connection, 1, readings, keep_rows=10_080, lost=lost)
    )


async def newest(world: World) -> list[DeviceTelemetry]:
    """What the platform's page shows."""
    return await world.platform.database.read(list_newest)


def uplink_of(world: World) -> TelemetryUplink:
    return TelemetryUplink(store=world.store, http=world.http)


async def test_everything_goes_up_in_postings_with_the_count_of_the_dropped(world: World) -> None:
    sample(world, MAX_SAMPLES + 5, lost=7)
    uplink = uplink_of(world)
    assert [await uplink.send_next() for _ in range(3)] == [MAX_SAMPLES, 5, 0]
    [one] = await newest(world)
    assert (one.device, one.kept, one.dropped) == (DEVICE, MAX_SAMPLES + 5, 7)
    assert one.gauges == {"uptime_s": MAX_SAMPLES + 4}
    overview = msgspec.json.decode(await world.http.exchange("GET", "/sim/overview"))
    assert overview["telemetry"][0]["gauges"] == one.gauges


async def test_the_journal_goes_first(world: World) -> None:
    world.record(1)
    sample(world, 1)
    assert await uplink_of(world).send_next() == 0
    assert not await newest(world)
    journal_uplink = Uplink(store=world.store, http=world.http)
    while await journal_uplink.send_next():
        pass
    assert await uplink_of(world).send_next() == 1


async def test_the_backlog_is_known_while_the_platform_is_away(
    world: World, faulty: tuple[TelemetryUplink, Wire]
) -> None:
    _, proxy = faulty
    world.record(3)
    proxy.fault = Fault.RESET
    async with PlatformHttp(url=proxy.url, site=SITE, device=DEVICE, token=world.token) as http:
        uplink = Uplink(store=world.store, http=http)
        assert uplink.waiting is None
        with pytest.raises(PlatformUnreachable):
            await uplink.send_next()
        assert uplink.waiting == 3
        proxy.fault = Fault.NONE
        while await uplink.send_next():
            pass
        assert uplink.waiting == 0


@pytest.fixture
async def faulty(world: World) -> AsyncIterator[tuple[TelemetryUplink, Wire]]:
    port = urlsplit(world.url).port
    assert port is not None
    async with (
        Wire(target_port=port) as proxy,
        PlatformHttp(url=proxy.url, site=SITE, device=DEVICE, token=world.token) as http,
    ):
        yield TelemetryUplink(store=world.store, http=http), proxy


async def check_each_once(world: World, faulty: tuple[TelemetryUplink, Wire]) -> None:
    uplink, proxy = faulty
    sample(world, 3)
    proxy.fault = Fault.LOSE_ANSWERS
    with pytest.raises(PlatformUnreachable):
        await uplink.send_next()
    assert [one.kept for one in await newest(world)] == [3]
    sample(world, 2)
    proxy.fault = Fault.NONE
    assert await uplink.send_next() == 5
    assert [one.kept for one in await newest(world)] == [5]


@pytest.mark.one_store
@pytest.mark.slow
async def test_a_posting_whose_answer_was_lost_comes_again_and_doubles_nothing(
    world: World, faulty: tuple[TelemetryUplink, Wire]
) -> None:
    await check_each_once(world, faulty)


def _kept_twice() -> AbstractContextManager[None]:
    """A platform that tells a repeated sample apart by a number of its own."""
    honest, postings = platform_telemetry.take, [0]

    def take(connection: Any, device: str, posting: TelemetryPosting, *, now_ms: int) -> TelemetryTaken:
        postings[0] += 1
        renumbered = [
            msgspec.structs.replace(one, number=one.number + 1000 * postings[0]) for one in posting.samples
        ]
        return honest(connection, device, TelemetryPosting(posting.dropped, renumbered), now_ms=now_ms)

    return replaced(platform_telemetry, "take", take)


def _sent_before_it_is_held() -> AbstractContextManager[None]:
    """A device that believes it was heard before the answer came."""
    honest = telemetry_records.read_unsent

    def read(connection: Any, limit: int) -> list[telemetry_records.Sample]:
        found = honest(connection, limit)
        return found if len(found) == 3 else found[3:]

    return replaced(telemetry_records, "read_unsent", read)


@pytest.mark.one_store
@pytest.mark.slow
@pytest.mark.parametrize("plant", [_kept_twice, _sent_before_it_is_held])
async def test_a_sample_doubled_or_skipped_is_found(
    world: World,
    faulty: tuple[TelemetryUplink, Wire],
    plant: Callable[[], AbstractContextManager[None]],
) -> None:
    with plant(), pytest.raises(AssertionError):
        await check_each_once(world, faulty)


async def test_the_platform_keeps_the_newest_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_telemetry, "KEPT_SAMPLES", 4)
    sample(world, 6)
    await uplink_of(world).send_next()
    sample(world, 1)
    await uplink_of(world).send_next()
    numbers = await world.platform.database.read(
        lambda c: [row[0] for row in c.execute("SELECT number FROM telemetry ORDER BY number")]
    )
    assert numbers == [4, 5, 6, 7]


async def test_samples_of_a_new_epoch_are_newer_whatever_their_numbers(world: World) -> None:
    for epoch, number in ((1, 900), (2, 3)):
        posting = TelemetryPosting(
            0, [TelemetrySample(epoch, number, START_MS, "synced", {"uptime_s": epoch})]
        )
        path = world.http.device_path + "/telemetry"
        await world.http.ask("POST", path, TelemetryTaken, content=posting)
    [one] = await newest(world)
    assert (one.kept, one.gauges) == (2, {"uptime_s": 2})


@pytest.mark.parametrize(
    "body",
    [
        b'{"dropped":0,"samples":[]}',
        b'{"dropped":-1,"samples":[{"epoch":1,"number":1,"at_ms":1,"trust":"synced","gauges":{}}]}',
        b'{"dropped":0,"samples":[{"epoch":1,"number":1,"at_ms":1,"trust":"sure","gauges":{}}]}',
        b'{"dropped":0,"samples":[{"epoch":1,"number":1,"at_ms":1,"trust":"synced","gauges":{"<b>":1}}]}',
        b'{"dropped":0,"samples":[{"epoch":1,"number":1,"at_ms":1,"trust":"synced","gauges":{"a":0.5}}]}',
    ],
)
async def test_what_is_not_of_the_form_is_refused(world: World, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    with pytest.raises(PlatformRejected, match="malformed"):
        await world.http.exchange("POST", world.http.device_path + "/telemetry", body=body, headers=headers)
    assert not await newest(world)


class TiredError(Exception):
    """The test has seen enough."""


async def test_a_platform_that_does_not_take_it_is_asked_ever_more_rarely(
    world: World, faulty: tuple[TelemetryUplink, Wire]
) -> None:
    _, proxy = faulty
    proxy.fault = Fault.RESET
    pauses_s: list[float] = []

    async def rest(seconds: float) -> None:
        pauses_s.append(seconds)
        if len(pauses_s) == 7:
            raise TiredError

    sample(world, 1)
    async with PlatformHttp(url=proxy.url, site=SITE, device=DEVICE, token=world.token) as http:
        backoff = Backoff(first_s=30.0, limit_s=900.0, chance=lambda: 1.0)
        with pytest.raises(TiredError):
            await TelemetryUplink(store=world.store, http=http, backoff=backoff, sleep=rest).run()
    assert pauses_s == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


async def test_a_backlog_leaves_telemetry_a_small_share(world: World) -> None:
    now_s = [0.0]
    world.record(1)
    sample(world, MAX_SAMPLES + 3)
    uplink = TelemetryUplink(store=world.store, http=world.http, now_s=lambda: now_s[0])
    assert await uplink.send_next() == 0
    now_s[0] = SHARE_EVERY_S
    assert await uplink.send_next() == MAX_SAMPLES
    assert await uplink.send_next() == 0


async def test_a_metered_line_is_told_a_tenth(world: World) -> None:
    sample(world, 25)
    uplink = TelemetryUplink(store=world.store, http=world.http, use=link_use(metered=True, kbps=0))
    assert [await uplink.send_next() for _ in range(2)] == [2, 0]
    sample(world, 3)
    assert [await uplink.send_next() for _ in range(2)] == [1, 0]
    [one] = await newest(world)
    assert (one.kept, one.gauges) == (3, {"uptime_s": 2})
