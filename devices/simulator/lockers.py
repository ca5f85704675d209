"""`python -m devices.simulator.lockers`: a locker board on the site's broker, and the person before it.

Control: HTTP on a Unix socket. `GET /cells`; `POST /cells/{cell}` with any of `{"open": bool, "jammed": bool,
"never_closed": bool, "silent": bool}`; `POST /board` with any of `{"answers": bool, "lying": bool,
"auto_close_s": number}`.
"""

import argparse
import asyncio
import time
import tomllib
from pathlib import Path

from aiohttp import web

from devices.simulator.doors import cancel_on_signal, serve_unix
from devices.simulator.locker_board import Board, Cell
from edge.links.broker import BrokerMessage, BrokerOffline, BrokerSession, Will

TICK_S = 0.02
OUTBOX_LIMIT = 1000


class LockerProcess:
    """The board, its broker session and its control socket."""

    def __init__(
        self,
        *,
        device: str,
        cells: tuple[str, ...],
        auto_close_s: float,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
    ) -> None:
        self._device = device
        self._outbox: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue(OUTBOX_LIMIT)
        self.board = Board(
            cells,
            lambda leaf, payload, retained: self._outbox.put_nowait((leaf, payload, retained)),
            lambda: time.monotonic_ns() // 1_000_000,
            auto_close_s,
        )
        self.session = BrokerSession(
            host=host,
            port=port,
            username=username,
            password=password,
            client_id=device,
            subscriptions=[f"d/{device}/cmd"],
            on_message=self._take,
            on_ready=self._ready,
            will=Will(f"d/{device}/up", b"0"),
        )

    async def run(self) -> None:
        """Play for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.session.run())
            group.create_task(self._send())
            group.create_task(self._live())

    async def _ready(self) -> None:
        while not self._outbox.empty():
            self._outbox.get_nowait()
        self.board.begin_session()
        await self.session.publish(f"d/{self._device}/up", b"1", retain=True)

    async def _take(self, message: BrokerMessage) -> None:
        self.board.obey(message.payload, retained=message.retained)

    async def _send(self) -> None:
        while True:
            leaf, payload, retained = await self._outbox.get()
            try:
                await self.session.publish(f"d/{self._device}/{leaf}", payload, retain=retained)
            except BrokerOffline:
                continue  # the next session begins with the whole state

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.board.advance()

    def control(self) -> web.Application:
        """The hand of whoever plays with the cells."""
        app = web.Application()
        app.router.add_get("/cells", self._list)
        app.router.add_post("/cells/{cell}", self._change_cell)
        app.router.add_post("/board", self._change_board)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({name: _describe(cell) for name, cell in self.board.cells.items()})

    async def _change_cell(self, request: web.Request) -> web.Response:
        name = request.match_info["cell"]
        cell = self.board.cells.get(name)
        if cell is None:
            raise web.HTTPNotFound
        wanted = await _switches(request, ("open", "jammed", "never_closed", "silent"))
        for switch in ("jammed", "never_closed", "silent"):
            setattr(cell, switch, wanted.get(switch, getattr(cell, switch)))
        if "open" in wanted:
            self.board.set_open(name, wanted["open"])
        return web.json_response(_describe(cell))

    async def _change_board(self, request: web.Request) -> web.Response:
        body = await request.json()
        auto_close_s = body.pop("auto_close_s", self.board.auto_close_s) if isinstance(body, dict) else 0.0
        wanted = await _switches(request, ("answers", "lying"))
        self.board.answers = wanted.get("answers", self.board.answers)
        self.board.lying = wanted.get("lying", self.board.lying)
        self.board.auto_close_s = float(auto_close_s)
        return web.json_response({"answers": self.board.answers, "lying": self.board.lying})


async def _switches(request: web.Request, names: tuple[str, ...]) -> dict[str, bool]:
    try:
        body = await request.json()
        wanted = {name: body[name] for name in names if name in body}
    except (ValueError, TypeError) as error:
        raise web.HTTPBadRequest from error
    if not all(isinstance(value, bool) for value in wanted.values()):
        raise web.HTTPBadRequest
    return wanted


def _describe(cell: Cell) -> dict[str, object]:
    return {"open": cell.is_open, "jammed": cell.jammed, "openings": cell.openings}


def read_cells(site_toml: Path, device: str) -> tuple[str, ...]:
    """Cells of the bank that this board drives, from the `[[bank]]` sections."""
    banks = tomllib.loads(site_toml.read_text("utf-8")).get("bank", [])
    return tuple(
        entry.partition(":")[0]
        for bank in banks
        if bank["device"] == device
        for column in bank["columns"]
        for entry in column
        if entry != "panel"
    )


async def _main(options: argparse.Namespace) -> None:
    password = options.password_file.read_text("utf-8").strip() if options.password_file else None
    process = LockerProcess(
        device=options.device,
        cells=read_cells(options.config, options.device),
        auto_close_s=options.auto_close_s,
        host=options.host,
        port=options.port,
        username=options.device if password else None,
        password=password,
    )
    runner = await serve_unix(process.control(), options.control)
    playing = asyncio.create_task(process.run())
    cancel_on_signal(playing)
    try:
        await playing
    except asyncio.CancelledError:
        await runner.cleanup()


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.lockers", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="site.toml with the [[bank]] sections")
    parser.add_argument("--device", required=True, help="the board's name, also its account at the broker")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", type=Path, help="none: an anonymous broker")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the hand that plays")
    parser.add_argument("--auto-close-s", type=float, default=6.0, help="the person's time; 0 = by hand")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
