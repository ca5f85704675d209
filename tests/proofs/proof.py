"""What a proof is: a promise, a trial that can be repeated with any seed, and the bugs that it must find."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

Trial = Callable[[int], int]
"""Runs with a seed; returns how many trials held (1, or more where one seed drives several). Raises
AssertionError with everything that a person needs to understand the violation."""

Opening = Callable[[], AbstractContextManager[Trial]]
"""Makes ready what all trials of a run share (processes, a folder), and clears it away."""

Plant = Callable[[], AbstractContextManager[None]]
"""Plants one bug in the product for as long as the context lasts."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One row of the table in docs/proof.md.

    ``suite`` trials run in `make test`, ``goal`` is what soaks add up to; None means that one trial is all
    there is (a matrix). ``planted`` are bugs by name; each must turn the proof red within ``patience``
    trials.
    ``share`` is the row's part of a soak's time beside the others.
    """

    name: str
    promise: str
    open: Opening
    suite: int | None
    goal: int | None
    planted: Mapping[str, Plant] = field(default_factory=dict)
    patience: int = 40
    share: float = 1.0


def hold(proof: Proof, *, trials: int | None, first_seed: int = 0) -> int:
    """Run trials with rising seeds until so many held (None: one); returns how many did."""
    held = 0
    seed = first_seed
    with proof.open() as trial:
        while held < (trials or 1):
            held += trial(seed)
            seed += 1
    return held


def finds(proof: Proof, bug: str) -> str | None:
    """Plant a bug and return the first violation in words, or None when the proof does not see it."""
    try:
        with proof.planted[bug]():
            hold(proof, trials=proof.patience)
    except AssertionError as violation:
        return str(violation) or "violated"
    return None
