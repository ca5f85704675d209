"""An ear at the platform's broker: what a stranger with a hub's account would hear of its commands."""

import asyncio
import contextlib
import logging

import aiomqtt

from cloud_sync.wire.commands import command_topic
from edge.demo.brokers import hub_account, password_file
from edge.demo.layout import DEVICE, SITE, Layout
from edge.links.cancelling import end_task

log = logging.getLogger(__name__)

TOPIC = command_topic(SITE, DEVICE)
AGAIN_AFTER_S = 0.5


class Ear:
    """Listens to the hub's commands beside the hub. `last` is the newest that passed by, if one did."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.last: bytes | None = None

    def client(self, account: str) -> aiomqtt.Client:
        """A connection to the platform's broker under an account of its."""
        password = password_file(self._layout.broker("platform"), account).read_text("utf-8")
        port = self._layout.ports.platform_broker
        return aiomqtt.Client("127.0.0.1", port, username=account, password=password, timeout=5.0)

    async def listen(self) -> None:
        """Listen until cancelled; a broker that was killed is gone to again when it is back."""
        while True:
            try:
                async with self.client(hub_account(SITE, DEVICE)) as client:
                    await client.subscribe(TOPIC, qos=1)
                    async for message in client.messages:
                        if isinstance(message.payload, bytes):
                            self.last = message.payload
            except (aiomqtt.MqttError, OSError) as error:
                log.info("the ear at the platform's broker: %s", error)
            await asyncio.sleep(AGAIN_AFTER_S)

    async def say(self, payload: bytes, *, retain: bool = False) -> bool:
        """Publish as the platform does; False where the broker hangs up instead of taking it."""
        try:
            async with self.client("platform") as client:
                saying = asyncio.create_task(client.publish(TOPIC, payload, qos=1, retain=retain))
                # This account hears nothing, so that only the end of the connection ends the listening.
                hanging_up = asyncio.create_task(_until_hung_up(client))
                await asyncio.wait({saying, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
                taken = saying.done() and saying.exception() is None
                for task in (saying, hanging_up):
                    await end_task(task)
                return taken
        except aiomqtt.MqttError:
            return False

    async def kept(self) -> int:
        """How many messages the broker has kept for whoever subscribes anew.

        They come before the answer to what is asked next, so nothing has to be waited for.
        """
        async with self.client(hub_account(SITE, DEVICE)) as client:
            await client.subscribe(TOPIC, qos=1)
            await client.unsubscribe(TOPIC)
            return len(client.messages)


async def _until_hung_up(client: aiomqtt.Client) -> None:
    with contextlib.suppress(aiomqtt.MqttError):
        async for _ in client.messages:
            pass
