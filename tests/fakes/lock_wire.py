"""Lock boards on a wire in the test's own loop, and the hub's driver at its other end."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator

from devices.serial.banks import SerialBanks
from devices.serial.bus import Timing
from devices.settings import BankSettings
from devices.simulator.lock_boards import Lock, LockBoard, LockWire
from edge.access.contacts import ContactState
from edge.errors import DeviceOffline
from edge.links.cancelling import end_task
from edge.links.findings import Findings

COLUMNS = (("A01:s", "A02:s"), ("panel", "B01:m"))
BANK = BankSettings(id="bank-a", device="board-1", driver="8a", port="/dev/bus", board=1, columns=COLUMNS)
OTHER = BankSettings(
    id="bank-b", device="board-2", driver="8a", port="/dev/bus", board=2, columns=(("C01:l", "C02:l"),)
)
QUICK = Timing(answer_s=1.0, pause_s=0.001, open_within_s=5.0, probe_s=0.05, watch_s=5.0, reopen_s=0.02)
IMPATIENT = QUICK._replace(answer_s=0.04)
"""For boards that say nothing: a machine under load may make others silent for a moment, too."""


class SocketPort:
    """One end of a pair of sockets in place of a port."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        return self._end.fileno()

    def read(self) -> bytes:
        try:
            data = self._end.recv(4096)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise DeviceOffline("unplugged") from error
        if not data:
            raise DeviceOffline("unplugged")
        return data

    def write(self, data: bytes) -> None:
        try:
            self._end.send(data)
        except OSError as error:
            raise DeviceOffline("unplugged") from error

    def close(self) -> None:
        self._end.close()


class LockStand:
    """Two boards on one wire, a driver that talks to them, and everything that was said."""

    def __init__(self, *, open_level: int = 0x11, seed: int = 0, timing: Timing = QUICK) -> None:
        self.findings = Findings(now_ms=lambda: 0)
        self.reports: list[tuple[str, str]] = []
        self.plugged = True
        self._chance = random.Random(seed)
        self._far: socket.socket | None = None
        self.wire = LockWire(
            [
                LockBoard(1, {1: Lock(), 2: Lock(), 3: Lock()}, open_level=open_level),
                LockBoard(2, {1: Lock(), 2: Lock()}, open_level=open_level),
            ],
            send=self._send,
            now_ms=lambda: 0,
            chance=self._chance,
        )
        self.board = self.wire.boards[1]
        self.banks = SerialBanks(
            [BANK, OTHER],
            on_cell=self._note,
            findings=self.findings,
            open_port=lambda _: self._open(),
            timing=timing,
        )

    def last(self, cell: str) -> ContactState:
        """What the driver said of a cell last."""
        said = [state for name, state in self.reports if name == cell]
        return ContactState(said[-1]) if said else ContactState.UNKNOWN

    def found(self) -> set[tuple[str, str]]:
        """What is wrong now."""
        return {(each.device, each.code) for each in self.findings.all()}

    def openings(self) -> dict[str, int]:
        """How often each door of the first bank opened."""
        return {cell: self.board.locks[number].openings for cell, number in BANK.lock_numbers().items()}

    def unplug(self) -> None:
        """Pull the adapter out."""
        self.plugged = False
        if self._far is not None:
            asyncio.get_running_loop().remove_reader(self._far)
            self._far.close()
            self._far = None

    def _open(self) -> SocketPort:
        if not self.plugged:
            raise DeviceOffline("no such port")
        near, far = socket.socketpair()
        for end in (near, far):
            end.setblocking(False)
        self._far = far
        self._loop.call_soon_threadsafe(self._loop.add_reader, far, self._hear, far)
        return SocketPort(near)

    def _hear(self, far: socket.socket) -> None:
        try:
            data = far.recv(4096)
        except OSError:
            data = b""
        if data:
            self.wire.take(data)
        else:
            self._loop.remove_reader(far)

    def _send(self, data: bytes, after_ms: int) -> None:
        self._loop.call_later(after_ms / 1000, self._put, data)

    def _put(self, data: bytes) -> None:
        if self._far is not None:
            with contextlib.suppress(OSError):
                self._far.send(data)

    def _note(self, bank: str, cell: str, state: ContactState) -> None:
        self.reports.append((cell, state.value))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The driver's role."""
        self._loop = asyncio.get_running_loop()
        role = asyncio.create_task(self.banks.run())
        try:
            yield
        finally:
            await end_task(role)
            self.unplug()
