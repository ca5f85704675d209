"""What stands around the hub in `gate-command` and `gate-scan`: broker, guard, platform, camera, vision."""

import asyncio
import json
import socket
import threading
import time
from pathlib import Path

import aiomqtt
from aiohttp import web

from devices.settings import DoorSettings
from edge.bench.ports import free_port
from edge.demo.brokers import mosquitto
from edge.demo.layout import listens
from edge.demo.processes import Processes
from edge.links.broker import NO_DELAY

HOST = "127.0.0.1"
TRACE = "guard.trace"
"""The guard's record of every edge, in the benchmark's folder."""
DOOR = DoorSettings(id="gate", name_zh="南门", name_en="Gate", line=17, pulse_ms=20)
"""A door without contact, so that an opening ends as soon as it was fired; and a short pulse."""

READER = "gate-reader"
PULSES_PER_MINUTE = 60_000
"""As many as a guard can be told to allow: no door of a site needs it."""

_BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence false
max_inflight_messages 20
"""


def start_broker(processes: Processes, folder: Path) -> int:
    """Start a mosquitto with `TCP_NODELAY`; returns its port."""
    port = free_port()
    file = folder / "mosquitto.conf"
    file.write_text(_BROKER.format(port=port))
    processes.start("broker", [mosquitto(), "-c", str(file)])
    processes.wait("broker", lambda: listens(port))
    return port


def start_guard(processes: Processes, folder: Path) -> Path:
    """Start the real guard over mock pins; returns its socket."""
    path, wiring = folder / "guard.sock", folder / "site.toml"
    wiring.write_text(
        f'[[door]]\nid = "{DOOR.id}"\nline = {DOOR.line}\npulse_ms = {DOOR.pulse_ms}\n'
        f"pulses_per_minute = {PULSES_PER_MINUTE}\n"
    )
    processes.start_module(
        "guard",
        "devices.guard",
        *("--mock", "--socket", str(path), "--trace", str(folder / TRACE), "--lines", str(wiring)),
    )
    processes.wait("guard", path.exists)
    return path


def start_vision(processes: Processes, folder: Path, camera_url: str) -> Path:
    """Start the real vision process before a camera; returns its socket."""
    path, config = folder / "vision.sock", folder / "readers.toml"
    config.write_text(f'[[reader]]\nid = "{READER}"\nsource = "{camera_url}"\nserves = "door:{DOOR.id}"\n')
    processes.start_module("vision", "devices.vision", "--config", str(config), "--socket", str(path))
    processes.wait("vision", path.exists)
    return path


def pulses(trace: Path) -> list[int]:
    """Boot times in ns of all pulses in a guard's trace."""
    edges = map(json.loads, trace.read_text().splitlines())
    return [edge["at_boot_ns"] for edge in edges if edge.get("level") == 1]


class Camera:
    """An MJPEG camera of one viewer that shows a picture when it is told to, and knows when."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}/bench.mjpg"
        self._viewer: socket.socket | None = None
        self._first: bytes | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def show(self, jpeg: bytes) -> int:
        """Send one picture; returns the boot time in ns at which its last byte was handed to the system."""
        part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(jpeg), jpeg)
        with self._lock:
            self._first = part
            if self._viewer is not None:
                self._viewer.sendall(part)
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def close(self) -> None:
        """Go away."""
        self._listener.close()
        if self._viewer is not None:
            self._viewer.close()

    def _accept(self) -> None:
        viewer, _ = self._listener.accept()
        viewer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        viewer.recv(4096)
        viewer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
        with self._lock:
            self._viewer = viewer
            if self._first is not None:
                viewer.sendall(self._first)


class NonceDesk:
    """The one endpoint of the platform that a command session needs."""

    def __init__(self) -> None:
        self.nonce = ""
        self.posted = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen; returns the platform's address."""
        app = web.Application()
        app.router.add_post("/v1/sites/{site}/devices/{device}/nonce", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        port = self._runner.addresses[0][1]
        return f"http://{HOST}:{port}"

    async def stop(self) -> None:
        """Go away."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.nonce = (await request.json())["nonce"]
        self.posted.set()
        return web.json_response({})


def client(port: int) -> aiomqtt.Client:
    """A bare client of the broker, without delay at its end."""
    return aiomqtt.Client(
        HOST, port, protocol=aiomqtt.ProtocolVersion.V311, socket_options=[NO_DELAY], timeout=5.0
    )
