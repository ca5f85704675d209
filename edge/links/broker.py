"""A session with an MQTT 3.1.1 broker: kept up, subscribed before it is called ready, bounded."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence

import aiomqtt
import msgspec

from edge.errors import DeviceOffline, EdgeError
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task

log = logging.getLogger(__name__)

NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Measured: with Nagle on, a QoS 1 round trip takes 44 ms instead of 0.5 ms."""
KEEPALIVE_S = 20
QUEUE_LIMIT = 1000
PUBLISH_LIMIT = 10
"""Publications at once; aiomqtt warns from there on."""
PUBLISH_TIMEOUT_S = 5.0
SUBACK_FAILURE = 0x80
"""MQTT 3.1.1, section 3.9.3."""


class BrokerOffline(DeviceOffline):
    """The broker cannot be reached, or did not acknowledge in time."""


class BrokerMessage(msgspec.Struct, frozen=True):
    """A message as it came. A retained one is news from before, never a command."""

    topic: str
    payload: bytes
    retained: bool


class Will(msgspec.Struct, frozen=True):
    """What the broker says in our name when the session breaks."""

    topic: str
    payload: bytes
    retain: bool = True


async def _nothing() -> None:
    return None


class BrokerSession:
    """One session. `run` keeps it up for ever; callbacks tell what happens.

    `on_message` is awaited for every message in order; `on_ready` after every SUBACK, and an EdgeError from
    it gives the session up; `on_lost` when a ready session broke. `ready` is true between the last two;
    `overflowed` counts messages dropped by a full queue. `note_trust` is told when whoever answers there is
    not vouched for by the authority of `tls`, and an empty text once a session is ready again.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
        client_id: str,
        subscriptions: Sequence[str],
        on_message: Callable[[BrokerMessage], Awaitable[None]],
        on_ready: Callable[[], Awaitable[None]] = _nothing,
        on_lost: Callable[[], None] = lambda: None,
        will: Will | None = None,
        tls: ssl.SSLContext | None = None,
        backoff: Backoff | None = None,
        queue_limit: int = QUEUE_LIMIT,
        note_trust: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._client_id = client_id
        self._subscriptions = tuple(subscriptions)
        self._on_message = on_message
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._will = will
        self._tls = tls
        self._backoff = backoff or Backoff()
        self._queue_limit = queue_limit
        self._note_trust = note_trust
        self._distrusted = ""
        self._client: aiomqtt.Client | None = None
        self._publishing = asyncio.Semaphore(PUBLISH_LIMIT)
        self._incoming: asyncio.Queue[BrokerMessage] = asyncio.Queue(queue_limit)
        self.ready = False
        self.overflowed = 0

    async def run(self) -> None:
        """Connect, subscribe, receive; begin again with a growing, jittered pause."""
        while True:
            try:
                await self._hold_session()
            except (aiomqtt.MqttError, OSError, TimeoutError, BrokerOffline) as error:
                log.warning("broker %s:%d: %s", self._host, self._port, error)
                if isinstance(error.__context__, ssl.SSLError):  # aiomqtt names no cause
                    await self._tell_trust("certificate_not_ours")
            await asyncio.sleep(self._backoff.next_s())

    async def _tell_trust(self, code: str) -> None:
        if self._note_trust is not None and code != self._distrusted:
            self._distrusted = code
            await self._note_trust(code)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Publish and, with QoS 1, wait for the acknowledgement.

        Raises BrokerOffline; then it is unknown whether the message went out, unless `ready` was false.
        """
        client = self._client
        if client is None or not self.ready:
            raise BrokerOffline(f"broker {self._host}:{self._port} is away")
        try:
            async with self._publishing:
                await client.publish(topic, payload, qos=qos, retain=retain, timeout=PUBLISH_TIMEOUT_S)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise BrokerOffline(str(error)) from error

    async def _hold_session(self) -> None:
        will = self._will
        self._incoming = asyncio.Queue(self._queue_limit)
        client = aiomqtt.Client(
            self._host,
            self._port,
            username=self._username,
            password=self._password,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=True,
            keepalive=KEEPALIVE_S,
            socket_options=[NO_DELAY],
            tls_context=self._tls,
            queue_type=_inbox(self._take),
            will=None if will is None else aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retain),
        )
        async with client:
            if self._subscriptions:
                granted = await client.subscribe([(topic, 1) for topic in self._subscriptions])
                if any(_code(code) >= SUBACK_FAILURE for code in granted):
                    raise aiomqtt.MqttError(f"subscription refused: {self._subscriptions}")
            self._client = client
            self.ready = True
            try:
                await self._pump(client)
            except EdgeError as error:
                raise BrokerOffline(str(error)) from error
            finally:
                self._client = None
                self.ready = False
                self._on_lost()

    async def _pump(self, client: aiomqtt.Client) -> None:
        tasks = (asyncio.create_task(self._watch(client)), asyncio.create_task(self._handle()))
        try:
            await self._on_ready()
            self._backoff.reset()
            await self._tell_trust("")
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                await end_task(task)

    async def _watch(self, client: aiomqtt.Client) -> None:
        """Nothing comes this way (see `_inbox`) but the end of the connection. Raises MqttError."""
        async for _ in client.messages:
            pass

    def _take(self, message: aiomqtt.Message) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        try:
            self._incoming.put_nowait(BrokerMessage(str(message.topic), payload, bool(message.retain)))
        except asyncio.QueueFull:
            self.overflowed += 1

    async def _handle(self) -> None:
        while True:
            await self._on_message(await self._incoming.get())


def _inbox(take: Callable[[aiomqtt.Message], None]) -> type[asyncio.Queue[aiomqtt.Message]]:
    """A queue for aiomqtt that hands each message on as it comes, and so stays empty.

    Its own iterator spends a task and a wait on every message: 0.1 ms of a door's opening.
    """

    class Inbox(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            take(item)

    return Inbox


def _code(granted: object) -> int:
    """The return code of one subscription; paho gives integers or ReasonCodes by protocol version."""
    value = getattr(granted, "value", granted)
    return value if isinstance(value, int) else SUBACK_FAILURE
