"""The broker session on a real mosquitto."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiomqtt
import pytest

from edge.errors import PlatformUnreachable
from edge.links.backoff import Backoff
from edge.links.broker import BrokerMessage, BrokerOffline, BrokerSession, Will
from edge.links.cancelling import end_task
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until

CONNECT, SUBSCRIBE = 0x10, 0x82
"""Packet types of MQTT 3.1.1 with their fixed flags; mosquitto never refuses a subscription."""


class Ear:
    """What a session told."""

    def __init__(self) -> None:
        self.messages: list[BrokerMessage] = []
        self.ready = 0
        self.lost = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def take(self, message: BrokerMessage) -> None:
        """A message."""
        await self.gate.wait()
        self.messages.append(message)

    async def on_ready(self) -> None:
        """Subscribed."""
        self.ready += 1

    def on_lost(self) -> None:
        """Broke."""
        self.lost += 1


def make_session(broker: Mosquitto, ear: Ear, **changes: object) -> BrokerSession:
    """A session that listens to everything under t/."""
    arguments: dict[str, object] = {
        "host": broker.host,
        "port": broker.port,
        "username": None,
        "password": None,
        "client_id": "test",
        "subscriptions": ["t/#"],
        "on_message": ear.take,
        "on_ready": ear.on_ready,
        "on_lost": ear.on_lost,
        "backoff": Backoff(first_s=0.02, limit_s=0.1),
    }
    return BrokerSession(**(arguments | changes))  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def running(session: BrokerSession) -> AsyncIterator[BrokerSession]:
    """A session whose role runs."""
    role = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        await end_task(role)


async def test_it_is_ready_only_once_subscribed_so_that_nothing_is_missed(broker: Mosquitto) -> None:
    ear = Ear()
    async with running(make_session(broker, ear)) as session:
        await until(lambda: ear.ready)
        await session.publish("t/a", b"1")
        await until(lambda: ear.messages)
        assert ear.messages == [BrokerMessage("t/a", b"1", False)]


async def test_a_retained_message_says_that_it_is_one(broker: Mosquitto) -> None:
    async with aiomqtt.Client(broker.host, broker.port) as other:
        await other.publish("t/old", b"x", qos=1, retain=True)
    ear = Ear()
    async with running(make_session(broker, ear)):
        await until(lambda: ear.messages)
        assert ear.messages[0].retained


async def test_it_comes_back_after_the_broker_was_killed(broker: Mosquitto) -> None:
    ear = Ear()
    async with running(make_session(broker, ear)) as session:
        await until(lambda: ear.ready)
        broker.stop()
        await until(lambda: ear.lost)
        assert not session.ready
        with pytest.raises(BrokerOffline):
            await session.publish("t/a", b"1")
        broker.start()
        await until(lambda: ear.ready == 2)
        await session.publish("t/a", b"2")
        await until(lambda: [message.payload for message in ear.messages] == [b"2"])


async def test_a_refused_subscription_is_never_called_ready() -> None:
    refused = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while header := await reader.read(2):
            body = await reader.readexactly(header[1])
            if header[0] == CONNECT:
                writer.write(b"\x20\x02\x00\x00")
            elif header[0] == SUBSCRIBE:
                writer.write(b"\x90\x03" + body[:2] + b"\x80")
                refused.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ear = Ear()
    session = BrokerSession(
        host="127.0.0.1",
        port=port,
        username=None,
        password=None,
        client_id="test",
        subscriptions=["t/#"],
        on_message=ear.take,
        on_ready=ear.on_ready,
    )
    async with running(session):
        await refused.wait()
        await asyncio.sleep(0.1)
        assert (ear.ready, session.ready) == (0, False)
    server.close()


async def test_a_session_whose_preparation_fails_is_given_up_and_tried_again(broker: Mosquitto) -> None:
    ear = Ear()

    async def prepare() -> None:
        await ear.on_ready()
        if ear.ready < 3:
            raise PlatformUnreachable("no nonce")

    async with running(make_session(broker, ear, on_ready=prepare)) as session:
        await until(lambda: ear.ready == 3 and session.ready)
        assert ear.lost == 2


async def test_a_flood_is_bounded_and_counted(broker: Mosquitto) -> None:
    ear = Ear()
    async with running(make_session(broker, ear, queue_limit=5)) as session:
        await until(lambda: ear.ready)
        ear.gate.clear()
        for number in range(20):
            await session.publish("t/flood", str(number).encode())
        await until(lambda: session.overflowed)
        ear.gate.set()
        await until(lambda: len(ear.messages) + session.overflowed == 20)


async def test_the_will_speaks_when_a_session_breaks(broker: Mosquitto) -> None:
    ear, dying = Ear(), Ear()
    session = make_session(broker, dying, client_id="dying", will=Will("t/up", b"0"), subscriptions=[])
    async with running(make_session(broker, ear)), running(session):
        await until(lambda: ear.ready and dying.ready)
        async with aiomqtt.Client(broker.host, broker.port, identifier="dying"):
            await until(lambda: BrokerMessage("t/up", b"0", False) in ear.messages)


async def test_nagle_is_off(broker: Mosquitto) -> None:
    ear = Ear()
    async with running(make_session(broker, ear)) as session:
        await until(lambda: ear.ready)
        client = session._client
        assert client is not None
        connection = client._client.socket()
        assert isinstance(connection, socket.socket)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
