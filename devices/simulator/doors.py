"""`python -m devices.simulator.doors`: doors that see the guard's output pins and drive its contact pins.

Control: HTTP on a Unix socket. `GET /doors`; `POST /doors/{id}` with any of
`{"jammed": bool, "deserted": bool, "cut": bool, "push": "open"|"closed"}`.
"""

import argparse
import asyncio
import json
import signal
import time
import tomllib
from collections.abc import Coroutine
from pathlib import Path

from aiohttp import web

from devices.simulator.door_model import DoorModel

TICK_S = 0.02


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class DoorWorld:
    """All doors of a site, joined to the guard's panel."""

    def __init__(self, wires: dict[str, tuple[int, int | None]], *, pull_ms: int, shut_ms: int) -> None:
        self.doors = {door: DoorModel(pull_ms=pull_ms, shut_ms=shut_ms) for door in wires}
        self._wires = wires
        self._driven: dict[int, int] = {}

    async def run(self, panel: Path) -> None:
        """Play for ever; when the guard is away its pins are low, and the world waits for it."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(panel))
            except OSError:
                await asyncio.sleep(0.1)
                continue
            self._driven = {}
            reading = asyncio.create_task(self._read(reader))
            try:
                while not reading.done():
                    self._advance(writer)
                    await asyncio.wait([reading], timeout=TICK_S)
            finally:
                reading.cancel()
                writer.close()
                for door in self.doors.values():
                    door.set_level(0, _now_ms())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                levels = {int(pin): level for pin, level in json.loads(line)["levels"].items()}
                for name, (pin, _) in self._wires.items():
                    self.doors[name].set_level(levels.get(pin, 0), _now_ms())
        except OSError:
            return

    def _advance(self, writer: asyncio.StreamWriter) -> None:
        for name, (_, contact) in self._wires.items():
            door = self.doors[name]
            door.advance(_now_ms())
            if contact is not None and self._driven.get(contact) != door.contact_level:
                self._driven[contact] = door.contact_level
                line = {"line": contact, "level": door.contact_level}
                writer.write(json.dumps(line).encode() + b"\n")

    def control(self) -> web.Application:
        """The hand of whoever plays with the doors."""
        app = web.Application()
        app.router.add_get("/doors", self._list)
        app.router.add_post("/doors/{door}", self._change)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({name: _describe(door) for name, door in self.doors.items()})

    async def _change(self, request: web.Request) -> web.Response:
        door = self.doors.get(request.match_info["door"])
        if door is None:
            raise web.HTTPNotFound
        try:
            wanted = await request.json()
            switches = {name: wanted[name] for name in ("jammed", "deserted", "cut") if name in wanted}
            push = wanted.get("push")
        except (ValueError, TypeError, AttributeError) as error:
            raise web.HTTPBadRequest from error
        if not all(isinstance(value, bool) for value in switches.values()):
            raise web.HTTPBadRequest
        for name, value in switches.items():
            setattr(door, name, value)
        moved = push in ("open", "closed") and door.push(push == "open", _now_ms())
        return web.json_response(_describe(door) | {"moved": moved})


def _describe(door: DoorModel) -> dict[str, object]:
    return {
        "released": bool(door.level),
        "open": door.is_open,
        "jammed": door.jammed,
        "deserted": door.deserted,
        "cut": door.cut,
    }


def read_wires(site_toml: Path) -> dict[str, tuple[int, int | None]]:
    """Each door's output and contact pin, from the `[[door]]` sections."""
    doors = tomllib.loads(site_toml.read_text("utf-8")).get("door", [])
    return {door["id"]: (door["line"], door.get("contact_line")) for door in doors}


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
    parser.add_argument("--config", type=Path, required=True, help="site.toml with the [[door]] sections")
    parser.add_argument("--pull-ms", type=int, default=600, help="from release until somebody pulls")
    parser.add_argument("--shut-ms", type=int, default=3000, help="from open until it has fallen shut")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
