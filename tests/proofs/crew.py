"""Trials of one proof, several at a time: each in a process of its own, with folders and ports of its own.

Seeds are handed out in order and told in order, so that whoever counts them knows at every moment from which
seed on to resume, whatever was still under way when it was ended.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from tests.proofs.proof import Proof

LIMIT_S = 600.0
"""A trial that takes longer hangs."""
LAST_TRIAL_S = 120.0
"""So long a process may take to clear up after its last trial, before it is ended."""


class Outcome(NamedTuple):
    """How many trials held under a seed, or what was violated."""

    seed: int
    held: int
    violation: str | None = None


@dataclass
class Worker:
    """A process that runs one trial after the other, and the seed that it is at."""

    process: BaseProcess
    line: Connection
    seed: int | None = None
    began_s: float = 0.0

    @property
    def hangs(self) -> bool:
        """Whether its trial should have ended long ago."""
        return self.seed is not None and time.monotonic() - self.began_s > LIMIT_S

    def begin(self, seed: int) -> None:
        """Hand it a seed."""
        self.seed, self.began_s = seed, time.monotonic()
        self.line.send(seed)

    def finish(self) -> Outcome:
        """What came of its seed: one that hangs, or killed its process, is violated (see standard error)."""
        assert self.seed is not None
        hangs, seed, self.seed = self.hangs, self.seed, None
        if hangs:
            self.process.kill()
            return Outcome(seed, 0, f"the trial has not ended for {LIMIT_S:.0f} s")
        try:
            outcome = self.line.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            return Outcome(seed, 0, f"the trial's process ended with {self.process.exitcode}")
        assert isinstance(outcome, Outcome)
        return outcome


def run_trials(
    find: Callable[[], Proof], *, jobs: int, first_seed: int, goes_on: Callable[[int], bool]
) -> Iterator[Outcome]:
    """Run trials of the proof that each process will `find`, `jobs` at a time.

    Each outcome is told in the order of seeds. A seed is handed out while it `goes_on` and nothing was
    violated; what is under way then is finished. After a violation nothing more is told.
    """
    done: dict[int, Outcome] = {}
    given = told = first_seed
    violated = False
    with _crew(find, jobs) as workers:
        while True:
            for worker in workers:
                if worker.seed is None and not violated and goes_on(given):
                    worker.begin(given)
                    given += 1
            if told == given:
                return
            for outcome in _finished(workers):
                done[outcome.seed] = outcome
                violated = violated or outcome.violation is not None
            while (outcome_of_next := done.pop(told, None)) is not None:
                yield outcome_of_next
                if outcome_of_next.violation is not None:
                    return
                told += 1


def _finished(workers: list[Worker]) -> list[Outcome]:
    """Wait until some trials have ended, or hang."""
    busy = [worker for worker in workers if worker.seed is not None]
    ended = wait([worker.line for worker in busy], LIMIT_S / 10)
    return [worker.finish() for worker in busy if worker.line in ended or worker.hangs]


@contextmanager
def _crew(find: Callable[[], Proof], jobs: int) -> Iterator[list[Worker]]:
    spawning = get_context("spawn")
    workers = []
    for _ in range(jobs):
        ours, theirs = spawning.Pipe()
        process = spawning.Process(target=_work, args=(find, theirs))
        process.start()
        theirs.close()
        workers.append(Worker(process, ours))
    try:
        yield workers
    finally:
        for worker in workers:
            worker.line.close()
        for worker in workers:
            worker.process.join(LAST_TRIAL_S)
            if worker.process.is_alive():
                worker.process.terminate()
                worker.process.join()


def _work(find: Callable[[], Proof], line: Connection) -> None:
    """Run trials until nobody hands out seeds any more."""
    with find().open() as trial:
        while (seed := _next_seed(line)) is not None:
            try:
                outcome = Outcome(seed, trial(seed))
            except AssertionError as violation:
                outcome = Outcome(seed, 0, str(violation) or "violated")
            try:
                line.send(outcome)
            except BrokenPipeError:
                return


def _next_seed(line: Connection) -> int | None:
    try:
        seed = line.recv()
    except (EOFError, ConnectionResetError):
        return None
    assert isinstance(seed, int)
    return seed
