"""Card readers, Wiegand keypads and scanners behind a node at the site's broker.

A node says in its retained `state` the nonce of its session with the broker, and puts it with a rising
number into every event. What it read before it lost the broker carries another nonce and is late: nobody
stands there any more, so it opens nothing.
"""

import logging
import ssl
from collections.abc import Iterable
from typing import Literal

import msgspec

from devices.readers import ReaderDesk
from devices.readings import card_number, typed_pin
from devices.settings import ReaderSettings
from edge.links.broker import BrokerMessage, BrokerSession
from edge.links.scans import CARD, PIN

log = logging.getLogger(__name__)


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/state`, retained: the nonce of this session."""

    nonce: str


class NodeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/evt`: something was read. `n` rises within a session; a repeated one is the same event."""

    kind: Literal["card", "pin", "text"]
    value: str
    nonce: str
    n: int


class ReaderNode:
    """One node, as far as the hub knows it."""

    def __init__(self, settings: ReaderSettings, desk: ReaderDesk) -> None:
        self.settings = settings
        self._desk = desk
        self._nonce = ""
        self._newest = 0
        self._known = False

    @property
    def topics(self) -> tuple[str, ...]:
        """What the hub listens to for this node."""
        return tuple(f"d/{self.settings.source}/{leaf}" for leaf in ("evt", "state", "up"))

    def take(self, leaf: str, message: BrokerMessage) -> None:
        """Take a message. What the convention does not know is a finding, and reads nothing."""
        try:
            match leaf:
                case "up":
                    self._set_up(message.payload == b"1")
                case "state":
                    self._begin(msgspec.json.decode(message.payload, type=NodeState).nonce)
                case "evt" if not message.retained:
                    self._read(msgspec.json.decode(message.payload, type=NodeEvent))
                case _:
                    log.warning("%s: a retained %s is no news", self.settings.source, leaf)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._desk.nonsense(self.settings.id, f"{leaf} in another format")

    def lose(self) -> None:
        """The broker is away: nobody can tell how the node is."""
        self._known = False
        self._desk.set_state(self.settings.id, "unknown")

    def _set_up(self, up: bool) -> None:
        self._desk.set_state(self.settings.id, "live" if up else "lost")
        if not up:
            self._known = False

    def _begin(self, nonce: str) -> None:
        self._known = True
        if nonce != self._nonce:
            self._nonce, self._newest = nonce, 0

    def _read(self, event: NodeEvent) -> None:
        if not self._known or event.nonce != self._nonce or event.n <= self._newest:
            log.info("%s: a late or repeated event reads nothing", self.settings.source)
            return
        self._newest = event.n
        match event.kind:
            case "card":
                symbology, text = CARD, card_number(event.value.strip(), self.settings.card_number)
            case "pin":
                symbology, text = PIN, typed_pin(event.value.strip())
            case "text":
                self._desk.take_text(self.settings.id, event.value)
                return
        if text is None:
            self._desk.nonsense(self.settings.id, f"no {event.kind}")
        else:
            self._desk.take(self.settings.id, symbology, text)


class MqttReaders:
    """Every reader node of the site behind one session with its broker."""

    def __init__(
        self,
        readers: Iterable[ReaderSettings],
        *,
        desk: ReaderDesk,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
        client_id: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._nodes = {reader.source: ReaderNode(reader, desk) for reader in readers}
        self.session = BrokerSession(
            host=host,
            port=port,
            username=username,
            password=password,
            client_id=client_id,
            tls=tls,
            subscriptions=[topic for node in self._nodes.values() for topic in node.topics],
            on_message=self._take,
            on_lost=self._lose,
        )

    async def run(self) -> None:
        """Keep the session up; never returns."""
        await self.session.run()

    async def _take(self, message: BrokerMessage) -> None:
        _, device, leaf = message.topic.split("/", 2)
        node = self._nodes.get(device)
        if node is not None:
            node.take(leaf, message)

    def _lose(self) -> None:
        for node in self._nodes.values():
            node.lose()
