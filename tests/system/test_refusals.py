"""Commands and passes that must open nothing: sent over the real broker, shown to the real camera.

Each leaves an entry that says why, and no edge in the guard's trace.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt
import msgspec
import pytest

from cloud_sync.platform.keys import PlatformKeys, load_keys
from cloud_sync.platform.settings import load_settings
from cloud_sync.wire.commands import command_topic
from edge.demo.actors import until
from edge.demo.brokers import hub_account
from edge.demo.compare import compare_books, kind_of
from edge.demo.layout import DEVICE, SITE, Layout
from edge.demo.stage.switches.overhearing import Ear
from edge.demo.story import Cast, entries, until_journal
from edge.proof.collect import read_trace
from edge.proof.doors import HOLD
from edge.trust.commands import Command, issue_command, open_command
from edge.trust.keys import KeySet, SigningKey
from edge.trust.keyset import open_keyset
from edge.trust.passes import Pass, issue_pass
from tests.system.staging import staged

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

TOPIC = command_topic(SITE, DEVICE)


def pulses(layout: Layout) -> int:
    """How often the guard raised a lock's line for a pulse; lamps are none."""
    return sum(edge.level == 1 and edge.id != HOLD for edge in read_trace(layout.site / "guard.trace"))


def platform_keys(layout: Layout) -> tuple[PlatformKeys, KeySet]:
    """The platform's signing keys, and the set that verifies them."""
    keys = load_keys(load_settings(layout.platform / "platform.toml"))
    root = bytes.fromhex((layout.platform / "keys" / "root.pub").read_text().strip())
    return keys, open_keyset(keys.keyset, root)


async def overhear(cast: Cast) -> bytes:
    """A good command as it passes by; it opens the gate."""
    account = hub_account(SITE, DEVICE)
    async with Ear(cast.layout).client(account) as hub:
        await hub.subscribe(TOPIC, qos=1)
        opening = asyncio.create_task(cast.phone.open_door("gate"))
        message = await anext(aiter(hub.messages))
        assert await opening == "opened"
    assert isinstance(message.payload, bytes)
    return message.payload


async def send(cast: Cast, payload: bytes, *, retain: bool = False) -> None:
    """Publish as the platform does."""
    async with Ear(cast.layout).client("platform") as platform:
        await platform.publish(TOPIC, payload, qos=1, retain=retain)


def later(good: Command, **changes: object) -> Command:
    """A command of the same session with a fresh counter and id."""
    now_ms = int(time.time() * 1000)
    fresh = {"id": "c-fffe", "counter": good.counter + 1000, "iat_ms": now_ms, "exp_ms": now_ms + 15_000}
    return msgspec.structs.replace(good, **{**fresh, **changes})


async def test_commands_that_must_not_open(tmp_path: Path) -> None:
    async with staged(tmp_path) as (_, cast):
        keys, keyset = platform_keys(cast.layout)
        original = await overhear(cast)
        fired = pulses(cast.layout)
        good = open_command(original, keyset, None)
        now_ms = int(time.time() * 1000)
        stranger = SigningKey.generate(keys.signing["commands"].kid, "commands")
        key = keys.signing["commands"]
        await _refused(cast, original, "command_replayed")
        await _refused(cast, issue_command(stranger, later(good)), "bad_signature")
        await _refused(cast, original[:-1] + bytes([original[-1] ^ 1]), "bad_signature")
        await _refused(cast, issue_command(key, later(good, device="k2")), "command_for_another")
        past = later(good, iat_ms=now_ms - 60_000, exp_ms=now_ms - 45_000)
        await _refused(cast, issue_command(key, past), "command_expired")
        assert pulses(cast.layout) == fired
        faults, _ = await compare_books(cast.http, cast.layout)
        assert faults == []


async def _refused(cast: Cast, payload: bytes, code: str) -> None:
    before = _codes(await entries(cast), "CommandRefused").count(code)
    await send(cast, payload)

    await _until_codes(cast, "CommandRefused", code, before + 1)


async def test_a_retained_command_is_refused_by_the_broker_and_fires_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path) as (world, cast):
        keys, keyset = platform_keys(cast.layout)
        good = open_command(await overhear(cast), keyset, None)
        fired = pulses(cast.layout)
        with pytest.raises(aiomqtt.MqttError):
            await send(cast, issue_command(keys.signing["commands"], later(good)), retain=True)
        await asyncio.to_thread(world.processes.kill, "platform-broker")
        await asyncio.to_thread(world.start_broker, "platform")
        await cast.hands.wait_until_shut("gate")
        asked = await _open_when_back(cast)
        assert pulses(cast.layout) == fired + asked


async def _open_when_back(cast: Cast) -> int:
    """Press until the gate says that it opened; returns how many presses may have moved the lock.

    What was sent while the connection was renewed is void; a door that still stands open is *unknown*.
    """
    states: list[str] = []

    async def look() -> bool:
        with contextlib.suppress(aiohttp.ClientResponseError):
            states.append(await cast.phone.open_door("gate"))
        return "opened" in states

    await until(look, f"the gate answers again; {states}", 80.0)
    assert set(states[:-1]) <= {"refused", "expired", "unknown"}
    return sum(state in ("opened", "unknown") for state in states)


Make = Callable[[PlatformKeys, int], str]


def _pass(now_ms: int, **changes: object) -> Pass:
    usual: dict[str, object] = {
        "id": "f0" * 8,
        "kind": "visitor",
        "site": SITE,
        "subject": "visitor",
        "doors": ("gate",),
        "not_before_ms": now_ms - 60_000,
        "expires_ms": now_ms + 600_000,
        "uses": 1,
    }
    return msgspec.convert({**usual, **changes}, Pass)


PASSES: dict[str, Make] = {
    "bad_signature": lambda keys, now: issue_pass(
        SigningKey.generate(keys.signing["passes"].kid, "passes"), _pass(now)
    ),
    "pass_expired": lambda keys, now: issue_pass(
        keys.signing["passes"], _pass(now, not_before_ms=now - 7_200_000, expires_ms=now - 3_600_000)
    ),
    "pass_wrong_door": lambda keys, now: issue_pass(
        keys.signing["passes"], _pass(now, doors=("building-3",))
    ),
}
"""Refusal code and the pass that must meet it. With the used one they are five: a sixth would be counted."""


async def test_passes_that_must_not_open(tmp_path: Path) -> None:
    async with staged(tmp_path) as (_, cast):
        keys, _ = platform_keys(cast.layout)
        now_ms = int(time.time() * 1000)
        for code, make in PASSES.items():
            await cast.hands.hold("gate", "qr", make(keys, now_ms))
            await _until_codes(cast, "PassRefused", code, 1)
            await cast.hands.take_away("gate")
        assert pulses(cast.layout) == 0
        good = await cast.phone.invite("gate", uses=1)
        await cast.hands.hold("gate", "qr", good)
        await until_journal(cast, "DoorOpened", place="door:gate")
        await cast.hands.take_away("gate")
        await cast.hands.hold("gate", "qr", good)
        await _until_codes(cast, "PassRefused", "pass_used_up", 1)
        assert pulses(cast.layout) == 1
        faults, _ = await compare_books(cast.http, cast.layout)
        assert faults == []


def _codes(journal: list[dict[str, Any]], kind: str) -> list[str]:
    return [entry["data"]["code"] for entry in journal if kind_of(entry) == kind]


async def _until_codes(cast: Cast, kind: str, code: str, wanted: int) -> None:
    async def look() -> bool:
        return _codes(await entries(cast), kind).count(code) >= wanted

    await until(look, f"{wanted} x {kind} {code}", 20.0)
