"""A remote relay board without its protocol: channels that time pulses, doors behind them, a trace."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from aiohttp import web

from devices.simulator.door_model import DoorModel

TICK_S = 0.01


def now_ms() -> int:
    """Milliseconds of the boot clock, which never jumps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class RelayBoard:
    """Relays by channel. `on_moved(channel, state)` tells what each door's contact says.

    `answers` false: commands are obeyed, nothing is said. `garbled`: what is said is in another format.
    `sticky`: a relay that stays on after its pulse. The trace has one line an edge, as the guard's has.
    """

    def __init__(
        self,
        channels: Iterable[str],
        *,
        trace_file: Path | None = None,
        on_moved: Callable[[str, str], None] = lambda channel, state: None,
    ) -> None:
        self.doors = {channel: DoorModel(pull_ms=150, shut_ms=400) for channel in channels}
        self.answers = True
        self.garbled = False
        self.sticky = False
        self.on_moved = on_moved
        self._ends_ms: dict[str, int | None] = {}
        self._said = dict.fromkeys(self.doors, "")
        self._trace: TextIO | None = trace_file.open("a", buffering=1) if trace_file else None

    def pulse(self, channel: str, pulse_ms: int, cause: str) -> None:
        """Switch on, and off again after `pulse_ms`; a relay that is on stays on until then."""
        self._switch(channel, True, cause)
        self._ends_ms[channel] = now_ms() + pulse_ms

    def hold(self, channel: str, cause: str) -> None:
        """Switch on until told otherwise."""
        self._switch(channel, True, cause)
        self._ends_ms[channel] = None

    def off(self, channel: str, cause: str) -> None:
        """Switch off."""
        self._ends_ms.pop(channel, None)
        self._switch(channel, False, cause)

    def all_off(self, cause: str) -> None:
        """Switch everything off."""
        for channel in self.doors:
            self.off(channel, cause)

    def is_on(self, channel: str) -> bool:
        """Whether the relay is on."""
        return bool(self.doors[channel].level)

    def contact(self, channel: str) -> str:
        """What the door's contact says."""
        return "open" if self.doors[channel].contact.says_open else "closed"

    async def live(self) -> None:
        """Let time pass; never returns."""
        while True:
            self.advance()
            await asyncio.sleep(TICK_S)

    def advance(self) -> None:
        """End what has run its time, let doors move, tell what moved."""
        at_ms = now_ms()
        for channel, ends_ms in tuple(self._ends_ms.items()):
            if ends_ms is not None and at_ms >= ends_ms and not self.sticky:
                self.off(channel, "pulse-end")
        for channel, door in self.doors.items():
            door.advance(at_ms)
            door.contact.take_due(at_ms)
            if self._said[channel] != (state := self.contact(channel)):
                self._said[channel] = state
                self.on_moved(channel, state)

    def control(self) -> web.Application:
        """The hand that plays: `GET /`, `POST /doors/{channel}`, `POST /board`."""
        app = web.Application()
        app.router.add_get("/", self._show)
        app.router.add_post("/doors/{channel}", self._change_door)
        app.router.add_post("/board", self._change_board)
        return app

    def _switch(self, channel: str, on: bool, cause: str) -> None:
        door = self.doors[channel]
        if bool(door.level) == on:
            return
        door.set_level(int(on), now_ms())
        if self._trace is not None:
            entry = {"at_boot_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME), "channel": channel}
            self._trace.write(json.dumps({**entry, "level": int(on), "id": cause}) + "\n")

    async def _show(self, _: web.Request) -> web.Response:
        return web.json_response(
            {channel: {"on": self.is_on(channel), "contact": self.contact(channel)} for channel in self.doors}
        )

    async def _change_door(self, request: web.Request) -> web.Response:
        door = self.doors.get(request.match_info["channel"])
        if door is None:
            raise web.HTTPNotFound
        for name, on in (await _read_switches(request, ("jammed", "deserted", "cut"))).items():
            setattr(door.contact if name == "cut" else door, name, on)
        return web.json_response({"open": door.is_open})

    async def _change_board(self, request: web.Request) -> web.Response:
        for name, on in (await _read_switches(request, ("answers", "garbled", "sticky"))).items():
            setattr(self, name, on)
        return web.json_response({})


async def _read_switches(request: web.Request, names: tuple[str, ...]) -> dict[str, bool]:
    try:
        body = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest from error
    if not isinstance(body, dict) or not all(
        name in names and isinstance(value, bool) for name, value in body.items()
    ):
        raise web.HTTPBadRequest
    return body
