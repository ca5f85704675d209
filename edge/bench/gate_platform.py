"""The platform's side of `gate-command`, in a process of its own as in life."""

import asyncio
from multiprocessing.connection import Connection
from typing import NamedTuple

import aiomqtt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_sync.wire.commands import CommandAnswer, answer_topic, command_topic
from devices.gpio.client import boot_ns
from edge.bench.gate_peers import DOOR, client
from edge.bench.till import DEVICE, SITE, WallClock
from edge.trust.commands import Command, issue_command
from edge.trust.keys import SigningKey

BARE_TOPIC = "bench/bare"
KEY_ID = "commands-1"
LIFE_MS = 20_000
ANSWER_S = 10.0


class FireOne(NamedTuple):
    """Publish one command, wait until it is answered for good; the answer is when it was published."""


class FireMany(NamedTuple):
    """Publish `commands` commands, at most `at_once` unanswered; the answer is the nanoseconds it took."""

    commands: int
    at_once: int


class CarryBare(NamedTuple):
    """Publish a command's bytes where no hub listens; the answer is when, and the bytes."""


Task = FireOne | FireMany | CarryBare


def serve(tasks: Connection, port: int, private: bytes, nonce: str) -> None:
    """Do tasks until None comes. Times are nanoseconds of the boot-time clock, which all processes share."""
    asyncio.run(_serve(tasks, port, private, nonce))


async def _serve(tasks: Connection, port: int, private: bytes, nonce: str) -> None:
    key = SigningKey(KEY_ID, "commands", Ed25519PrivateKey.from_private_bytes(private))
    async with client(port) as mqtt:
        await mqtt.subscribe(answer_topic(SITE, DEVICE), qos=1)
        platform = Platform(mqtt, key, nonce)
        receiving = asyncio.create_task(platform.receive())
        tasks.send(boot_ns())
        while (task := await asyncio.to_thread(tasks.recv)) is not None:
            tasks.send(await platform.do(task))
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)


class Platform:
    """Signs commands under the hub's nonce, publishes them, and counts those answered for good."""

    def __init__(self, mqtt: aiomqtt.Client, key: SigningKey, nonce: str) -> None:
        self._mqtt, self._key, self._nonce = mqtt, key, nonce
        self._counter = 0
        self._answered = 0
        self._waiting: tuple[int, asyncio.Event] | None = None

    async def do(self, task: Task) -> tuple[int, bytes]:
        """Do one task."""
        match task:
            case FireOne():
                began_ns, message = await self._publish(command_topic(SITE, DEVICE), self._sign())
                await self._reach(self._counter)
                return began_ns, message
            case FireMany(count, at_once):
                return await self._fire_many(count, at_once)
            case CarryBare():
                # Signed as the next command, but its counter is given back: no hub sees it.
                message = self._sign()
                self._counter -= 1
                return await self._publish(BARE_TOPIC, message)

    async def receive(self) -> None:
        """Take answers. The door has no contact, so that every command that fired ends as unknown."""
        async for message in self._mqtt.messages:
            assert isinstance(message.payload, bytes)
            answer = msgspec.json.decode(message.payload, type=CommandAnswer)
            assert answer.state != "refused", answer
            self._answered += answer.state == "unknown"
            if self._waiting is not None and self._answered >= self._waiting[0]:
                self._waiting[1].set()

    async def _fire_many(self, count: int, at_once: int) -> tuple[int, bytes]:
        messages = [self._sign() for _ in range(count)]
        done, began_ns = self._answered, boot_ns()
        for number, message in enumerate(messages):
            await self._reach(done + number + 1 - at_once)
            await self._publish(command_topic(SITE, DEVICE), message)
        await self._reach(done + count)
        return boot_ns() - began_ns, b""

    async def _publish(self, topic: str, message: bytes) -> tuple[int, bytes]:
        began_ns = boot_ns()
        await self._mqtt.publish(topic, message, qos=1)
        return began_ns, message

    async def _reach(self, count: int) -> None:
        if self._answered < count:
            self._waiting = (count, asyncio.Event())
            async with asyncio.timeout(ANSWER_S):
                await self._waiting[1].wait()

    def _sign(self) -> bytes:
        self._counter += 1
        now_ms = WallClock().now().at_ms
        command = Command(
            id=f"c-{self._counter:016x}",
            site=SITE,
            device=DEVICE,
            target=f"door:{DOOR.id}",
            action="open",
            subject="res-1203",
            iat_ms=now_ms,
            exp_ms=now_ms + LIFE_MS,
            nonce=self._nonce,
            counter=self._counter,
        )
        return issue_command(self._key, command)
