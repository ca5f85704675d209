"""One Tasmota relay: what it proved, what its switches say, what may be asked of it."""

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping

from devices.mqtt.door import OnConnected, OnContact
from devices.mqtt.site_link import SiteLink
from devices.settings import DoorSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.links.broker import BrokerMessage
from edge.links.findings import Findings

log = logging.getLogger(__name__)

TENTH_MS = 100
"""PulseTime 1 to 111 counts tenths of a second; no door's pulse is longer than that."""
REFRESHES = 3
"""ONs within one PulseTime while a door is held: two may be lost."""

JsonObject = dict[str, object]


class TasmotaDevice:
    """One device; `channels` are its relays (1 to 8) and their doors."""

    def __init__(
        self,
        name: str,
        channels: Mapping[int, DoorSettings],
        *,
        link: SiteLink,
        findings: Findings,
        on_contact: OnContact,
        on_connected: OnConnected,
    ) -> None:
        self.name = name
        self._channels = dict(channels)
        self._link = link
        self._findings = findings
        self._on_contact = on_contact
        self._on_connected = on_connected
        self._up = False
        self._wanted: set[str] = set()
        self._unfit: set[int] = set()
        self._held: dict[int, float] = {}
        self._expected: dict[int, tuple[str, asyncio.Future[None]]] = {}

    @property
    def ready(self) -> bool:
        """Whether the device is there, whatever it proved."""
        return self._up and self._link.ready

    def online(self, channel: int) -> bool | None:
        """Whether the device is there and proved everything that this relay needs."""
        if not self._link.ready:
            return None
        return self._up and not self._wanted and channel not in self._unfit

    def check_duty(self, channel: int) -> None:
        """Raises NotMoved where a door may not be trusted to this relay now."""
        if not self.ready:
            raise NotMoved("device_offline")
        if not self.online(channel):
            raise NotMoved("duty_refused")

    async def command(self, name: str, payload: bytes = b"") -> None:
        """Send one command; never retained. Raises BrokerOffline."""
        await self._link.publish(f"cmnd/{self.name}/{name}", payload)

    def expect_power(self, channel: int, on: bool) -> "asyncio.Future[None]":
        """A future that is done when the device says that its relay is so."""
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected[channel] = ("ON" if on else "OFF", said)
        return said

    def set_held(self, channel: int, on: bool) -> None:
        """Keep a relay on from now, or no longer."""
        if on:
            self._held[channel] = 0.0
        else:
            self._held.pop(channel, None)

    async def keep_holds(self, now_s: float) -> None:
        """Send the next ON of each held relay when it is due. Raises BrokerOffline."""
        if not self.ready:
            return
        for channel, due_s in tuple(self._held.items()):
            if now_s >= due_s and channel in self._held:
                self._held[channel] = now_s + self._channels[channel].pulse_ms / 1000 / REFRESHES
                await self.command(f"POWER{channel}", b"ON")

    async def doubt(self) -> None:
        """It did not answer: it proves everything anew before it is trusted again. Raises BrokerOffline."""
        self._wanted = set(self._questions())
        await self.ask_again()

    async def ask_again(self) -> None:
        """Ask for what is not proved yet. Raises BrokerOffline."""
        if not self.ready:
            return
        for question in sorted(self._wanted):
            name, _, argument = question.partition(" ")
            await self.command(name, argument.encode())

    async def take(self, prefix: str, leaf: str, message: BrokerMessage) -> None:
        """Take a message. Retained ones are no state, but for LWT; a retained command is removed."""
        if prefix == "cmnd":
            await self._find_retained(leaf, message)
        elif (prefix, leaf) == ("tele", "LWT"):
            await self._set_up(message.payload == b"Online")
        elif not message.retained and leaf in ("RESULT", "STATUS10", "SENSOR"):
            try:
                body = json.loads(message.payload)
                if not isinstance(body, dict):
                    raise ValueError("no object")
                await self._read(body)
            except (ValueError, TypeError) as error:
                self._quarantine(f"{leaf}: {error}")

    def lose(self) -> None:
        """The broker or the device is away: nothing is known, nothing is held."""
        self._up = False
        self._held.clear()
        self._wanted = set(self._questions())
        for door in self._channels.values():
            self._on_contact(door.id, ContactState.UNKNOWN)

    async def _set_up(self, up: bool) -> None:
        if not up:
            self._findings.report(self.name, "offline")
            self.lose()
            return
        self._findings.clear(self.name, "offline")
        self._up = True
        self._held.clear()
        self._unfit.clear()
        self._wanted = set(self._questions())
        await self.ask_again()

    def _questions(self) -> Iterator[str]:
        yield "PowerOnState"
        for channel, door in self._channels.items():
            yield f"PulseTime{channel}"
            if door.has_contact:
                yield "SetOption114"
                yield "Status 10"

    async def _read(self, body: JsonObject) -> None:
        before = bool(self._wanted)
        for key, value in body.items():
            if key.startswith("POWER"):
                self._note_power(key, value)
            elif key.startswith("Switch") and key[6:].isdecimal():
                action = value.get("Action") if isinstance(value, dict) else value
                self._note_switch(int(key[6:]), action)
            elif key == "StatusSNS":
                if not isinstance(value, dict):
                    raise TypeError("StatusSNS is no object")
                self._wanted.discard("Status 10")
                for channel in self._channels:
                    self._note_switch(channel, value.get(f"Switch{channel}"))
            else:
                self._note_proof(key, value)
        if before and not self._wanted:
            self._findings.clear(self.name, "bad_format")
            await self._on_connected(tuple(door.id for door in self._channels.values()))

    def _note_proof(self, key: str, value: object) -> None:
        """Take an answer about a setting that door duty depends on."""
        if key == "PowerOnState":
            self._wanted.discard(key)
            self._judge("starts_released", value == 0, tuple(self._channels), f"PowerOnState is {value}")
        elif key == "SetOption114":
            self._wanted.discard(key)
            with_contact = tuple(number for number, door in self._channels.items() if door.has_contact)
            self._judge(
                "duty_refused", value == "ON", with_contact, "a switch moves the relay: SetOption114 1"
            )
        elif key.startswith("PulseTime") and key[9:].isdecimal() and int(key[9:]) in self._channels:
            if not isinstance(value, dict) or not isinstance(value.get("Set"), int):
                raise TypeError(f"{key} has no number Set")
            self._wanted.discard(key)
            channel = int(key[9:])
            wanted_ms, said = self._channels[channel].pulse_ms, value["Set"]
            detail = f"{key} is {said}; send {key} {wanted_ms // TENTH_MS}"
            self._judge("pulse_time_wrong", said * TENTH_MS == wanted_ms, (channel,), detail)

    def _judge(self, code: str, well: bool, channels: tuple[int, ...], detail: str) -> None:
        if well:
            self._findings.clear(self.name, code)
            return
        self._unfit.update(channels)
        if self._findings.report(self.name, code, detail):
            log.warning("%s is refused for door duty: %s", self.name, detail)

    def _note_power(self, key: str, value: object) -> None:
        channel = int(key[5:]) if key[5:].isdecimal() else 1
        expected = self._expected.get(channel)
        if expected is not None and expected[0] == value and not expected[1].done():
            expected[1].set_result(None)
        if value == "OFF" and self._held.get(channel, 0.0) > 0.0:
            self._findings.report(self.name, "hold_lost", f"POWER{channel}")
            self._held[channel] = 0.0

    def _note_switch(self, channel: int, action: object) -> None:
        door = self._channels.get(channel)
        if door is None or not door.has_contact:
            return
        closed = "OFF" if door.contact_polarity == "closed_low" else "ON"
        if action in ("ON", "OFF"):
            state = ContactState.CLOSED if action == closed else ContactState.OPEN
        else:
            state = ContactState.UNKNOWN
        self._on_contact(door.id, state if self._up else ContactState.UNKNOWN)

    def _quarantine(self, detail: str) -> None:
        """It answers in another format: unfit until it proves everything in the right one."""
        if self._findings.report(self.name, "bad_format", detail):
            log.warning("%s: %s", self.name, detail)
        self._wanted = set(self._questions())
        for door in self._channels.values():
            self._on_contact(door.id, ContactState.UNKNOWN)

    async def _find_retained(self, leaf: str, message: BrokerMessage) -> None:
        """The firmware would obey a retained command at each of its connections, so it must not stay."""
        if not message.retained or not message.payload:
            return
        self._findings.report(self.name, "retained_command", leaf)
        await self._link.publish(f"cmnd/{self.name}/{leaf}", b"", retain=True)
