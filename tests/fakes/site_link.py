"""A site's link without a broker: what the hub publishes, and whatever its parts are told."""

from typing import NamedTuple

from devices.mqtt.site_link import SiteLink, SitePart
from devices.site_broker import SiteBroker
from edge.links.broker import BrokerMessage, BrokerOffline


class Said(NamedTuple):
    """One publication of the hub."""

    topic: str
    payload: bytes
    retained: bool


class FakeLink(SiteLink):
    """`says` gives a message to the parts; `said` is what the hub published."""

    def __init__(self) -> None:
        super().__init__(SiteBroker("nowhere", 1, None, None, "hub"))
        self.up = True
        self.said: list[Said] = []

    @property
    def ready(self) -> bool:
        """Whether the broker is there."""
        return self.up

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Keep it."""
        if not self.up:
            raise BrokerOffline("away")
        self.said.append(Said(topic, payload, retain))

    async def says(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """A device publishes."""
        await self._take(BrokerMessage(topic, payload, retained))

    def part(self) -> SitePart:
        """The only part."""
        (part,) = self._parts
        return part
