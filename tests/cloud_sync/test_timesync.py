"""Signed time and the key set: only what the root vouches for is believed."""

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cloud_sync import records
from cloud_sync.http import PlatformHttp
from cloud_sync.keyring import KeyRing, load_root_key
from cloud_sync.platform.keys import KEYSET_VERSION
from cloud_sync.timesync import NoJump, NonceMismatch, TimeSync
from edge.errors import ConfigError, Refusal
from edge.service.records import live_alarms
from edge.trust.clock import TimeBehindFloor, TimeJumped, Trust, TrustedClock
from edge.trust.cose import sign
from edge.trust.keys import BadSignature, SigningKey, UnknownKey, verifying_key
from edge.trust.keyset import sign_keyset
from tests.cloud_sync.conftest import DEVICE, SITE, World


class BootClock:
    """Boot time in the test's hand."""

    def __init__(self) -> None:
        self.ms = 1_000

    def __call__(self) -> int:
        return self.ms


def parts(world: World, http: PlatformHttp | None = None) -> tuple[TimeSync, TrustedClock, KeyRing]:
    boot = BootClock()
    clock = TrustedClock(boot_ms=boot, boot_id="b")
    ring = KeyRing(store=world.store, root_public=world.platform.keys.root.public)
    sync = TimeSync(store=world.store, http=http or world.http, clock=clock, keyring=ring, boot_ms=boot)
    return sync, clock, ring


async def test_the_clock_is_synced_by_the_signed_answer(world: World) -> None:
    sync, clock, ring = parts(world)
    assert clock.now().trust is Trust.UNKNOWN
    await sync.synchronise()
    assert clock.now() == (world.clock.at_ms, Trust.SYNCED)
    assert ring.current().version == KEYSET_VERSION


async def test_the_key_set_is_there_again_after_a_restart_without_network(world: World) -> None:
    sync, _, _ = parts(world)
    await sync.synchronise()
    _, _, fresh = parts(world)
    assert fresh.current().keys == ()
    await fresh.load()
    assert {key.purpose for key in fresh.current().keys} == {
        "passes",
        "commands",
        "contract",
        "feed",
        "time",
        "custody",
    }


async def test_a_key_set_of_another_root_is_refused(world: World) -> None:
    _, _, ring = parts(world)
    other = SigningKey.generate("root-1", "root")
    message = sign_keyset(other, [verifying_key(SigningKey.generate("x", "time"))], 9)
    with pytest.raises(BadSignature):
        await ring.adopt(message)
    assert world.store.read_now(records.read_keyset) is None


async def test_an_older_key_set_is_refused(world: World) -> None:
    _, _, ring = parts(world)
    root = world.platform.keys.root
    key = verifying_key(SigningKey.generate("t", "time"))
    assert await ring.adopt(sign_keyset(root, [key], 3))
    with pytest.raises(Refusal):
        await ring.adopt(sign_keyset(root, [key], 2))
    assert not await ring.adopt(sign_keyset(root, [key], 3))


@pytest.mark.parametrize(("nonce", "error"), [("other" * 5, NonceMismatch), (None, UnknownKey)])
async def test_a_time_for_another_question_or_by_another_key_is_not_believed(
    world: World, nonce: str | None, error: type[Refusal]
) -> None:
    keys = world.platform.keys

    async def answer(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read())["nonce"]
        key = keys.signing["time"] if nonce else keys.signing["passes"]
        return web.Response(body=sign(key, {"nonce": nonce or asked, "at_ms": 9_999_999_999_999}))

    async def keyset(request: web.Request) -> web.Response:
        return web.Response(body=keys.keyset)

    app = web.Application()
    app.router.add_get("/v1/sites/{site}/keyset", keyset)
    app.router.add_post("/v1/sites/{site}/devices/{device}/time", answer)
    async with (
        TestServer(app) as server,
        PlatformHttp(url=str(server.make_url("/")), site=SITE, device=DEVICE, token="t") as http,
    ):
        sync, clock, _ = parts(world, http)
        with pytest.raises(error):
            await sync.synchronise()
    assert clock.now().trust is Trust.UNKNOWN


async def test_a_platform_that_names_a_time_long_past_is_an_alarm_until_it_does_not(world: World) -> None:
    sync, clock, _ = parts(world)
    await sync.synchronise()
    before = clock.now()
    world.clock.advance(days=-1)
    for _ in range(2):
        with pytest.raises(TimeBehindFloor):
            await sync.ask_time()
    assert clock.now() == before
    assert [alarm.kind for alarm in live_alarms(world.store.connection)] == ["time_behind_floor"]
    world.clock.advance(days=1)
    await sync.ask_time()
    assert live_alarms(world.store.connection) == []


@pytest.mark.parametrize("days", [2, 3_652])
async def test_a_time_that_jumps_by_more_than_a_day_needs_a_person(world: World, days: int) -> None:
    sync, clock, _ = parts(world)
    with pytest.raises(NoJump):
        await sync.accept_jump("k1-1-1")
    await sync.synchronise()
    before, floor_ms = clock.now(), clock.state.floor_ms
    world.clock.advance(days=days)
    for _ in range(2):
        with pytest.raises(TimeJumped):
            await sync.ask_time()
    assert (clock.now(), clock.state.floor_ms) == (before, floor_ms), "nothing moves"
    assert [alarm.kind for alarm in live_alarms(world.store.connection)] == ["time_jumped"]
    assert sync.doubted_ms == world.clock.at_ms
    world.clock.advance(days=2)
    with pytest.raises(TimeJumped):
        await sync.accept_jump("k1-1-1")
    await sync.accept_jump("k1-1-1")
    assert clock.now() == (world.clock.at_ms, Trust.SYNCED)
    assert live_alarms(world.store.connection) == []
    [row] = world.store.connection.execute("SELECT actor FROM journal WHERE type='ClockJumpAccepted'")
    assert row == ("k1-1-1",)


async def test_a_platform_that_is_right_again_ends_the_doubt(world: World) -> None:
    sync, _, _ = parts(world)
    await sync.synchronise()
    world.clock.advance(days=3)
    with pytest.raises(TimeJumped):
        await sync.ask_time()
    world.clock.advance(days=-3)
    await sync.ask_time()
    assert sync.doubted_ms is None
    assert live_alarms(world.store.connection) == []


def test_a_root_key_that_is_none_is_a_fault_of_the_configuration(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "root.pub"
    for text in ("zz", "00" * 31):
        file.write_text(text)
        with pytest.raises(ConfigError):
            load_root_key(file)
    with pytest.raises(ConfigError):
        load_root_key(file.with_name("missing"))
