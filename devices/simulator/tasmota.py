"""`python -m devices.simulator.tasmota`: a relay with Tasmota firmware, as far as doors use it.

It obeys retained commands, as the real one does. Control: HTTP on a Unix socket, as of the relay node:
`POST /doors/{channel}`, `POST /board`.
"""

import argparse
import asyncio
import json
from pathlib import Path

from devices.simulator.doors import play
from devices.simulator.relay_board import RelayBoard
from devices.simulator.relay_node import arguments, broker_of
from devices.site_broker import SiteBroker
from edge.links.broker import BrokerMessage, BrokerOffline, BrokerSession, Will
from edge.links.supervisor import Role, Supervisor

OUTBOX_LIMIT = 1000
TENTHS = 111
"""Up to here PulseTime counts tenths of a second, above it seconds from 100 on."""


class Tasmota:
    """One device. `settings`: PulseTime<x>, PowerOnState, SetOption114, as its commands set them."""

    def __init__(
        self, device: str, pulse_times: dict[str, int], broker: SiteBroker, trace_file: Path | None
    ) -> None:
        self._device = device
        self.board = RelayBoard(pulse_times, trace_file=trace_file, on_moved=self._moved)
        self.settings = {f"PulseTime{channel}": tenths for channel, tenths in pulse_times.items()}
        self.settings |= {"PowerOnState": 0, "SetOption114": 1}
        self._outbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(OUTBOX_LIMIT)
        self.session = BrokerSession(
            host=broker.host,
            port=broker.port,
            username=broker.username,
            password=broker.password,
            client_id=device,
            subscriptions=[f"cmnd/{device}/+"],
            on_message=self._take,
            on_ready=self._ready,
            will=Will(f"tele/{device}/LWT", b"Offline"),
        )

    async def run(self) -> None:
        """Play for ever; everything is off when this ends."""
        roles = (Role("session", self.session.run), Role("send", self._send), Role("live", self.board.live))
        try:
            await Supervisor(roles).run()
        finally:
            self.board.all_off("exit")

    async def _ready(self) -> None:
        await self.session.publish(f"tele/{self._device}/LWT", b"Online", retain=True)

    async def _take(self, message: BrokerMessage) -> None:
        name, text = message.topic.rpartition("/")[2], message.payload.decode("utf-8", "replace")
        if name.startswith("POWER"):
            self._power(name.removeprefix("POWER") or "1", text)
        elif name == "Status":
            contacts = {f"Switch{channel}": self._switch(channel) for channel in self.board.doors}
            self._say("STATUS10", {"StatusSNS": {"Time": "2026-01-01T00:00:00", **contacts}})
        elif name in self.settings:
            if text:
                self.settings[name] = int(text)
            self._say("RESULT", {name: self._setting(name)})
        else:
            self._say("RESULT", {"Command": "Unknown"})

    def _power(self, channel: str, wanted: str) -> None:
        if channel not in self.board.doors or wanted not in ("ON", "OFF"):
            return
        set_to = self.settings[f"PulseTime{channel}"]
        if wanted == "OFF":
            self.board.off(channel, "command")
        elif set_to:
            length_ms = set_to * 100 if set_to <= TENTHS else (set_to - 100) * 1000
            self.board.pulse(channel, length_ms, "command")
        else:
            self.board.hold(channel, "command")
        self._say("RESULT", {f"POWER{channel}": wanted})

    def _setting(self, name: str) -> object:
        if name.startswith("PulseTime"):
            return {"Set": self.settings[name], "Remaining": 0}
        if name.startswith("SetOption"):
            return "ON" if self.settings[name] else "OFF"
        return self.settings[name]

    def _switch(self, channel: str) -> str:
        return "ON" if self.board.contact(channel) == "open" else "OFF"

    def _moved(self, channel: str, state: str) -> None:
        self._say("RESULT", {f"Switch{channel}": {"Action": self._switch(channel)}})

    def _say(self, leaf: str, body: dict[str, object]) -> None:
        if not self.board.answers or self._outbox.full():
            return
        text = ", ".join(f"{key} = {value}" for key, value in body.items())
        self._outbox.put_nowait((leaf, text.encode() if self.board.garbled else json.dumps(body).encode()))

    async def _send(self) -> None:
        while True:
            leaf, payload = await self._outbox.get()
            try:
                await self.session.publish(f"stat/{self._device}/{leaf}", payload)
            except BrokerOffline:
                continue


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = arguments("tasmota", __doc__)
    parser.add_argument("--relay", action="append", required=True, help="NUMBER=PULSETIME, several times")
    options: argparse.Namespace = parser.parse_args()
    pulse_times = {name: int(text) for name, _, text in (each.partition("=") for each in options.relay)}
    device = Tasmota(options.device, pulse_times, broker_of(options), options.trace)
    asyncio.run(play(device.run(), device.board.control(), options.control))


if __name__ == "__main__":
    main()
