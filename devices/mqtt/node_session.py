"""A remote relay's session with the site's broker: the pump around a `DoorNode`."""

import asyncio
from collections.abc import Callable

from devices.mqtt.door_node import DoorNode, Say
from devices.site_broker import SiteBroker
from edge.links.broker import BrokerMessage, BrokerOffline, BrokerSession, Will
from edge.links.supervisor import Role, Supervisor

WATCH_EVERY_S = 0.1
OUTBOX_LIMIT = 1000


class NodeSession:
    """Runs one device on the broker under its own name, which is also its account."""

    def __init__(self, device: str, broker: SiteBroker, make_node: Callable[[Say], DoorNode]) -> None:
        self._device = device
        self._outbox: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue(OUTBOX_LIMIT)
        self.node = make_node(self._put)
        self.session = BrokerSession(
            host=broker.host,
            port=broker.port,
            username=broker.username,
            password=broker.password,
            client_id=device,
            tls=broker.tls,
            subscriptions=[f"d/{device}/cmd", f"d/{device}/beat"],
            on_message=self._take,
            on_ready=self._ready,
            on_lost=self._lose,
            will=Will(f"d/{device}/up", b"0"),
        )

    async def run(self) -> None:
        """Keep the session, and watch for the hub's beat; never returns."""
        roles = (Role("session", self.session.run), Role("send", self._send), Role("watch", self._watch))
        await Supervisor(roles).run()

    def _put(self, leaf: str, payload: bytes, retained: bool) -> None:
        if self._outbox.full():
            self._outbox.get_nowait()  # the whole state follows every event
        self._outbox.put_nowait((leaf, payload, retained))

    async def _ready(self) -> None:
        while not self._outbox.empty():
            self._outbox.get_nowait()
        self.node.begin_session()
        await self.session.publish(f"d/{self._device}/up", b"1", retain=True)

    def _lose(self) -> None:
        self.node.lose_hub()

    async def _take(self, message: BrokerMessage) -> None:
        if message.topic.endswith("/beat"):
            self.node.hear_beat(message.payload, retained=message.retained)
        else:
            await self.node.obey(message.payload, retained=message.retained)

    async def _send(self) -> None:
        while True:
            leaf, payload, retained = await self._outbox.get()
            try:
                await self.session.publish(f"d/{self._device}/{leaf}", payload, retain=retained)
            except BrokerOffline:
                continue  # the next session begins with the whole state

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            self.node.watch()
