"""A command from the phone to the pulse and back: real broker, real platform, the real access room."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.commands import CommandSession
from cloud_sync.platform.commands import note_answer
from cloud_sync.platform.settings import BrokerSettings as PlatformBroker
from cloud_sync.wire.commands import CommandAnswer
from edge.config import BrokerSettings
from edge.links.broker import PUBLISH_TIMEOUT_S, BrokerMessage
from edge.trust.commands import Command, issue_command
from edge.trust.keys import SigningKey
from edge.trust.keyset import open_keyset
from tests.cloud_sync.conftest import DEVICE, RESIDENT, SITE, Phone, World, log_in, open_world
from tests.fakes.access_world import AccessWorld
from tests.fakes.clock import FakeClock
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until

TOPIC = f"s/{SITE}/d/{DEVICE}/cmd"


@dataclass
class Scene:
    """Phone, platform, broker, device and door."""

    world: World
    access: AccessWorld
    session: CommandSession
    broker: Mosquitto
    phone: Phone

    @property
    def key(self) -> SigningKey:
        """The platform's key for commands."""
        return self.world.platform.keys.signing["commands"]

    async def nonce(self) -> str:
        """The device's nonce as the platform knows it."""
        return str(
            await self.world.platform.database.read(
                lambda c: c.execute("SELECT nonce FROM nonces").fetchone()["nonce"]
            )
        )

    async def command(self, **changes: object) -> Command:
        """A command that would open the gate."""
        fields: dict[str, Any] = {"target": "door:gate", "nonce": await self.nonce(), **changes}
        return self.access.command(**fields)

    async def give(self, message: bytes, *, retained: bool = False) -> None:
        """Hand a message to the device as the broker would."""
        await self.session.take(BrokerMessage(TOPIC, message, retained))

    async def ask_open(self) -> str:
        """The resident presses open; returns the command's id."""
        status, ticket = await self.phone("POST", "/doors/gate/open", {})
        assert status == 202, ticket
        return str(ticket["command"])

    async def state_of(self, command: str) -> dict[str, Any]:
        """What the phone shows."""
        return dict((await self.phone("GET", f"/commands/{command}"))[1])

    async def until_state(self, command: str, state: str) -> dict[str, Any]:
        """Wait until the phone shows a state."""
        async with asyncio.timeout(5):
            while (found := await self.state_of(command))["state"] != state:
                await asyncio.sleep(0.01)
        return found

    def refused(self) -> list[str]:
        """Codes of the refusals in the device's journal."""
        return [str(event["code"]) for event in self.access.events("CommandRefused")]


@contextlib.asynccontextmanager
async def open_scene(folder: Path, clock: FakeClock) -> AsyncIterator[Scene]:
    """A platform and a device with its gate, joined by a real broker."""
    broker = Mosquitto(folder)
    broker.start()
    access = AccessWorld()
    access.clock.at_ms = clock.at_ms
    await access.contact("door:gate", "closed")
    async with open_world(folder, clock, broker=PlatformBroker(port=broker.port)) as world:
        keys = open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)
        session = CommandSession(
            settings=BrokerSettings(host=broker.host, port=broker.port, username="", password_file=""),
            password="",
            site=SITE,
            device=DEVICE,
            http=world.http,
            clock=access.clock,
            keys=lambda: keys,
            doors=access.opener,
        )
        task = asyncio.create_task(session.run())
        await until(lambda: session.ready)
        yield Scene(world, access, session, broker, await log_in(world))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await access.close()
    broker.stop()


@pytest.fixture
async def scene(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path, clock) as opened:
        yield opened


async def test_the_phone_says_opened_only_after_the_contact(scene: Scene) -> None:
    command = await scene.ask_open()
    fired = await scene.until_state(command, "fired")
    assert [step["state"] for step in fired["steps"]] == ["asked", "sent", "accepted", "fired"]
    await scene.access.contact("door:gate", "open")
    opened = await scene.until_state(command, "opened")
    assert opened["steps"][-1]["state"] == "opened"
    assert len(scene.access.pulser.fired) == 1


async def test_without_a_contact_the_phone_says_unknown(scene: Scene) -> None:
    command = await scene.ask_open()
    await scene.until_state(command, "fired")
    await scene.access.run_out()
    assert (await scene.until_state(command, "unknown"))["reason"] == "contact_silent"
    assert len(scene.access.pulser.fired) == 1


async def test_a_broker_that_does_not_acknowledge_holds_up_no_door(scene: Scene) -> None:
    message = issue_command(scene.key, await scene.command())
    scene.broker.freeze()
    await scene.give(message)
    await until(lambda: scene.access.pulser.fired, within_s=PUBLISH_TIMEOUT_S / 2)


async def test_a_guard_that_refuses_is_refused_on_the_phone(scene: Scene) -> None:
    scene.access.pulser.mode = "refuses"
    command = await scene.ask_open()
    assert (await scene.until_state(command, "refused"))["reason"] == "guard_offline"


async def test_a_retained_command_is_never_one(scene: Scene) -> None:
    await scene.give(issue_command(scene.key, await scene.command()), retained=True)
    assert scene.access.pulser.fired == []
    assert scene.refused() == ["command_retained"]


async def test_a_replayed_command_gets_its_stored_answer_and_fires_nothing(scene: Scene) -> None:
    message = issue_command(scene.key, await scene.command())
    await scene.give(message)
    await until(lambda: len(scene.access.pulser.fired) == 1)
    await scene.give(message)
    assert scene.refused() == ["command_replayed"]
    assert len(scene.access.pulser.fired) == 1


async def test_a_command_for_an_earlier_nonce_is_refused(scene: Scene) -> None:
    old = issue_command(scene.key, await scene.command())
    await scene.session.post_nonce()
    await scene.give(old)
    assert scene.refused() == ["command_replayed"]
    assert scene.access.pulser.fired == []


async def test_the_counter_may_leave_gaps_but_never_go_back(scene: Scene) -> None:
    await scene.give(issue_command(scene.key, await scene.command(counter=5)))
    await until(lambda: len(scene.access.pulser.fired) == 1)
    await scene.give(issue_command(scene.key, await scene.command(counter=4)))
    assert scene.refused() == ["command_replayed"]


Change = Callable[[Command, int], Command]
EXPIRED: Change = lambda c, now: msgspec.structs.replace(c, iat_ms=now - 20_000, exp_ms=now)  # noqa: E731
TOO_LONG: Change = lambda c, now: msgspec.structs.replace(c, exp_ms=now + 60_000)  # noqa: E731
OTHER_SITE: Change = lambda c, now: msgspec.structs.replace(c, site="elsewhere")  # noqa: E731
OTHER_DEVICE: Change = lambda c, now: msgspec.structs.replace(c, device="k2")  # noqa: E731
OTHER_DOOR: Change = lambda c, now: msgspec.structs.replace(c, target="door:cellar")  # noqa: E731


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (EXPIRED, "command_expired"),
        (TOO_LONG, "command_expired"),
        (OTHER_SITE, "command_for_another"),
        (OTHER_DEVICE, "command_for_another"),
        (OTHER_DOOR, "unknown_door"),
    ],
)
async def test_what_is_refused_fires_nothing_and_says_why(scene: Scene, change: Change, code: str) -> None:
    command = change(await scene.command(), scene.access.clock.at_ms)
    await scene.give(issue_command(scene.key, command))
    await until(lambda: scene.refused() == [code])
    assert scene.access.pulser.fired == []


async def test_only_a_command_that_passed_every_check_moves_the_clock_s_floor(scene: Scene) -> None:
    now_ms = scene.access.clock.at_ms
    raised: list[int] = []
    scene.session._raise_floor = raised.append
    ahead = msgspec.structs.replace(
        await scene.command(), iat_ms=now_ms + 86_400_000, exp_ms=now_ms + 86_410_000
    )
    await scene.give(issue_command(scene.key, ahead))
    assert (scene.refused(), raised) == (["command_expired"], [])
    await scene.give(issue_command(scene.key, await scene.command(counter=9)))
    assert len(raised) == 1


async def test_the_order_of_checks_names_the_first_fault(scene: Scene) -> None:
    command = msgspec.structs.replace(
        EXPIRED(await scene.command(), scene.access.clock.at_ms), site="elsewhere", nonce="old"
    )
    await scene.give(issue_command(scene.key, command))
    await scene.give(issue_command(scene.key, msgspec.structs.replace(command, site=SITE)))
    assert scene.refused() == ["command_for_another", "command_replayed"]


async def test_unsigned_forged_and_oversized_messages_are_refused(scene: Scene) -> None:
    command = await scene.command()
    stranger = SigningKey.generate("commands-1", "commands")
    unknown = SigningKey.generate("who", "commands")
    for message in (
        b"open",
        b"x" * 600,
        issue_command(stranger, command),
        issue_command(unknown, command),
        issue_command(SigningKey("passes-1", "x", scene.key.private), command),
    ):
        await scene.give(message)
    assert scene.refused() == [
        "not_canonical",
        "message_too_large",
        "bad_signature",
        "unknown_key",
        "unknown_key",
    ]
    assert scene.access.pulser.fired == []


async def test_every_flipped_bit_is_refused(scene: Scene) -> None:
    message = bytearray(issue_command(scene.key, await scene.command()))
    for position in range(0, len(message) * 8, 7):
        damaged = bytearray(message)
        damaged[position // 8] ^= 1 << (position % 8)
        await scene.give(bytes(damaged))
    assert scene.access.pulser.fired == []


async def test_after_a_broker_restart_a_new_nonce_is_posted_and_commands_work(scene: Scene) -> None:
    before = await scene.nonce()
    scene.broker.stop()
    await until(lambda: not scene.session.ready)
    scene.broker.start()
    await until(lambda: scene.session.ready)
    assert await scene.nonce() != before
    await scene.give(issue_command(scene.key, await scene.command()))
    await until(lambda: len(scene.access.pulser.fired) == 1)


async def test_a_door_without_a_grant_is_not_opened(phone: Phone) -> None:
    status, answer = await phone("POST", "/doors/cellar/open", {})
    assert (status, answer["error"]) == (403, "door_not_allowed")


async def test_a_command_without_an_answer_becomes_unknown(scene: Scene) -> None:
    scene.broker.stop()
    scene.session.forget_nonce()
    await scene.world.platform.database.write(
        lambda c: (
            c.execute(
                "INSERT INTO commands (id, device, target, subject, message, state, asked_ms, expires_ms)"
                " VALUES ('c-lost', 'k1', 'gate', ?, x'00', 'sent', 0, 15000)",
                (RESIDENT,),
            ).rowcount
        )
    )
    state = await scene.state_of("c-lost")
    assert (state["state"], state["reason"]) == ("unknown", "no_answer")


async def test_an_answer_that_comes_late_or_from_another_device_takes_nothing_back(scene: Scene) -> None:
    command = await scene.ask_open()
    await scene.until_state(command, "fired")
    await scene.access.contact("door:gate", "open")
    await scene.until_state(command, "opened")
    database = scene.world.platform.database
    for answer, device in (
        (CommandAnswer(command, "fired", 1), DEVICE),
        (CommandAnswer(command, "unknown", 2, "no_answer"), DEVICE),
        (CommandAnswer(command, "refused", 3), "k2"),
    ):
        await database.write(lambda c, a=answer, d=device: note_answer(c, a, device=d))  # type: ignore[misc]
    assert (await scene.state_of(command))["state"] == "opened"
