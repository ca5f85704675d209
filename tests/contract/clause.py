"""A clause of the contract: what the product is to do, cut into functions that are there, in part, or not.

Where a function is met is said in one of these forms; `places.py` knows what exists of each.

- `screen:fees`: a screen of the kiosk, `phone:pay`: one of the phone page
- `counter:GET /doors`, `platform:POST /phone/api/pay`, `kiosk:…`, `control:…`: a route of docs/roles.md
- `edge journal verify`, `make demo`: a command
- `event:DoorForced`: what the journal says of it; `setting:door.held_open_s`: what decides it
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What there is of a function."""

    DONE = "done"
    """All of it, and the named tests show it."""
    PART = "part"
    """Something of it, shown by the named tests; `missing` says what is not there."""
    NOT = "not"
    """Nothing that anybody could use."""


@dataclass(frozen=True, slots=True)
class Function:
    """One thing that the product does, in our own words.

    `missing`: what a part lacks; of what is not there, what there is so far.
    """

    says: str
    state: State
    at: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A function or rule of the requirements by its number, as its single functions."""

    id: str
    title: str
    functions: tuple[Function, ...]


def done(says: str, at: tuple[str, ...], *tests: tuple[str, ...]) -> Function:
    """All of it is there: where it is met, and what shows it."""
    return Function(says, State.DONE, at, _joined(tests))


def part(says: str, missing: str, at: tuple[str, ...], *tests: tuple[str, ...]) -> Function:
    """Some of it is there, shown by `tests`; `missing` is not."""
    return Function(says, State.PART, at, _joined(tests), missing)


def absent(says: str, so_far: str = "") -> Function:
    """It is not there; `so_far` may say what stands in its place."""
    return Function(says, State.NOT, missing=so_far)


def of(file: str, *names: str) -> tuple[str, ...]:
    """Tests of a file: `of("homes/fees", "a_paid_bill_…")` is tests/homes/test_fees.py::test_a_paid_bill_…"""
    folder, _, name = file.rpartition("/")
    return tuple(f"tests/{folder}/test_{name}.py::test_{test}" for test in names)


def proofs(*names: str) -> tuple[str, ...]:
    """Rows of the list of proofs in docs/proof.md; each runs in `make test`."""
    return tuple(f"proof:{name}" for name in names)


def _joined(groups: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(test for group in groups for test in group)
