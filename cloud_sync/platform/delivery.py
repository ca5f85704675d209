"""Delivery of commands over the platform's own broker, and the answers that come back."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from typing import ClassVar

import aiomqtt
import msgspec

from cloud_sync.platform.settings import BrokerSettings
from cloud_sync.wire.commands import CommandAnswer
from edge.errors import Refusal

KEEPALIVE_S = 15
PUBLISH_TIMEOUT_S = 3.0
RECONNECT_CAP_S = 3.0
ANSWERS_LIMIT = 1_000
_NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Nagle off at our end; with it a QoS 1 round trip takes 44 ms (facts.md, MQTT)."""


class BrokerAway(Refusal):
    """The command cannot be carried by the broker now."""

    code: ClassVar[str] = "broker_away"


class BrokerSilent(BrokerAway):
    """The broker did not acknowledge: the command may be on its way all the same."""


class NoBroker:
    """For a platform without a broker: commands wait for the device to fetch them."""

    async def carry(self, topic: str, payload: bytes) -> None:
        """Raise BrokerAway."""
        raise BrokerAway()


class MqttDelivery:
    """One session on the broker: publishes commands, takes answers from every device of the site."""

    def __init__(
        self,
        *,
        settings: BrokerSettings,
        password: str,
        site: str,
        on_answer: Callable[[str, CommandAnswer], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._password = password
        self._site = site
        self._on_answer = on_answer
        self._client: aiomqtt.Client | None = None

    async def carry(self, topic: str, payload: bytes) -> None:
        """Publish once with QoS 1, not retained; raises BrokerAway, BrokerSilent."""
        if self._client is None:
            raise BrokerAway()
        try:
            await self._client.publish(topic, payload, qos=1, retain=False, timeout=PUBLISH_TIMEOUT_S)
        except aiomqtt.MqttError as error:
            raise BrokerSilent() from error

    async def run(self) -> None:
        """Stay connected until cancelled; after a loss try again with a short, jittered pause."""
        pause_s = 0.2
        while True:
            try:
                async with self._connect() as client:
                    await client.subscribe(f"s/{self._site}/d/+/evt", qos=1)
                    self._client, pause_s = client, 0.2
                    async for message in client.messages:
                        await self._take(str(message.topic), message.payload)
            except aiomqtt.MqttError:
                pause_s = min(pause_s * 2, RECONNECT_CAP_S)
            finally:
                self._client = None
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret

    def _connect(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._settings.host,
            self._settings.port,
            username=self._settings.username or None,
            password=self._password or None,
            identifier=f"platform.{self._site}",
            keepalive=KEEPALIVE_S,
            clean_session=True,
            protocol=aiomqtt.ProtocolVersion.V311,
            max_queued_incoming_messages=ANSWERS_LIMIT,
            socket_options=_NO_DELAY,
        )

    async def _take(self, topic: str, payload: object) -> None:
        """A device's answer; anything else on the topic is dropped, the journal has the truth anyway."""
        if not isinstance(payload, bytes):
            return
        try:
            answer = msgspec.json.decode(payload, type=CommandAnswer)
        except msgspec.MsgspecError:
            return
        await self._on_answer(topic.split("/")[3], answer)
