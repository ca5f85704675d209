"""The writer's two bounded queues: doors and till first, then bulk in short slices."""

import threading
import time
from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from edge.store.errors import StoreBusy, StoreClosed
from edge.store.unit import Unit

FRONT_LIMIT = 1024
BULK_LIMIT = 256
BATCH_LIMIT = 64
BULK_SLICE_S = 0.020
"""Architecture, Store: bulk in slices of at most 20 ms."""

LONGEST_WAY_S = 0.05
"""A reader lets the front lane go first for so long, then it goes on whatever waits."""

_FRONT_BATCHES_BEFORE_BULK = 8


class Lane(IntEnum):
    """Which queue a unit waits in."""

    FRONT = 0
    BULK = 1


class Job(NamedTuple):
    """A unit that waits, and where its answer goes."""

    work: Callable[[Unit], Any]
    future: "Future[Any]"
    loop: AbstractEventLoop


class Lanes:
    """Thread-safe queues between the event loop and the writer thread."""

    def __init__(self, *, front_limit: int = FRONT_LIMIT, bulk_limit: int = BULK_LIMIT) -> None:
        self._queues: dict[Lane, deque[Job]] = {Lane.FRONT: deque(), Lane.BULK: deque()}
        self._limits = {Lane.FRONT: front_limit, Lane.BULK: bulk_limit}
        self._changed = threading.Condition()
        self._closed = False
        self._front_batches = 0
        self._front_is_clear = threading.Event()
        self._front_is_clear.set()

    def put(self, lane: Lane, job: Job) -> None:
        """Queue a job. Raises StoreBusy, StoreClosed."""
        with self._changed:
            if self._closed:
                raise StoreClosed("the store is closed")
            queue = self._queues[lane]
            if len(queue) >= self._limits[lane]:
                raise StoreBusy(lane=lane.name.lower(), waiting=len(queue))
            queue.append(job)
            if lane is Lane.FRONT:
                self._front_is_clear.clear()
            self._changed.notify()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until a job waits, at most that long; return False once closed and empty."""
        with self._changed:
            if not self._closed and not any(self._queues.values()):
                self._changed.wait(timeout_s)
            return not self._closed or any(self._queues.values())

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not any(self._queues.values())

    def waiting(self, lane: Lane) -> int:
        """How many jobs wait in a lane."""
        return len(self._queues[lane])

    def end_batch(self) -> None:
        """The jobs of the last batch are committed or refused."""
        with self._changed:
            if not self._queues[Lane.FRONT]:
                self._front_is_clear.set()

    def give_way(self) -> bool:
        """Block while a job of the front lane waits or is under way; any thread but the writer's.

        Returns whether none is, any more; False after `LONGEST_WAY_S`.
        """
        return self._front_is_clear.wait(LONGEST_WAY_S)

    def wake(self) -> None:
        """Let `wait` return, although nothing waits."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> bool:
        """Take no more jobs; those that wait are still done. Return False when it was closed before."""
        with self._changed:
            if self._closed:
                return False
            self._closed = True
            self._changed.notify_all()
            return True

    def batch(self) -> Iterator[Job]:
        """Yield the jobs of one commit: what waits in front, else one slice of bulk."""
        taken = 0
        while taken < BATCH_LIMIT and (job := self._take(Lane.FRONT)) is not None:
            taken += 1
            yield job
        if taken and self._front_batches < _FRONT_BATCHES_BEFORE_BULK:
            self._front_batches += 1
            return
        self._front_batches = 0
        ends_at = time.monotonic() + BULK_SLICE_S
        while (job := self._take(Lane.BULK)) is not None:
            yield job
            if self._queues[Lane.FRONT] or time.monotonic() >= ends_at:
                return

    def _take(self, lane: Lane) -> Job | None:
        queue = self._queues[lane]
        while queue:
            job = queue.popleft()
            if not job.future.cancelled():
                return job
        return None
