"""One session with the site's broker for every remote door, and for who watches that broker."""

from typing import Protocol

from devices.site_broker import SiteBroker
from edge.links.broker import BrokerMessage, BrokerSession, Will


class SitePart(Protocol):
    """Who listens on the site's broker. A part takes what its topics bring, and says so by returning true."""

    @property
    def topics(self) -> tuple[str, ...]:
        """What it subscribes to."""
        ...

    async def begin(self) -> None:
        """The broker granted every subscription."""
        ...

    async def take(self, message: BrokerMessage) -> bool:
        """Take a message if it is for this part."""
        ...

    def lose(self) -> None:
        """The broker is away."""
        ...


class SiteLink:
    """Parts are added before `run`. `ready` while the session is up and every subscription was granted."""

    def __init__(self, broker: SiteBroker, *, will: Will | None = None) -> None:
        self._broker = broker
        self._will = will
        self._parts: list[SitePart] = []
        self._session: BrokerSession | None = None

    def add(self, part: SitePart) -> None:
        """Let a part listen."""
        assert self._session is None, "parts are added before the session begins"
        self._parts.append(part)

    @property
    def ready(self) -> bool:
        """Whether something can be published."""
        return self._session is not None and self._session.ready

    async def run(self) -> None:
        """Keep the session up; never returns."""
        topics = dict.fromkeys(topic for part in self._parts for topic in part.topics)
        self._session = BrokerSession(
            host=self._broker.host,
            port=self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            client_id=f"{self._broker.client_id}-doors",
            tls=self._broker.tls,
            will=self._will,
            subscriptions=tuple(topics),
            on_message=self._take,
            on_ready=self._begin,
            on_lost=self._lose,
        )
        await self._session.run()

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Publish. Raises BrokerOffline; then it is unknown whether it went out, unless `ready` was false."""
        assert self._session is not None, "run comes first"
        await self._session.publish(topic, payload, retain=retain, qos=qos)

    async def _begin(self) -> None:
        for part in self._parts:
            await part.begin()

    async def _take(self, message: BrokerMessage) -> None:
        for part in self._parts:
            if await part.take(message):
                return

    def _lose(self) -> None:
        for part in self._parts:
            part.lose()
