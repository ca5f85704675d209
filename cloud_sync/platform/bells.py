"""Bells: wake who waits for something new, and spare readers a question whose answer did not change."""

import asyncio
from collections.abc import Iterable


class Bell:
    """Rung by key (a site, a device) when there may be something new of it.

    What was read last of a key is good until its next ring: a write of this process rings after its COMMIT,
    and of what another process of the platform wrote the watcher tells. While nobody watches, nothing that
    was read counts.
    """

    def __init__(self) -> None:
        self._rings: dict[str, int] = {}
        self._waiting: dict[str, set[asyncio.Future[bool]]] = {}
        self._learnt: dict[str, int] = {}
        self._watched_until_s = 0.0

    def ring(self, keys: Iterable[str]) -> None:
        """There may be something new of these."""
        for key in keys:
            self._rings[key] = self._rings.get(key, 0) + 1
            self._learnt.pop(key, None)
            for waiting in self._waiting.pop(key, ()):
                if not waiting.done():
                    waiting.set_result(True)

    def rings(self, key: str) -> int:
        """How often it has rung; taken before reading, so that no change falls in between."""
        return self._rings.get(key, 0)

    def listen(self, key: str, *, rings: int) -> "asyncio.Future[bool]":
        """What the next ring after `rings` sets to True; whoever ends it sooner must `leave`."""
        future = asyncio.get_running_loop().create_future()
        if self.rings(key) != rings:
            future.set_result(True)
        else:
            self._waiting.setdefault(key, set()).add(future)
        return future

    def leave(self, key: str, future: "asyncio.Future[bool]") -> None:
        """Wait no more."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.discard(future)
            if not waiting:
                del self._waiting[key]

    def learn(self, key: str, value: int, *, rings: int) -> None:
        """Remember what was read, unless it rang meanwhile."""
        if self.rings(key) == rings:
            self._learnt[key] = value

    def knows(self, key: str) -> int | None:
        """What was read last; None where that may have changed since, or nobody watches."""
        if asyncio.get_running_loop().time() >= self._watched_until_s:
            return None
        return self._learnt.get(key)

    def watch(self, for_s: float) -> None:
        """Somebody looked at what other processes wrote, and looks again within so many seconds."""
        self._watched_until_s = asyncio.get_running_loop().time() + for_s
