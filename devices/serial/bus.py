"""One RS-485 bus of lock boards and the one worker that talks on it: a question at a time, openings first."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from devices.serial.frames import (
    FRAME_BYTES,
    OPEN_HEAD,
    QUERY_HEAD,
    REPORT_HEAD,
    FrameReader,
    LockAddress,
    open_frame,
    query_frame,
)
from devices.serial.port import Port
from edge.access.errors import NotMoved
from edge.errors import DeviceError, DeviceOffline
from edge.links.backoff import Backoff
from edge.links.findings import Findings

log = logging.getLogger(__name__)


class Timing(NamedTuple):
    """Seconds and counts of a bus. A frame takes 5.2 ms at 9600 baud; boards answer within 0.2 s."""

    answer_s: float = 0.25
    pause_s: float = 0.02
    open_within_s: float = 2.0
    probe_s: float = 1.0
    watch_s: float = 120.0
    reopen_s: float = 0.25
    tries: int = 2
    misses: int = 3


class _Opening:
    """One opening that waits for its turn; whoever gives up waiting takes the answer away in that moment."""

    def __init__(self, at: LockAddress) -> None:
        self.at = at
        self.sent = False
        self.answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()


class LockBus:
    """Keeps the port open, asks lock after lock, and opens when asked.

    `on_level(lock, level)` is told every reading, `00` or `11`, and None when nothing is known any more.
    A question is repeated; an opening never is: it is written once, and what becomes of it the contact says.
    """

    def __init__(
        self,
        *,
        name: str,
        open_port: Callable[[], Port],
        locks: Iterable[LockAddress],
        on_level: Callable[[LockAddress, str | None], None],
        findings: Findings,
        timing: Timing | None = None,
    ) -> None:
        self.name = name
        self._open_port = open_port
        self._locks = tuple(sorted(locks))
        self._on_level = on_level
        self._findings = findings
        self._timing = timing or Timing()
        self._backoff = Backoff(first_s=self._timing.reopen_s, limit_s=8 * self._timing.reopen_s)
        self._port: Port | None = None
        self._frames = FrameReader()
        self._expected: tuple[int, LockAddress, asyncio.Future[str]] | None = None
        self._openings: deque[_Opening] = deque()
        self._turns: deque[LockAddress] = deque(self._locks)
        self._watched: dict[LockAddress, float] = {}
        self._at_watched = False
        self._noise_told = 0
        self._misses = dict.fromkeys((at.board for at in self._locks), 0)
        self._answered: set[int] = set()
        self._probe_from: dict[int, float] = {}
        self._work = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    def answers(self, board: int) -> bool | None:
        """Whether a board answers; None while the port is away."""
        return board in self._answered if self.connected else None

    async def run(self) -> None:
        """Keep the port open for ever."""
        while True:
            try:
                await self._serve(await asyncio.to_thread(self._open_port))
            except DeviceError as error:
                if self._findings.report(f"bus:{self.name}", "bus_lost", str(error)):
                    log.warning("bus %s: %s", self.name, error)
            await asyncio.sleep(self._backoff.next_s())

    async def open_lock(self, at: LockAddress) -> None:
        """Write one opening; return when the board has answered it.

        Raises NotMoved when certainly nothing was written, DeviceOffline when nobody can tell.
        """
        if not self.connected:
            raise NotMoved("bus_lost")
        if at.board not in self._answered:
            raise NotMoved("board_offline")
        opening = _Opening(at)
        self._openings.append(opening)
        self._work.set()
        try:
            async with asyncio.timeout(self._timing.open_within_s):
                taken = await opening.answer
        except TimeoutError as error:
            if not opening.sent:
                raise NotMoved("bus_busy") from error
            raise DeviceOffline(f"board {at.board} did not answer") from error
        if not taken:
            raise DeviceOffline(f"board {at.board} did not answer")

    async def _serve(self, port: Port) -> None:
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[None] = loop.create_future()
        self._frames, self._noise_told = FrameReader(), 0
        self._port = port
        loop.add_reader(port, self._hear, port, lost)
        worker = asyncio.create_task(self._talk(port))
        try:
            await asyncio.wait((worker, lost), return_when=asyncio.FIRST_COMPLETED)
            for ended in (lost, worker):
                if ended.done():
                    ended.result()
        finally:
            loop.remove_reader(port)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            lost.cancel()
            self._port = None
            port.close()
            self._forget()

    def _hear(self, port: Port, lost: "asyncio.Future[None]") -> None:
        try:
            data = port.read()
        except DeviceError as error:
            asyncio.get_running_loop().remove_reader(port)
            if not lost.done():
                lost.set_exception(error)
            return
        for answer in self._frames.take(data):
            expected = self._expected
            if expected is not None and (answer.head, answer.at) == expected[:2]:
                if not expected[2].done():
                    expected[2].set_result(answer.level)
            elif answer.head == REPORT_HEAD and answer.at in self._locks:
                self._on_level(answer.at, answer.level)
            elif answer.head == QUERY_HEAD and answer.at.board not in self._misses:
                self._findings.report(f"bus:{self.name}", "unknown_device", f"board {answer.at.board}")

    async def _talk(self, port: Port) -> None:
        while True:
            while self._openings:
                await self._fire(port, self._openings.popleft())
            at = self._next_question()
            if at is not None:
                await self._ask(port, at)
            self._work.clear()
            if not self._openings:
                try:
                    async with asyncio.timeout(self._timing.pause_s):
                        await self._work.wait()
                except TimeoutError:
                    continue

    async def _fire(self, port: Port, opening: _Opening) -> None:
        """Write an opening once; whatever happens then, it is not written again."""
        if opening.answer.done():
            return
        opening.sent = True
        self._watch(opening.at)
        level: str | None = None
        try:
            level = await self._exchange(port, open_frame(opening.at), OPEN_HEAD, opening.at)
        finally:
            if not opening.answer.done():
                opening.answer.set_result(level is not None)

    async def _ask(self, port: Port, at: LockAddress) -> None:
        for _ in range(self._timing.tries):
            level = await self._exchange(port, query_frame(at), QUERY_HEAD, at)
            if level is not None:
                self._note_answer(at, level)
                return
            if self._openings:
                return
        self._note_miss(at.board)

    async def _exchange(self, port: Port, frame: bytes, head: int, at: LockAddress) -> str | None:
        """Write a frame and wait for its answer; None when none came in time."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._expected = (head, at, answer)
        self._frames.sent(frame)
        try:
            port.write(frame)
            async with asyncio.timeout(self._timing.answer_s):
                return await answer
        except TimeoutError:
            return None
        finally:
            self._expected = None

    def _next_question(self) -> LockAddress | None:
        """Every other time a lock that was opened lately, else the next in turn whose board may answer."""
        now_s = asyncio.get_running_loop().time()
        self._watched = {at: until for at, until in self._watched.items() if until > now_s}
        self._at_watched = not self._at_watched
        if self._at_watched:
            for at, until in self._watched.items():
                if at.board in self._answered:
                    del self._watched[at]
                    self._watched[at] = until
                    return at
        for _ in range(len(self._turns)):
            self._turns.rotate(-1)
            at = self._turns[-1]
            if self._misses[at.board] < self._timing.misses:
                return at
            if now_s >= self._probe_from.get(at.board, 0.0):
                self._probe_from[at.board] = now_s + self._timing.probe_s
                return at
        return None

    def _watch(self, at: LockAddress) -> None:
        self._watched[at] = asyncio.get_running_loop().time() + self._timing.watch_s

    def _note_answer(self, at: LockAddress, level: str) -> None:
        self._misses[at.board] = 0
        if at.board not in self._answered:
            self._answered.add(at.board)
            self._backoff.reset()
            self._findings.clear(f"bus:{self.name}", "bus_lost")
            self._findings.clear(self._board_name(at.board))
        self._on_level(at, level)

    def _note_miss(self, board: int) -> None:
        self._misses[board] += 1
        if self._misses[board] != self._timing.misses:
            return
        self._answered.discard(board)
        noise = self._frames.noise_bytes - self._noise_told
        self._noise_told = self._frames.noise_bytes
        if noise >= FRAME_BYTES:
            detail = f"{noise} bytes that are no answer"
            self._findings.report(self._board_name(board), "board_nonsense", detail)
        else:
            self._findings.report(self._board_name(board), "board_silent")
        for at in self._locks:
            if at.board == board:
                self._on_level(at, None)

    def _board_name(self, board: int) -> str:
        return f"bus:{self.name}/board-{board}"

    def _forget(self) -> None:
        """The port is gone: nothing is known, and what was not written stays unwritten."""
        self._answered.clear()
        self._misses = dict.fromkeys(self._misses, 0)
        while self._openings:
            opening = self._openings.popleft()
            if not opening.answer.done():
                opening.answer.set_exception(NotMoved("bus_lost"))
        for at in self._locks:
            self._on_level(at, None)
