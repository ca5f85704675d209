"""What acknowledges: the platform's word over our own history, in our language, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cloud_sync import records
from cloud_sync.http import DetailedRejection, PlatformHttp
from cloud_sync.uplink import OTHER_HASH, Uplink
from cloud_sync.wire.batches import BatchAccepted
from cloud_sync.wire.protocol import PROTOCOL_HEADER, ProtocolUnsupported, require_supported
from edge.errors import PlatformUnreachable
from edge.service.records import live_alarms
from edge.store import journal
from tests.cloud_sync.conftest import DEVICE, SITE, World

Twist = Callable[[BatchAccepted], BatchAccepted]


class TwistedHttp(PlatformHttp):
    """The real platform, whose acknowledgements somebody rewrites on the way."""

    twist: Twist

    async def ask_raw(self, method: str, path: str, shape: type[Any], **options: Any) -> Any:
        answer = await super().ask_raw(method, path, shape, **options)
        return self.twist(answer) if shape is BatchAccepted else answer


def twisted(world: World, twist: Twist) -> TwistedHttp:
    http = TwistedHttp(url=world.url, site=SITE, device=DEVICE, token=world.token)
    http.twist = twist
    return http


class Stopped(Exception):
    """The role rests."""


def uplink_that_stops(world: World, http: PlatformHttp) -> tuple[Uplink, list[float]]:
    """An uplink whose first rest ends its run, and how long it wanted to rest."""
    rests: list[float] = []

    async def stop(asked_s: float) -> None:
        rests.append(asked_s)
        raise Stopped

    return Uplink(store=world.store, http=http, sleep=stop), rests


def halted_events(world: World) -> list[tuple[str, int]]:
    rows = world.store.read_now(lambda c: list(journal.tail(c, 0)))
    bodies = [msgspec.json.decode(row.body) for row in rows if row.type == "UplinkHalted"]
    return [(body["code"], body["seq"]) for body in bodies]


@pytest.mark.parametrize(
    "change", [{"hash": "ff" * 32}, {"epoch": 2}, {"epoch": 0}], ids=["hash", "later-epoch", "no-epoch"]
)
async def test_an_acknowledgement_of_another_history_acknowledges_nothing(
    world: World, change: Mapping[str, Any]
) -> None:
    world.record(3)
    async with twisted(world, lambda a: msgspec.structs.replace(a, **change)) as http:
        uplink, rests = uplink_that_stops(world, http)
        for _ in range(2):
            with pytest.raises(Stopped):
                await uplink.run()
    assert world.store.read_now(records.read_acknowledged) == 0
    assert halted_events(world) == [(OTHER_HASH, 1)]
    assert uplink.halted == OTHER_HASH
    assert [alarm.kind for alarm in world.store.read_now(live_alarms)] == ["uplink_halted"]
    assert rests[0] <= 1.0 < rests[1] + 0.5
    honest = Uplink(store=world.store, http=world.http)
    while await honest.send_next():
        pass
    assert world.store.read_now(records.read_acknowledged) == journal.read_head(world.store.connection).seq
    assert world.store.read_now(live_alarms) == []


async def test_an_acknowledgement_of_less_is_none(world: World) -> None:
    world.record(3)
    async with twisted(world, lambda a: msgspec.structs.replace(a, acknowledged_seq=2)) as http:
        with pytest.raises(PlatformUnreachable):
            await Uplink(store=world.store, http=http).send_next()
    assert world.store.read_now(records.read_acknowledged) == 0


async def test_a_longer_custody_is_compared_where_it_ends(world: World) -> None:
    """The acknowledgement of a batch that was here already names the platform's head: ours, or not."""
    world.record(5)
    await Uplink(store=world.store, http=world.http).send_next()
    world.store.run_now(lambda unit: records.write_acknowledged(unit.connection, 2))
    async with twisted(world, lambda a: msgspec.structs.replace(a, hash="00" * 32)) as http:
        forger = Uplink(store=world.store, http=http, batch_events=2)
        with pytest.raises(DetailedRejection) as caught:
            await forger.send_next()
    assert caught.value.code == OTHER_HASH
    honest = Uplink(store=world.store, http=world.http, batch_events=2)
    assert await honest.send_next() == 2
    assert world.store.read_now(records.read_acknowledged) == 4


async def test_the_end_of_an_older_stream_is_asked_for_by_the_link_that_was_sent(world: World) -> None:
    """Entries of a later epoch of ours have the numbers at which the platform's older stream ends."""
    world.record(3)
    world.store.run_now(lambda unit: unit.begin_epoch("test"))
    world.record(2)
    asked: list[int] = []

    def longer(answer: BatchAccepted) -> BatchAccepted:
        asked.append(answer.acknowledged_seq)
        return msgspec.structs.replace(answer, acknowledged_seq=5, hash="11" * 32)

    async with twisted(world, longer) as http:
        assert await Uplink(store=world.store, http=http).send_next() == 3
    assert asked == [3]


@pytest.mark.parametrize("told", [None, "1", "1.7"])
def test_our_language_is_understood(told: str | None) -> None:
    require_supported(told)


@pytest.mark.parametrize("told", ["0", "2", "2.0", "", "one", "-1", "1" * 40, "¹"])
def test_another_language_is_refused(told: str) -> None:
    with pytest.raises(ProtocolUnsupported) as caught:
        require_supported(told)
    assert caught.value.details["supported"] == "1"


async def test_the_platform_refuses_an_old_device_and_notes_it(world: World) -> None:
    with pytest.raises(DetailedRejection) as caught:
        await world.http.exchange("GET", world.http.device_path + "/standing", headers={PROTOCOL_HEADER: "0"})
    assert (caught.value.status, caught.value.code) == (426, "protocol_unsupported")
    row = await world.platform.database.read(
        lambda c: c.execute("SELECT device, code FROM incidents").fetchone()
    )
    assert tuple(row) == (DEVICE, "protocol_unsupported")
    page = await world.client.get(world.http.site_path + "/keyset")
    assert page.headers[PROTOCOL_HEADER] == "1"


async def test_an_answer_in_another_language_halts_the_uplink(world: World) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"acknowledged_seq": 1}, headers={PROTOCOL_HEADER: "2"})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    world.record(1)
    async with TestServer(app) as server:
        url = str(server.make_url("/"))
        async with PlatformHttp(url=url, site=SITE, device=DEVICE, token="t") as http:
            uplink, rests = uplink_that_stops(world, http)
            with pytest.raises(Stopped):
                await uplink.run()
    assert (uplink.halted, rests) == ("protocol_unsupported", [300.0])
    assert halted_events(world) == [("protocol_unsupported", 1)]
