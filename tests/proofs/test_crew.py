"""Several trials at a time: told in the order of seeds, and a process that dies is a violation."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.proofs import crew
from tests.proofs.crew import Outcome, run_trials
from tests.proofs.planting import replaced
from tests.proofs.proof import Proof, Trial

pytestmark = pytest.mark.slow

WRONG, DEADLY, ENDLESS = 1_007, 2_003, 3_000


@contextmanager
def _open() -> Iterator[Trial]:
    def trial(seed: int) -> int:
        assert seed != WRONG, "this one is wrong"
        if seed == DEADLY:
            os._exit(9)
        if seed == ENDLESS:
            threading.Event().wait()
        return 2

    yield trial


def find_example() -> Proof:
    """A proof that one seed violates, another kills, and a third never ends."""
    return Proof(name="example", promise="an example", open=_open, suite=1, goal=10)


def run(first_seed: int, last_seed: int) -> list[Outcome]:
    return list(
        run_trials(find_example, jobs=3, first_seed=first_seed, goes_on=lambda seed: seed <= last_seed)
    )


def test_outcomes_are_told_in_the_order_of_seeds() -> None:
    assert run(10, 29) == [Outcome(seed, 2) for seed in range(10, 30)]


def test_nothing_is_told_after_a_violation() -> None:
    *held, last = run(WRONG - 7, WRONG + 9)
    assert held == [Outcome(seed, 2) for seed in range(WRONG - 7, WRONG)]
    assert (last.seed, last.held) == (WRONG, 0)
    assert "this one is wrong" in str(last.violation)


def test_a_process_that_dies_has_violated_its_seed() -> None:
    *held, last = run(DEADLY - 3, DEADLY + 9)
    assert [outcome.seed for outcome in held] == [DEADLY - 3, DEADLY - 2, DEADLY - 1]
    assert last == Outcome(DEADLY, 0, "the trial's process ended with 9")


def test_a_trial_that_never_ends_is_a_violation() -> None:
    with replaced(crew, "LIMIT_S", 0.2):
        assert run(ENDLESS, ENDLESS) == [Outcome(ENDLESS, 0, "the trial has not ended for 0 s")]
