"""Worlds whose hub is told a wrong wall clock by libfaketime; its boot-time clock stays true.

Only the site's machine is lied to: hub, guard, cameras, doors and lockers. The platform keeps true time.
"""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
import pytest
from aiohttp import web

from edge.demo.layout import Layout
from edge.demo.platform_file import write_platform
from edge.demo.processes import Processes
from edge.demo.stage.switches.lies import library, lie
from edge.demo.world import World
from edge.site import DATABASE
from edge.store.facts import get_fact, put_fact
from edge.trust.clock import ClockState

OF_THE_SITE = ("hub", "guard", "doors", "lockers", "camera", "vision")
BUILDING_READER = """
[[reader]]
id = "building-reader"
source = "http://127.0.0.1:{camera}/gate.mjpg?door=building-3"
serves = "door:building-3"
"""
"""The same camera serves both doors: what is held before it is shown to the gate and to the building."""


class LiedTo(Processes):
    """Starts the site's processes under a lie."""

    lies: Mapping[str, str]

    def start(
        self, name: str, argv: list[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Start one process; the platform and the brokers are left alone."""
        if name in OF_THE_SITE:
            env = {**(env or os.environ), **self.lies}
        super().start(name, argv, cwd=cwd, env=env)


class LyingWorld(World):
    """A demo world with a wrong wall clock; `listener` files join the platform's configuration,
    `building_reader` the site's."""

    def __init__(
        self,
        layout: Layout,
        offset: str,
        *,
        platform_url: str | None = None,
        listener: Mapping[str, Path] | None = None,
        building_reader: bool = False,
    ) -> None:
        super().__init__(layout, platform_url=platform_url)
        self.processes = LiedTo(layout.logs)
        found = library()
        if found is None:
            pytest.skip("libfaketime is not installed: make setup")
        self.processes.lies = lie(offset, found)
        self._listener = listener
        self._building_reader = building_reader

    def prepare(self) -> None:
        """As ever, then the additions to `site.toml`."""
        super().prepare()
        write_platform(self.layout, self._listener)
        text = self.layout.site_toml.read_text("utf-8")
        if self._building_reader:
            text += BUILDING_READER.format(camera=self.layout.ports.camera)
        self.layout.site_toml.write_text(text, "utf-8")


def forget_the_boot(layout: Layout) -> int:
    """Make the kept clock that of another boot, as after a power cut; returns its floor. No hub may run."""
    with closing(sqlite3.connect(layout.site / DATABASE)) as connection, connection:
        kept = get_fact(connection, "clock")
        assert isinstance(kept, bytes), "the hub never knew the time"
        state = msgspec.structs.replace(msgspec.json.decode(kept, type=ClockState), boot_id="another-boot")
        put_fact(connection, "clock", msgspec.json.encode(state))
    return state.floor_ms


class TimelessGate:
    """An HTTP gate before the platform that passes everything on, except questions for the time when shut."""

    def __init__(self, target_port: int) -> None:
        self._target = f"http://127.0.0.1:{target_port}"
        self.shut = False
        self.asked = 0
        self.url = ""

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        await self._http.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/time"):
            self.asked += 1
            if self.shut:
                return web.Response(status=503)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with self._http.request(
            request.method, self._target + request.path_qs, headers=headers, data=await request.read()
        ) as answer:
            kept = {"Content-Type": answer.headers.get("Content-Type", "application/json")}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for part in answer.content.iter_any():
                await response.write(part)
            await response.write_eof()
            return response
