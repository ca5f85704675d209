"""Whether the platform is in reach, learnt from every role's answers: nobody has to find it out alone."""

import asyncio
from collections.abc import Awaitable


class Reach:
    """Told by the HTTP client of every answer; ends the rest of whoever waits for the network to return."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()
        self._is_lost = False

    def lose(self) -> None:
        """Somebody asked and heard nothing."""
        self._is_lost = True

    def hear(self) -> None:
        """The platform answered somebody; who rests is told once, not at every answer that follows."""
        if self._is_lost:
            self._is_lost = False
            for event in self._waiting:
                event.set()

    async def rest(self, pause: Awaitable[None]) -> None:
        """Wait until the pause is over or the platform is heard."""
        heard = asyncio.Event()
        self._waiting.add(heard)
        tasks = [asyncio.ensure_future(pause), asyncio.ensure_future(heard.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._waiting.discard(heard)
            for task in tasks:
                task.cancel()  # nobody waits for them here: that would swallow a cancellation of our own
