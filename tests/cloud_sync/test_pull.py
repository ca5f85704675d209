"""Commands fetched over HTTPS, beside the broker or without it; a command for a site that is away."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cloud_sync.commands
from cloud_sync.commands import CommandSession
from cloud_sync.platform.presence import AWAY_AFTER_MS, PresenceBook
from cloud_sync.pull import CommandPull
from cloud_sync.wire.commands import PulledCommands
from edge.config import BrokerSettings
from edge.links.broker import BrokerMessage
from edge.trust.commands import issue_command
from edge.trust.keyset import open_keyset
from tests.cloud_sync.conftest import DEVICE, SITE, Phone, World, log_in, open_world
from tests.fakes.access_world import AccessWorld
from tests.fakes.clock import FakeClock
from tests.proofs.planting import replaced


@dataclass
class Scene:
    """Phone, platform and device; no broker anywhere."""

    world: World
    access: AccessWorld
    session: CommandSession
    pull: CommandPull
    phone: Phone

    async def press(self) -> str:
        """The resident presses open; returns the command's id."""
        status, ticket = await self.phone("POST", "/doors/gate/open", {})
        assert status == 202, ticket
        return str(ticket["command"])

    async def status(self, command: str) -> dict[str, Any]:
        """What the phone shows."""
        return dict((await self.phone("GET", f"/commands/{command}"))[1])

    async def until_state(self, command: str, state: str) -> dict[str, Any]:
        """Wait until the phone shows a state."""
        async with asyncio.timeout(5):
            while (found := await self.status(command))["state"] != state:
                await asyncio.sleep(0.01)
        return found

    async def message(self, command: str) -> bytes:
        """The signed bytes of a command."""
        return bytes(
            await self.world.platform.database.read(
                lambda c: c.execute("SELECT message FROM commands WHERE id=?", (command,)).fetchone()[0]
            )
        )

    def refused(self) -> list[str]:
        """Codes of the refusals in the device's journal."""
        return [str(event["code"]) for event in self.access.events("CommandRefused")]


@pytest.fixture
async def scene(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Scene]:
    access = AccessWorld()
    access.clock.at_ms = clock.at_ms
    await access.contact("door:gate", "closed")
    async with open_world(tmp_path, clock) as world:
        keys = open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)
        session = CommandSession(
            settings=BrokerSettings(host="127.0.0.1", port=1, username="", password_file=""),
            password="",
            site=SITE,
            device=DEVICE,
            http=world.http,
            clock=access.clock,
            keys=lambda: keys,
            doors=access.opener,
        )
        pauses: list[float] = []

        async def pause(seconds: float) -> None:
            pauses.append(seconds)

        pull = CommandPull(session=session, http=world.http, sleep=pause)
        yield Scene(world, access, session, pull, await log_in(world))
        await access.close()


async def test_without_a_broker_a_fetched_command_opens_and_answers(scene: Scene) -> None:
    await scene.pull.fetch(wait_s=0)
    command = await scene.press()
    assert await scene.pull.fetch(wait_s=5) == 1
    await scene.until_state(command, "fired")
    await scene.access.contact("door:gate", "open")
    opened = await scene.until_state(command, "opened")
    states = [step["state"] for step in opened["steps"]]
    assert states == ["asked", "sent", "accepted", "fired", "opened"]
    assert len(scene.access.pulser.fired) == 1


async def test_a_waiting_fetch_is_answered_by_the_command_itself(scene: Scene) -> None:
    await scene.pull.fetch(wait_s=0)
    waiting = asyncio.create_task(scene.pull.fetch(wait_s=5))
    await asyncio.sleep(0)
    await scene.press()
    async with asyncio.timeout(2):
        assert await waiting == 1


async def test_one_id_by_both_ways_and_again_fires_once_and_refuses_nothing(scene: Scene) -> None:
    await scene.pull.fetch(wait_s=0)
    command = await scene.press()
    message = await scene.message(command)
    await scene.session.take(BrokerMessage("t", message, False))
    assert await scene.session.take_fetched(message) is False
    await scene.until_state(command, "fired")
    assert await scene.session.take_fetched(message) is False
    assert (len(scene.access.pulser.fired), scene.refused()) == (1, [])


async def test_what_the_broker_brings_after_a_fetch_fires_nothing_but_twice_it_is_a_replay(
    scene: Scene,
) -> None:
    await scene.pull.fetch(wait_s=0)
    message = await scene.message(await scene.press())
    assert await scene.session.take_fetched(message) is True
    await scene.session.take(BrokerMessage("t", message, False))
    assert scene.refused() == []
    await scene.session.take_fetched(message)
    await scene.session.take(BrokerMessage("t", message, False))
    assert scene.refused() == ["command_replayed"]
    await scene.access.settle()
    assert len(scene.access.pulser.fired) == 1


async def test_after_its_end_the_second_coming_is_a_replay_too(scene: Scene) -> None:
    await scene.pull.fetch(wait_s=0)
    message = await scene.message(await scene.press())
    await scene.session.take_fetched(message)
    await scene.access.settle()
    scene.access.clock.at_ms += 15_000
    await scene.session.take(BrokerMessage("t", message, False))
    assert scene.refused() == ["command_replayed"]


async def test_a_fetched_command_is_checked_like_any_other(scene: Scene) -> None:
    await scene.pull.fetch(wait_s=0)
    command = await scene.press()
    forged = bytearray(await scene.message(command))
    forged[-1] ^= 1
    await scene.session.take_fetched(bytes(forged))
    old = scene.access.command(target="door:gate", nonce="n" * 32)
    await scene.session.take_fetched(issue_command(scene.world.platform.keys.signing["commands"], old))
    assert scene.refused() == ["bad_signature", "command_replayed"]
    assert scene.access.pulser.fired == []


async def test_a_refusal_whose_answer_was_lost_is_told_again(scene: Scene) -> None:
    async def lost(self: CommandSession, answer: bytes) -> None:
        """The line broke."""

    await scene.pull.fetch(wait_s=0)
    command = await scene.press()
    with replaced(cloud_sync.commands, "MAX_RUNNING", 0), replaced(CommandSession, "_post", lost):
        assert await scene.pull.fetch(wait_s=0) == 1
    assert (await scene.status(command))["state"] == "sent"
    assert await scene.pull.fetch(wait_s=0) == 0
    refused = await scene.status(command)
    assert (refused["state"], refused["reason"]) == ("refused", "busy")
    assert (scene.access.pulser.fired, scene.refused()) == ([], ["busy"])


async def test_a_command_for_a_site_that_is_away_dies_and_says_so(scene: Scene, clock: FakeClock) -> None:
    await scene.pull.fetch(wait_s=0)
    clock.at_ms += AWAY_AFTER_MS + 1
    presence = (await scene.phone("GET", "/presence"))[1]["gate"]
    assert (presence["reachable"], presence["since_ms"]) == (False, clock.at_ms - AWAY_AFTER_MS - 1)
    command = await scene.press()
    assert (await scene.status(command))["state"] == "queued"
    clock.at_ms += 15_000
    dead = await scene.status(command)
    assert (dead["state"], dead["reason"]) == ("expired", "site_away")
    assert await scene.pull.fetch(wait_s=0) == 0
    assert scene.access.pulser.fired == []


async def test_what_waits_when_the_device_begins_anew_is_void(scene: Scene) -> None:
    await scene.pull.fetch(wait_s=0)
    command = await scene.press()
    scene.session.forget_nonce()
    assert await scene.pull.fetch(wait_s=0) == 0
    found = await scene.status(command)
    assert (found["state"], found["reason"]) == ("expired", "connection_renewed")
    again = await scene.press()
    assert await scene.pull.fetch(wait_s=0) == 1
    await scene.until_state(again, "fired")


async def test_a_person_has_one_opening_a_door_and_ten_a_minute(scene: Scene, clock: FakeClock) -> None:
    await scene.pull.fetch(wait_s=0)
    for _ in range(10):
        await scene.press()
        status, answer = await scene.phone("POST", "/doors/gate/open", {})
        assert (status, answer["error"]) == (409, "command_in_flight")
        await scene.world.platform.database.write(
            lambda c: c.execute("UPDATE commands SET state='refused'").rowcount
        )
    status, answer = await scene.phone("POST", "/doors/gate/open", {})
    assert (status, answer["error"]) == (429, "too_many_commands")
    clock.at_ms += 61_000
    await scene.press()


@pytest.mark.slow
async def test_a_nonce_lost_in_mid_poll_is_renewed_at_once(scene: Scene) -> None:
    running = asyncio.create_task(scene.pull.run())
    async with asyncio.timeout(5):
        while not scene.session.ready:
            await asyncio.sleep(0.01)
        scene.session.forget_nonce()
        while not scene.session.ready:
            await asyncio.sleep(0.01)
    command = await scene.press()
    await scene.until_state(command, "fired")
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_the_answer_of_a_fetch_holds_the_very_bytes(scene: Scene) -> None:
    await scene.pull.fetch(wait_s=0)
    command = await scene.press()
    page = await scene.world.http.ask("GET", scene.world.http.device_path + "/commands", PulledCommands)
    assert [(one.id, base64.b64decode(one.message)) for one in page.commands] == [
        (command, await scene.message(command))
    ]


def test_presence_begins_anew_after_a_silence() -> None:
    book = PresenceBook()
    assert book.of("k1", now_ms=5).since_ms == 0
    book.hear("k1", now_ms=1_000)
    book.hear("k1", now_ms=1_000 + AWAY_AFTER_MS)
    assert book.of("k1", now_ms=1_000 + AWAY_AFTER_MS).since_ms == 1_000
    away = book.of("k1", now_ms=2_001 + 2 * AWAY_AFTER_MS)
    assert (away.reachable, away.since_ms) == (False, 1_000 + AWAY_AFTER_MS)
    book.hear("k1", now_ms=2_001 + 2 * AWAY_AFTER_MS)
    assert book.of("k1", now_ms=2_001 + 2 * AWAY_AFTER_MS).since_ms == 2_001 + 2 * AWAY_AFTER_MS
