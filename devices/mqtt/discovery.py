"""What Home Assistant may see of the site's doors, when asked for: sensors, and nothing that moves.

Source: Home Assistant, "MQTT" (discovery messages, availability) and "MQTT binary sensor".
"""

import asyncio
from collections.abc import Sequence

import msgspec

from devices.mqtt.site_link import SiteLink
from devices.settings import DoorSettings
from edge.access.contacts import ContactState
from edge.links.broker import BrokerMessage, BrokerOffline, Will

READ = "{{ 'online' if value in ('open', 'closed') else 'offline' }}"
"""A contact that is unknown makes its sensor unavailable, not closed."""


def hub_will(device: str) -> Will:
    """What the broker says when the hub is gone: every sensor is unavailable."""
    return Will(f"site/{device}/up", b"0")


class Announcer:
    """Says each door's contact in retained messages, and where they are; a part of the site's link."""

    topics: tuple[str, ...] = ()

    def __init__(self, device: str, name: str, doors: Sequence[DoorSettings], link: SiteLink) -> None:
        self._device = device
        self._name = name
        self._doors = {door.id: door for door in doors if door.has_contact}
        self._link = link
        self._states = dict.fromkeys(self._doors, ContactState.UNKNOWN)
        self._changed = asyncio.Event()
        self._unsaid: set[str] = set()

    def note(self, door_id: str, state: ContactState) -> None:
        """A door's contact says."""
        if self._states.get(door_id, state) is not state:
            self._states[door_id] = state
            self._unsaid.add(door_id)
            self._changed.set()

    async def begin(self) -> None:
        """The broker is there: say everything anew. Raises BrokerOffline."""
        for door in self._doors.values():
            topic = f"homeassistant/binary_sensor/{self._device}-{door.id}/config"
            await self._link.publish(topic, msgspec.json.encode(self.describe(door)), retain=True)
        self._unsaid |= self._doors.keys()
        self._changed.set()
        await self._link.publish(f"site/{self._device}/up", b"1", retain=True)

    async def take(self, message: BrokerMessage) -> bool:
        """It listens to nothing."""
        return False

    def lose(self) -> None:
        """The broker is away; its will says so."""

    async def run(self) -> None:
        """Say what changed; never returns."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._unsaid and self._link.ready:
                door_id = self._unsaid.pop()
                try:
                    payload = self._states[door_id].value.encode()
                    await self._link.publish(self._topic(door_id), payload, retain=True)
                except BrokerOffline:
                    self._unsaid.add(door_id)
                    break

    def describe(self, door: DoorSettings) -> dict[str, object]:
        """A door's discovery message: a sensor, never a lock or a button."""
        return {
            "name": door.name_en,
            "unique_id": f"community-edge-{self._device}-{door.id}",
            "device_class": "door",
            "state_topic": self._topic(door.id),
            "payload_on": ContactState.OPEN.value,
            "payload_off": ContactState.CLOSED.value,
            "availability_mode": "all",
            "availability": [
                {
                    "topic": f"site/{self._device}/up",
                    "payload_available": "1",
                    "payload_not_available": "0",
                },
                {"topic": self._topic(door.id), "value_template": READ},
            ],
            "device": {"identifiers": [f"community-edge-{self._device}"], "name": self._name},
        }

    def _topic(self, door_id: str) -> str:
        return f"site/{self._device}/{door_id}"
