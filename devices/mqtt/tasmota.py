"""Doors on relays with Tasmota firmware: fit for duty only while the device proves that it times its pulses.

Sources: Tasmota documentation, Commands (PulseTime, PowerOnState, SetOption114, Status 10), Buttons and
Switches; `ExecuteCommandPower` restarts PulseTime at every ON, which is what keeps a hold alive here: without
the hub's next ON a held door locks within one PulseTime.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence

from devices.mqtt.door import OnConnected, OnContact
from devices.mqtt.site_link import SiteLink
from devices.mqtt.tasmota_device import TasmotaDevice
from devices.settings import DoorSettings
from edge.access.errors import NotMoved
from edge.errors import ConfigError, DeviceOffline, Fault
from edge.links.broker import BrokerMessage, BrokerOffline
from edge.links.findings import Findings

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 1.5
TICK_S = 0.05
ASK_AGAIN_S = 5.0
"""How often a device that proved nothing yet is asked again."""
REMEMBERED_IDS = 1000


class TasmotaDoors:
    """Every Tasmota relay of the site, behind one session with its broker. A DoorDriver."""

    def __init__(
        self,
        doors: Sequence[DoorSettings],
        *,
        link: SiteLink,
        findings: Findings,
        on_contact: OnContact,
        on_connected: OnConnected,
    ) -> None:
        names = dict.fromkeys(door.device or "" for door in doors)
        self.devices = {
            name: TasmotaDevice(
                name,
                {channel_of(door): door for door in doors if door.device == name},
                link=link,
                findings=findings,
                on_contact=on_contact,
                on_connected=on_connected,
            )
            for name in names
        }
        self._of_door = {door.id: (self.devices[door.device or ""], channel_of(door)) for door in doors}
        self._locks = {door.id: asyncio.Lock() for door in doors}
        self._seen: OrderedDict[str, None] = OrderedDict()
        link.add(self)

    @property
    def topics(self) -> tuple[str, ...]:
        """What the hub listens to; of its own commands it wants to see the retained ones that others left."""
        return tuple(f"{prefix}/{name}/+" for name in self.devices for prefix in ("stat", "tele", "cmnd"))

    async def begin(self) -> None:
        """The broker is there; the devices' retained LWT follows by itself."""

    async def take(self, message: BrokerMessage) -> bool:
        """Take a message of one of these devices."""
        prefix, _, rest = message.topic.partition("/")
        name, _, leaf = rest.partition("/")
        device = self.devices.get(name)
        if device is None or prefix not in ("stat", "tele", "cmnd"):
            return False
        await device.take(prefix, leaf, message)
        return True

    def lose(self) -> None:
        """The broker is away."""
        for device in self.devices.values():
            device.lose()

    async def run(self) -> None:
        """Keep holds alive and ask again those that proved nothing yet; never returns."""
        loop = asyncio.get_running_loop()
        ask_at_s = loop.time() + ASK_AGAIN_S
        while True:
            await asyncio.sleep(TICK_S)
            try:
                for device in self.devices.values():
                    await device.keep_holds(loop.time())
                if loop.time() >= ask_at_s:
                    ask_at_s = loop.time() + ASK_AGAIN_S
                    for device in self.devices.values():
                        await device.ask_again()
            except BrokerOffline:
                continue  # the link connects again; meanwhile each device locks by its own PulseTime

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Send one ON; the device switches off by itself. Raises NotMoved, DeviceOffline."""
        device, channel = self._find(door_id)
        async with self._locks[door_id]:
            if opening_id in self._seen:
                raise NotMoved("repeated")
            device.check_duty(channel)
            self._seen[opening_id] = None
            if len(self._seen) > REMEMBERED_IDS:
                self._seen.popitem(last=False)
            await self._switch(device, channel, True)

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end keeping a door released. Raises NotMoved, DeviceOffline."""
        device, channel = self._find(door_id)
        async with self._locks[door_id]:
            if on:
                device.check_duty(channel)
            device.set_held(channel, on)
            await self._switch(device, channel, on)

    def online(self, door_id: str) -> bool | None:
        """Whether a door's device is there and proved what it must; None while the broker is away."""
        device, channel = self._find(door_id)
        return device.online(channel)

    def _find(self, door_id: str) -> tuple[TasmotaDevice, int]:
        if door_id not in self._of_door:
            raise NotMoved("unknown_door")
        return self._of_door[door_id]

    async def _switch(self, device: TasmotaDevice, channel: int, on: bool) -> None:
        """Send ON or OFF and wait until the device says so."""
        if not device.ready:
            raise NotMoved("device_offline")
        said = device.expect_power(channel, on)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await device.command(f"POWER{channel}", b"ON" if on else b"OFF")
                await said
        except TimeoutError as error:
            # Its answers carry no id: a late one must not be taken for that of the next command.
            await device.doubt()
            raise DeviceOffline(f"device {device.name} did not answer") from error
        finally:
            said.cancel()


def channel_of(door: DoorSettings) -> int:
    """The number of a door's relay, 1 to 8. Raises ConfigError."""
    text = door.channel or "1"
    if text not in "12345678" or len(text) != 1:
        raise ConfigError([Fault(f"door.{door.id}.channel", None, "a Tasmota relay has a number, 1 to 8")])
    return int(text)
