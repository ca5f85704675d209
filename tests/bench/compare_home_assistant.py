"""`python -m tests.bench.compare_home_assistant`: Home Assistant calls a driver, beside `gate-command`.

Installs Home Assistant from PyPI into a virtual environment of its own (`--folder`, kept for the next run),
starts it with one switch whose driver writes down when it was called, and calls that switch over the
WebSocket API as any client would. Its floor is measured beside it: an aiohttp WebSocket that reads the same
JSON. Nothing of it is signed, and nothing is on disk when the driver is called: see docs/comparison.md.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from devices.gpio.client import boot_ns
from edge.bench import gate_command
from edge.bench.figures import Case, case, middle, percentile
from edge.bench.gate_peers import HOST
from edge.bench.ports import free_port

PACKAGES = ("homeassistant==2024.3.3", "josepy<2")
"""The last release for Python 3.11; one of its dependencies asks for a josepy that no longer exists."""
CALLS = 500
WARM_UP = 30
START_S = 180.0
"""The first start fetches what its components need."""
ENTITY = "switch.probe"

CONFIGURATION = """\
http:
  server_host: {host}
  server_port: {port}
api:
websocket_api:
onboarding:
switch:
  - platform: probe
"""
MANIFEST = {
    "domain": "probe",
    "name": "Probe",
    "version": "1.0.0",
    "requirements": [],
    "codeowners": [],
    "dependencies": [],
    "documentation": "",
    "iot_class": "local_push",
}
SWITCH = """\
import os
import time

from homeassistant.components.switch import SwitchEntity

CALLED = os.open({called!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def setup_platform(hass, config, add_entities, discovery_info=None):
    add_entities([Probe()])


class Probe(SwitchEntity):
    _attr_name = "Probe"
    _attr_should_poll = False
    _attr_is_on = False

    async def async_turn_on(self, **kwargs):
        os.write(CALLED, b"%d\\n" % time.clock_gettime_ns(time.CLOCK_BOOTTIME))
"""


def install(folder: Path) -> Path:
    """Make the virtual environment once; returns the program."""
    program = folder / "venv" / "bin" / "hass"
    if not program.exists():
        venv.create(folder / "venv", with_pip=True)
        pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "-q", *PACKAGES]
        subprocess.run(pip, check=True)
    return program


def configure(folder: Path, port: int) -> tuple[Path, Path]:
    """Write a fresh configuration; returns its folder and the file of the driver's calls."""
    settings = folder / f"settings-{port}"
    probe = settings / "custom_components" / "probe"
    probe.mkdir(parents=True)
    called = settings / "called"
    (settings / "configuration.yaml").write_text(CONFIGURATION.format(host=HOST, port=port))
    (probe / "manifest.json").write_text(json.dumps(MANIFEST))
    (probe / "__init__.py").write_text("")
    (probe / "switch.py").write_text(SWITCH.format(called=str(called)))
    return settings, called


async def sign_in(session: aiohttp.ClientSession, url: str) -> str:
    """Make the first account; returns an access token. Raises TimeoutError when nobody answers."""
    async with asyncio.timeout(START_S):
        while True:
            try:
                async with session.get(f"{url}/api/onboarding") as answer:
                    if answer.status == web.HTTPOk.status_code:
                        break
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.5)
    owner = {"client_id": url, "name": "Bench", "username": "bench", "password": "bench", "language": "en"}
    async with session.post(f"{url}/api/onboarding/users", json=owner) as answer:
        code = (await answer.json())["auth_code"]
    form = {"grant_type": "authorization_code", "code": code, "client_id": url}
    async with session.post(f"{url}/auth/token", data=form) as answer:
        return str((await answer.json())["access_token"])


@asynccontextmanager
async def bare_socket() -> AsyncIterator[tuple[str, list[int]]]:
    """The floor: a WebSocket that reads the JSON, writes down when, and answers."""
    called: list[int] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            call = json.loads(message.data)
            called.append(boot_ns())
            await socket.send_json({"id": call["id"], "type": "result", "success": True})
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}/", called
    finally:
        await runner.cleanup()


async def call(socket: aiohttp.ClientWebSocketResponse, number: int) -> int:
    """Call the switch and wait for the answer; returns the boot time in ns at which it was sent."""
    body = {
        "id": number,
        "type": "call_service",
        "domain": "switch",
        "service": "turn_on",
        "target": {"entity_id": ENTITY},
    }
    began_ns = boot_ns()
    await socket.send_json(body)
    answer = await socket.receive_json()
    assert answer["success"], answer
    return began_ns


async def measure(url: str, called: Path, calls: int) -> list[Case]:
    """Call one after another, each with the floor beside it."""
    async with aiohttp.ClientSession() as session, bare_socket() as (bare, bare_called):
        token = await sign_in(session, url)
        async with session.ws_connect(f"{url}/api/websocket") as socket, session.ws_connect(bare) as floor:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": token})
            assert (await socket.receive_json())["type"] == "auth_ok"
            sent, floor_sent = [], []
            for number in range(1, calls + WARM_UP + 1):
                floor_sent.append(await call(floor, number))
                sent.append(await call(socket, number))
    reached = [int(line) for line in called.read_text().split()]
    values_ms = _durations_ms(sent, reached)
    floors_ms = _durations_ms(floor_sent, bare_called)
    return [
        case("home-assistant", middle(values_ms), "ms", floor=middle(floors_ms), n=calls),
        case(
            "home-assistant-p99",
            percentile(values_ms, 0.99),
            "ms",
            floor=percentile(floors_ms, 0.99),
            n=calls,
        ),
    ]


def _durations_ms(sent: list[int], reached: list[int]) -> list[float]:
    pairs = zip(sent, reached, strict=True)
    return [(at_ns - began_ns) / 1e6 for began_ns, at_ns in pairs][WARM_UP:]


def main() -> int:
    """Measure both in one run and print one JSON object a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where Home Assistant is installed, once")
    parser.add_argument("--calls", type=int, default=CALLS)
    options = parser.parse_args()
    folder = options.folder.resolve()
    program, port = install(folder), free_port()
    settings, called = configure(folder, port)
    with (settings / "output.log").open("wb") as log:
        process = subprocess.Popen([str(program), "-c", str(settings)], stdout=log, stderr=log)
        try:
            cases = asyncio.run(measure(f"http://{HOST}:{port}", called, options.calls))
        finally:
            process.terminate()
            process.wait(30)
    for each in (*cases, *gate_command.run(options.calls)):
        sys.stdout.write(json.dumps(each) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
