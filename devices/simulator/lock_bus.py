"""`python -m devices.simulator.lock_bus`: 8A lock boards on pseudo-terminals, and the person before them.

For every `port` of the `[[bank]]` sections of driver `8a` a link to a pseudo-terminal is made at that path.
Control: HTTP on a Unix socket. `GET /cells`; `POST /cells/{cell}` with any of `{"open", "jammed", "stuck",
"never_closed"}` (booleans) and `{"swapped_with": lock}`; `GET /boards`; `POST /boards/{bank}` with any fault
of `lock_boards.BoardFaults` and `{"open_level": "00" | "11"}`; `POST /bus` with `{"unplugged": bool}` and
`{"auto_close": bool}`.
"""

import argparse
import asyncio
import os
import random
import time
import tomllib
import tty
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from devices.settings import BankSettings
from devices.simulator.doors import play
from devices.simulator.lock_boards import Lock, LockBoard, LockWire

TICK_S = 0.02
READ_BYTES = 4096
CELL_SWITCHES = ("jammed", "stuck", "never_closed")


class Terminal:
    """A pseudo-terminal under a path of its own; unplugged, the path is gone and readers see the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handles: tuple[int, int] | None = None
        self.wire: LockWire | None = None

    def plug(self) -> None:
        """Make the terminal and its path."""
        if self._handles is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._handles = master, slave
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._path.symlink_to(os.ttyname(slave))
        asyncio.get_running_loop().add_reader(master, self._take, master)

    def unplug(self) -> None:
        """Take both away."""
        if self._handles is None:
            return
        asyncio.get_running_loop().remove_reader(self._handles[0])
        self._path.unlink(missing_ok=True)
        for handle in self._handles:
            os.close(handle)
        self._handles = None

    def send(self, data: bytes, after_ms: int) -> None:
        """Put bytes on the wire, now or later."""
        if after_ms:
            asyncio.get_running_loop().call_later(after_ms / 1000, self.send, data, 0)
        elif self._handles is not None:
            os.write(self._handles[0], data)

    def _take(self, master: int) -> None:
        data = os.read(master, READ_BYTES)
        if self.wire is not None:
            self.wire.take(data)


class LockBusProcess:
    """Every bus of a site's file."""

    def __init__(self, banks: list[BankSettings], *, auto_close_s: float, auto_close: bool) -> None:
        self._auto_close_ms = round(auto_close_s * 1000)
        self._auto_close = auto_close
        self._places: dict[str, tuple[LockWire, LockBoard, int]] = {}
        self.boards: dict[str, LockBoard] = {}
        self.terminals: list[Terminal] = []
        for path in dict.fromkeys(bank.port for bank in banks):
            self._build(path, [bank for bank in banks if bank.port == path])

    def _build(self, path: str, banks: list[BankSettings]) -> None:
        terminal = Terminal(Path(path))
        by_number: dict[int, LockBoard] = {}
        for bank in banks:
            assert bank.board is not None, "an 8a bank has a board"
            board = by_number.setdefault(bank.board, LockBoard(bank.board, {}))
            board.locks.update({number: Lock() for number in bank.lock_numbers().values()})
            self.boards[bank.id] = board
        terminal.wire = LockWire(
            list(by_number.values()),
            send=terminal.send,
            now_ms=_now_ms,
            chance=random.Random(path),  # noqa: S311 - noise on a wire is no secret
        )
        for bank in banks:
            for cell, number in bank.lock_numbers().items():
                self._places[cell] = (terminal.wire, self.boards[bank.id], number)
        self.terminals.append(terminal)

    async def run(self) -> None:
        """Play for ever."""
        for terminal in self.terminals:
            terminal.plug()
        try:
            while True:
                await asyncio.sleep(TICK_S)
                if self._auto_close:
                    for terminal in self.terminals:
                        assert terminal.wire is not None
                        terminal.wire.advance(self._auto_close_ms)
        finally:
            for terminal in self.terminals:
                terminal.unplug()

    def control(self) -> web.Application:
        """The hand of whoever plays with the cells."""
        app = web.Application()
        app.router.add_get("/cells", self._list)
        app.router.add_post("/cells/{cell}", self._change_cell)
        app.router.add_get("/boards", self._list_boards)
        app.router.add_post("/boards/{bank}", self._change_board)
        app.router.add_post("/bus", self._change_bus)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(
            {cell: _describe(board.locks[number]) for cell, (_, board, number) in self._places.items()}
        )

    async def _change_cell(self, request: web.Request) -> web.Response:
        found = self._places.get(request.match_info["cell"])
        if found is None:
            raise web.HTTPNotFound
        wire, board, number = found
        wanted = await _object(request)
        lock = board.locks[number]
        for switch in CELL_SWITCHES:
            setattr(lock, switch, bool(wanted.get(switch, getattr(lock, switch))))
        if wanted.get("swapped_with", 0) in (0, *board.locks):
            lock.swapped_with = wanted.get("swapped_with", lock.swapped_with)
        if "open" in wanted:
            wire.move(board, number, bool(wanted["open"]))
        return web.json_response(_describe(lock))

    async def _list_boards(self, _: web.Request) -> web.Response:
        return web.json_response({bank: _describe_board(board) for bank, board in self.boards.items()})

    async def _change_board(self, request: web.Request) -> web.Response:
        board = self.boards.get(request.match_info["bank"])
        if board is None:
            raise web.HTTPNotFound
        wanted = await _object(request)
        board.open_level = int(wanted.pop("open_level", f"{board.open_level:02x}"), 16)
        try:
            board.faults.set(wanted)
        except KeyError as error:
            raise web.HTTPBadRequest from error
        return web.json_response(_describe_board(board))

    async def _change_bus(self, request: web.Request) -> web.Response:
        wanted = await _object(request)
        self._auto_close = bool(wanted.get("auto_close", self._auto_close))
        if "unplugged" in wanted:
            for terminal in self.terminals:
                (terminal.unplug if wanted["unplugged"] else terminal.plug)()
        return web.json_response({"auto_close": self._auto_close})


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise web.HTTPBadRequest from error


def _describe(lock: Lock) -> dict[str, object]:
    return {
        "open": lock.is_open,
        "jammed": lock.jammed,
        "stuck": lock.stuck,
        "never_closed": lock.never_closed,
        "openings": lock.openings,
    }


def _describe_board(board: LockBoard) -> dict[str, object]:
    return {
        "number": board.number,
        "open_level": f"{board.open_level:02x}",
        "opened_all": board.opened_all,
        **vars(board.faults),
    }


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def read_banks(site_toml: Path) -> list[BankSettings]:
    """The `[[bank]]` sections of driver `8a`."""
    found = tomllib.loads(site_toml.read_text("utf-8")).get("bank", [])
    return msgspec.convert([bank for bank in found if bank.get("driver") == "8a"], list[BankSettings])


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.lock_bus", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="site.toml with [[bank]] of driver 8a")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the hand that plays")
    parser.add_argument("--auto-close-s", type=float, default=6.0, help="the person's time at a cell")
    parser.add_argument("--by-hand", action="store_true", help="nobody closes cells but the control socket")
    options = parser.parse_args()
    process = LockBusProcess(
        read_banks(options.config), auto_close_s=options.auto_close_s, auto_close=not options.by_hand
    )
    asyncio.run(play(process.run(), process.control(), options.control))


if __name__ == "__main__":
    main()
