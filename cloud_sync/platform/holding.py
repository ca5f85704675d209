"""Answers that are held back: one ticker lets every client that waits hear that its connection lives."""

import asyncio
import contextlib
from typing import Any, Self

import msgspec
from aiohttp import web

from cloud_sync.platform.bells import Bell
from cloud_sync.wire.feed import BEAT_S

SLOTS = 16
"""Groups that hear one after another, so that thousands of blanks do not hold up the loop at once."""
_BLANK = b" "


class HeldAnswer:
    """One answer in JSON that is begun and waits for its content; JSON may begin with blanks."""

    def __init__(self, holder: "Holder", request: web.Request, wait_s: float) -> None:
        self.ended: asyncio.Future[bool] | None = None
        self._holder = holder
        self._request = request
        self._response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Cache-Control": "no-store"}
        )
        self._until_s = asyncio.get_running_loop().time() + wait_s

    @property
    def is_gone(self) -> bool:
        """Whether nobody is there any more who could read it."""
        transport = self._request.transport
        return transport is None or transport.is_closing()

    async def begin(self) -> Self:
        """Send the head."""
        await self._response.prepare(self._request)
        return self

    async def wait(self, bell: Bell, key: str, *, rings: int) -> bool:
        """Wait for the key's next ring after `rings`; False when time is over or nobody waits any more."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._until_s:
            return False
        ended = self.ended = bell.listen(key, rings=rings)
        timer = loop.call_at(self._until_s, self.let_go)
        slot = self._holder.enter(self)
        try:
            return await ended and not self.is_gone
        finally:
            slot.discard(self)
            timer.cancel()
            bell.leave(key, ended)

    def let_go(self) -> None:
        """End the wait."""
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(False)

    async def beat(self) -> None:
        """Write one blank, unless what was written before is still on its way; never waits."""
        transport = self._request.transport
        if transport is None or transport.is_closing():
            self.let_go()
        elif not transport.get_write_buffer_size():
            with contextlib.suppress(ConnectionResetError):
                await self._response.write(_BLANK)

    async def end(self, content: Any) -> web.StreamResponse:
        """The answer that was waited for; who went away meanwhile asks again."""
        with contextlib.suppress(ConnectionResetError):
            await self._response.write(msgspec.json.encode(content))
            await self._response.write_eof()
        return self._response


class Holder:
    """Holds every answer that waits. The ticker costs one look at each a beat, and no task is woken."""

    def __init__(self) -> None:
        self._slots: list[set[HeldAnswer]] = [set() for _ in range(SLOTS)]
        self._now = 0

    @property
    def waiting(self) -> int:
        """How many answers wait."""
        return sum(len(slot) for slot in self._slots)

    async def begin(self, request: web.Request, *, wait_s: float) -> HeldAnswer:
        """Begin an answer that may be held back for so many seconds."""
        return await HeldAnswer(self, request, wait_s).begin()

    def enter(self, held: HeldAnswer) -> set[HeldAnswer]:
        """The group of an answer that begins to wait now; it hears for the first time after half a beat."""
        slot = self._slots[(self._now + SLOTS // 2) % SLOTS]
        slot.add(held)
        return slot

    async def run(self) -> None:
        """A role: one group after another, all of them once a beat."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            # A loop that was held up for long does not make good for what it missed.
            due_s = max(due_s, loop.time() - BEAT_S) + BEAT_S / SLOTS
            await asyncio.sleep(due_s - loop.time())
            await self.tick()

    def close(self) -> None:
        """Nobody waits any more: the platform stops."""
        for slot in self._slots:
            for held in tuple(slot):
                held.let_go()

    async def tick(self) -> None:
        """Let the next group hear."""
        self._now = (self._now + 1) % SLOTS
        for held in tuple(self._slots[self._now]):
            await held.beat()
