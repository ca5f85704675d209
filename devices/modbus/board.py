"""One Modbus relay board: what it says of its relays and inputs, and whether it may serve doors."""

import asyncio
import logging
from collections.abc import Mapping

from devices.modbus.bus import ModbusBus
from devices.modbus.settings import ModbusSettings
from devices.mqtt.door import OnConnected, OnContact
from devices.settings import DoorSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.links.findings import Findings

log = logging.getLogger(__name__)

HOLD_PULSE_MS = 2000
"""A hold is pulses of this length, each begun before the last is over: it outlives the hub by no more."""
HOLD_EVERY_S = 0.6
ASK_AGAIN_S = 1.0
"""How long a board that did not answer is left alone."""
STILL_ON_S = 0.5
"""A relay that is on so long after its pulse's end was not switched off by the board."""


class ModbusBoard:
    """One board; `doors` by the number of their relay, from 1."""

    def __init__(
        self,
        settings: ModbusSettings,
        doors: Mapping[int, DoorSettings],
        bus: ModbusBus,
        *,
        findings: Findings,
        on_contact: OnContact,
        on_connected: OnConnected,
    ) -> None:
        self.settings = settings
        self._doors = dict(doors)
        self._bus = bus
        self._findings = findings
        self._on_contact = on_contact
        self._on_connected = on_connected
        self._read = False
        self._refused = False
        self._ask_at_s = 0.0
        self._contacts = {relay: ContactState.UNKNOWN for relay in doors}
        self._off_at_s: dict[int, float] = {}
        self._held: dict[int, float] = {}

    @property
    def online(self) -> bool:
        """Whether the board was read and is fit for duty."""
        return self._read and not self._refused

    @property
    def is_due(self) -> bool:
        """Whether it is worth asking now."""
        return asyncio.get_running_loop().time() >= self._ask_at_s

    def check_duty(self) -> None:
        """Raises NotMoved where no door may be trusted to this board now."""
        if self._refused:
            raise NotMoved("duty_refused")
        if not self._read:
            raise NotMoved("device_offline")

    async def pulse(self, relay: int) -> None:
        """Send a door's own pulse. Raises NotMoved, DeviceOffline."""
        pulse_ms = self._doors[relay].pulse_ms
        self._expect_off(relay, pulse_ms)
        await self._bus.pulse(self.settings, relay, pulse_ms)

    async def hold(self, relay: int, on: bool) -> None:
        """Begin or end a hold. Raises NotMoved, DeviceOffline."""
        if on:
            self._held[relay] = 0.0
            await self._keep(relay)
        else:
            self._held.pop(relay, None)
            await self._bus.off(self.settings, relay)

    async def poll(self) -> None:
        """Read the board once, keep its holds, watch its relays. Raises DeviceOffline, DeviceFault."""
        relays = await self._bus.relays(self.settings)
        inputs = await self._bus.inputs(self.settings)
        self._findings.clear(self.settings.id, "bad_format")
        self._findings.clear(self.settings.id, "offline")
        if not self._read:
            await self._begin(relays)
        for relay, door in self._doors.items():
            if door.has_contact:
                self._tell(relay, _state(door, inputs[relay - 1]))
            await self._watch(relay, relays[relay - 1])

    def lose(self, why: str) -> None:
        """It does not answer: nothing is known, nothing is held."""
        self._ask_at_s = asyncio.get_running_loop().time() + ASK_AGAIN_S
        self._findings.report(self.settings.id, "offline", why)
        self._forget()

    def quarantine(self, why: str) -> None:
        """It answers something else than it should."""
        if self._findings.report(self.settings.id, "bad_format", why):
            log.warning("%s: %s", self.settings.id, why)
        self._forget()

    def _forget(self) -> None:
        self._read = False
        self._held.clear()
        for relay in self._doors:
            self._tell(relay, ContactState.UNKNOWN)

    async def _begin(self, relays: list[bool]) -> None:
        """The board is there again: whatever is on at its doors is switched off, then holds are applied."""
        for relay in self._doors:
            if relays[relay - 1]:
                await self._bus.off(self.settings, relay)
                relays[relay - 1] = False
        self._off_at_s.clear()
        self._read = True
        await self._on_connected(tuple(door.id for door in self._doors.values()))

    async def _watch(self, relay: int, is_on: bool) -> None:
        now_s = asyncio.get_running_loop().time()
        if relay in self._held:
            if not is_on and self._held[relay] > 0.0:
                self._findings.report(self.settings.id, "hold_lost", f"relay {relay}")
                self._held[relay] = 0.0
            if now_s >= self._held[relay]:
                await self._keep(relay)
        elif is_on and now_s > self._off_at_s.get(relay, 0.0):
            self._refused = True
            self._findings.report(self.settings.id, "still_on", f"relay {relay}")
            log.error("%s: relay %d is on although its pulse is over", self.settings.id, relay)
            await self._bus.off(self.settings, relay)

    async def _keep(self, relay: int) -> None:
        self._expect_off(relay, HOLD_PULSE_MS)
        self._held[relay] = asyncio.get_running_loop().time() + HOLD_EVERY_S
        await self._bus.pulse(self.settings, relay, HOLD_PULSE_MS)

    def _expect_off(self, relay: int, pulse_ms: int) -> None:
        over_s = asyncio.get_running_loop().time() + pulse_ms / 1000 + STILL_ON_S
        self._off_at_s[relay] = max(over_s, self._off_at_s.get(relay, 0.0))

    def _tell(self, relay: int, state: ContactState) -> None:
        if self._contacts[relay] is not state:
            self._contacts[relay] = state
            self._on_contact(self._doors[relay].id, state)


def _state(door: DoorSettings, active: bool) -> ContactState:
    """An input is active while its circuit is closed; closed_low: the shut door closes it."""
    closed = active == (door.contact_polarity == "closed_low")
    return ContactState.CLOSED if closed else ContactState.OPEN
