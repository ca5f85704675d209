"""What a benchmark reports: one case a figure, with the floor measured beside it in the same run."""

from statistics import median
from typing import TypedDict


class Case(TypedDict):
    """One figure. `ratio` is value to floor; `ok` is None where there is no bound to hold it against."""

    name: str
    value: float
    unit: str
    floor: float | None
    ratio: float | None
    target: str
    ok: bool | None
    n: int


def case(
    name: str,
    value: float,
    unit: str,
    *,
    floor: float | None = None,
    target: str = "",
    ok: bool | None = None,
    n: int,
) -> Case:
    """A case with its ratio worked out and figures rounded to what was measured."""
    ratio = None if not floor else round(value / floor, 3)
    return Case(
        name=name,
        value=round(value, 4),
        unit=unit,
        floor=None if floor is None else round(floor, 4),
        ratio=ratio,
        target=target,
        ok=ok,
        n=n,
    )


def percentile(values: list[float], share: float) -> float:
    """The value below which this share (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: list[float]) -> float:
    """The median."""
    return median(values)
