"""`python -m devices.simulator.lockers`: a locker board on the site's broker, and the person before it.

Control: HTTP on a Unix socket. `GET /cells`; `POST /cells/{cell}` with any of `{"open": bool, "jammed": bool,
"never_closed": bool, "silent": bool}`; `POST /board` with any of `{"answers": bool, "lying": bool,
"auto_close": bool}`.
"""

import argparse
import asyncio
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from devices.simulator.doors import play
from devices.simulator.locker_board import Board, Cell
from edge.links.broker import BrokerMessage, BrokerOffline, BrokerSession, Will
from edge.links.supervisor import Role, Supervisor

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
        roles = (Role("session", self.session.run), Role("send", self._send), Role("live", self._live))
        await Supervisor(roles).run()

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
        wanted = await _switches(request, ("answers", "lying", "auto_close"))
        self.board.answers = wanted.get("answers", self.board.answers)
        self.board.lying = wanted.get("lying", self.board.lying)
        self.board.auto_close = wanted.get("auto_close", self.board.auto_close)
        return web.json_response(
            {
                "answers": self.board.answers,
                "lying": self.board.lying,
                "auto_close": self.board.auto_close,
                "nonce": self.board.nonce,
            }
        )


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


class BoardConfig(NamedTuple):
    """What a board reads of the site's file: its cells, and where the site's broker is."""

    cells: tuple[str, ...]
    host: str
    port: int


def read_config(site_toml: Path, device: str) -> BoardConfig:
    """Read the `[[bank]]` sections of a board and the `[broker]` section."""
    site = tomllib.loads(site_toml.read_text("utf-8"))
    cells = tuple(
        entry.partition(":")[0]
        for bank in site.get("bank", [])
        if bank["device"] == device
        for column in bank["columns"]
        for entry in column
        if entry != "panel"
    )
    return BoardConfig(cells, site["broker"]["host"], site["broker"]["port"])


async def _main(options: argparse.Namespace) -> None:
    password = options.password_file.read_text("utf-8").strip() if options.password_file else None
    config = read_config(options.config, options.device)
    process = LockerProcess(
        device=options.device,
        cells=config.cells,
        auto_close_s=options.auto_close_s,
        host=config.host,
        port=config.port,
        username=options.device if password else None,
        password=password,
    )
    process.board.auto_close = not options.by_hand
    await play(process.run(), process.control(), options.control)


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.lockers", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="site.toml: [[bank]] and [broker]")
    parser.add_argument("--device", required=True, help="the board's name, also its account at the broker")
    parser.add_argument("--password-file", type=Path, help="none: an anonymous broker")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the hand that plays")
    parser.add_argument("--auto-close-s", type=float, default=6.0, help="the person's time at a cell")
    parser.add_argument("--by-hand", action="store_true", help="nobody closes cells but the control socket")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
