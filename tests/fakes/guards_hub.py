"""The hub's side of one door as a process to be killed: the product's own drivers, told by a socket.

Commands, one a line, each answered with one: `pulse ID`, `hold`, `mute` (nothing is said any more, the
connection stays).
"""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from devices.gpio import client
from devices.gpio.client import GuardClient
from devices.mqtt.door import MqttDoors
from devices.mqtt.site_link import SiteLink
from devices.settings import DoorSettings
from devices.site_broker import SiteBroker
from edge.errors import DeviceError
from edge.links.findings import Findings
from tests.fakes.forking import Forked
from tests.fakes.waiting import until

DOOR = "gate"
SATELLITE = "sat-1"
READY_S = 30.0


class Driver(Protocol):
    """Pulses and holds the door."""

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Once."""

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end."""

    def online(self, door_id: str) -> bool | None:
        """Whether the device is there."""


class Hub:
    """A forked process; `ask` says a command and returns the answer."""

    def __init__(self, main: Callable[[socket.socket], Awaitable[None]]) -> None:
        self._link, theirs = socket.socketpair()
        self._link.settimeout(READY_S)
        self._process = Forked(lambda: _run(main, theirs))
        theirs.close()
        assert self._read() == "connected", "the hub does not connect"

    def ask(self, command: str) -> str:
        """One command, its answer."""
        self._link.sendall(command.encode() + b"\n")
        return self._read()

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """As a crash would."""
        self._process.kill()
        self._link.close()

    def _read(self) -> str:
        return self._link.recv(1024).decode().strip()


def local_hub(path: Path, line: int, pulse_ms: int) -> Callable[[socket.socket], Awaitable[None]]:
    """A hub on the guard's own machine."""

    async def main(link: socket.socket) -> None:
        door = DoorSettings(id=DOOR, name_zh="门", name_en=DOOR, line=line, pulse_ms=pulse_ms)
        guard = GuardClient(socket=path, doors=[door], on_contact=lambda *_: None)
        role = asyncio.create_task(guard.run())
        await until(lambda: guard.connected, within_s=READY_S)
        await _obey(link, guard)
        role.cancel()

    return main


def remote_hub(broker: tuple[str, int], pulse_ms: int) -> Callable[[socket.socket], Awaitable[None]]:
    """A hub that reaches the guard over the site's broker, through a satellite."""

    async def main(link: socket.socket) -> None:
        door = DoorSettings(
            id=DOOR, name_zh="门", name_en=DOOR, driver="mqtt", device=SATELLITE, pulse_ms=pulse_ms
        )
        site = SiteLink(SiteBroker(*broker, None, None, "hub-k1"))

        async def connected(_: object) -> None:
            return

        driver = MqttDoors(
            [door],
            link=site,
            findings=Findings(now_ms=lambda: 0),
            on_contact=lambda *_: None,
            on_connected=connected,
        )
        roles = [asyncio.create_task(site.run()), asyncio.create_task(driver.run())]
        await until(lambda: driver.online(DOOR), within_s=READY_S)
        await _obey(link, driver)
        for role in roles:
            role.cancel()

    return main


def _run(main: Callable[[socket.socket], Awaitable[None]], link: socket.socket) -> int:
    link.setblocking(False)

    async def whole() -> None:
        await main(link)

    asyncio.run(whole())
    return 0


async def _obey(link: socket.socket, driver: Driver) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(link, b"connected\n")
    while data := await loop.sock_recv(link, 1024):
        await loop.sock_sendall(link, (await _answer(data.decode().split(), driver)).encode() + b"\n")


async def _answer(words: list[str], driver: Driver) -> str:
    try:
        match words:
            case ["pulse", pulse_id]:
                await driver.pulse(pulse_id, DOOR)
                return "fired"
            case ["hold"]:
                await driver.hold(DOOR, True)
                return "held"
            case _:
                vars(client)["BEAT_EVERY_S"] = 3600.0
                return "mute"
    except DeviceError as fault:
        return f"not: {fault}"
