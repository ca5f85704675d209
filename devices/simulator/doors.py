"""`python -m devices.simulator.doors`: doors that see the guard's output pins and drive its contact pins.

Control: HTTP on a Unix socket. `GET /doors`; `POST /doors/{id}` with any of its switches as booleans,
`{"push": "open"|"closed"}` and `{"late_ms": 500}`. `GET /inputs`; `POST /inputs/{id}` with `{"active": bool}`
for exit button, fire contact, parallel controller, loop, tamper. The first three release locks by wire.
"""

import argparse
import asyncio
import json
import signal
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web

from devices.simulator.door_model import DoorModel
from devices.simulator.door_wires import SiteWires, read_wires

TICK_S = 0.02
LATEST_MS = 60_000
LEAF_SWITCHES = ("jammed", "deserted", "forced", "held")
CONTACT_SWITCHES = ("cut", "lying", "dead", "drops", "repeats", "bouncing")


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class DoorWorld:
    """All doors and inputs of a site, joined to the guard's panel."""

    def __init__(self, wires: SiteWires, *, pull_ms: int, shut_ms: int) -> None:
        self.doors = {door: DoorModel(pull_ms=pull_ms, shut_ms=shut_ms) for door in wires.doors}
        self.active = dict.fromkeys(wires.inputs, False)
        self._wires = wires
        self._relays: dict[int, int] = {}
        self._driven: dict[int, int] = {}

    async def run(self, panel: Path) -> None:
        """Play for ever; when the guard is away its pins are low, and the world waits for it."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(panel))
            except OSError:
                self._play()
                await asyncio.sleep(TICK_S)
                continue
            self._driven = {}
            for door in self.doors.values():
                door.contact.forget()
            reading = asyncio.create_task(self._read(reader))
            try:
                while not reading.done():
                    self._play()
                    self._drive(writer)
                    await asyncio.wait([reading], timeout=TICK_S)
            finally:
                reading.cancel()
                writer.close()
                self._relays = {}

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._relays = {int(pin): level for pin, level in json.loads(line)["levels"].items()}
                self._play()
        except OSError:
            return

    def _play(self) -> None:
        """Let time pass at every lock and leaf."""
        by_wire = {
            door for name, wire in self._wires.inputs.items() if self.active[name] for door in wire.releases
        }
        for name, wire in self._wires.doors.items():
            self.doors[name].set_level(self._relays.get(wire.line, 0) or int(name in by_wire), _now_ms())
            self.doors[name].advance(_now_ms())

    def _drive(self, writer: asyncio.StreamWriter) -> None:
        """Put on the pins what contacts and inputs say anew."""
        for name, wire in self._wires.doors.items():
            said = self.doors[name].contact.take_due(_now_ms())
            if wire.contact_line is not None:
                for is_open in said:
                    _send(writer, wire.contact_line, wire.open_level if is_open else 1 - wire.open_level)
        for name, heard in self._wires.inputs.items():
            level = heard.active_level if self.active[name] else 1 - heard.active_level
            if self._driven.get(heard.line) != level:
                self._driven[heard.line] = level
                _send(writer, heard.line, level)

    def control(self) -> web.Application:
        """The hand of whoever plays with the doors."""
        app = web.Application()
        app.router.add_get("/doors", self._list)
        app.router.add_post("/doors/{door}", self._change)
        app.router.add_get("/inputs", self._list_inputs)
        app.router.add_post("/inputs/{input}", self._change_input)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({name: self._describe(name) for name in self.doors})

    async def _change(self, request: web.Request) -> web.Response:
        door = self.doors.get(request.match_info["door"])
        if door is None:
            raise web.HTTPNotFound
        wanted = await _read_object(request)
        switches = {name: value for name, value in wanted.items() if name not in ("push", "late_ms")}
        if not all(isinstance(value, bool) for value in switches.values()):
            raise web.HTTPBadRequest
        late_ms = wanted.get("late_ms", door.contact.late_ms)
        if type(late_ms) is not int or not 0 <= late_ms <= LATEST_MS:
            raise web.HTTPBadRequest
        door.contact.late_ms = late_ms
        for name in LEAF_SWITCHES:
            setattr(door, name, switches.get(name, getattr(door, name)))
        for name in CONTACT_SWITCHES:
            setattr(door.contact, name, switches.get(name, getattr(door.contact, name)))
        push = wanted.get("push")
        moved = push in ("open", "closed") and door.push(push == "open", _now_ms())
        return web.json_response(self._describe(request.match_info["door"]) | {"moved": moved})

    async def _list_inputs(self, _: web.Request) -> web.Response:
        return web.json_response({name: self._describe_input(name) for name in self.active})

    async def _change_input(self, request: web.Request) -> web.Response:
        name = request.match_info["input"]
        if name not in self.active:
            raise web.HTTPNotFound
        active = (await _read_object(request)).get("active")
        if not isinstance(active, bool):
            raise web.HTTPBadRequest
        self.active[name] = active
        return web.json_response(self._describe_input(name))

    def _describe(self, name: str) -> dict[str, object]:
        door = self.doors[name]
        return {
            "released": bool(door.level),
            "relay": bool(self._relays.get(self._wires.doors[name].line, 0)),
            "open": door.is_open,
            **{switch: getattr(door, switch) for switch in LEAF_SWITCHES},
            **{switch: getattr(door.contact, switch) for switch in CONTACT_SWITCHES},
            "late_ms": door.contact.late_ms,
        }

    def _describe_input(self, name: str) -> dict[str, object]:
        return {"kind": self._wires.inputs[name].kind, "active": self.active[name]}


def _send(writer: asyncio.StreamWriter, line: int, level: int) -> None:
    writer.write(json.dumps({"line": line, "level": level}).encode() + b"\n")


async def _read_object(request: web.Request) -> dict[str, Any]:
    try:
        wanted = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest from error
    if not isinstance(wanted, dict):
        raise web.HTTPBadRequest
    return wanted


async def serve_unix(app: web.Application, path: Path) -> web.AppRunner:
    """Serve an application on a Unix socket."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.UnixSite(runner, str(free_socket(path))).start()
    return runner


def free_socket(path: Path) -> Path:
    """Make way for a socket: its folder exists, and nothing that a dead process left is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


async def play(playing: Coroutine[None, None, None], app: web.Application, control: Path) -> None:
    """Run a simulator with its control socket until SIGTERM or SIGINT."""
    runner = await serve_unix(app, control)
    task = asyncio.create_task(playing)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        await runner.cleanup()


async def _main(options: argparse.Namespace) -> None:
    world = DoorWorld(read_wires(options.config), pull_ms=options.pull_ms, shut_ms=options.shut_ms)
    await play(world.run(options.panel), world.control(), options.control)


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.doors", description=__doc__)
    parser.add_argument("--panel", type=Path, required=True, help="the guard's panel socket")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the hand that plays")
    parser.add_argument("--config", type=Path, required=True, help="site.toml with the lines")
    parser.add_argument("--pull-ms", type=int, default=600, help="from release until somebody pulls")
    parser.add_argument("--shut-ms", type=int, default=3000, help="from open until it has fallen shut")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
