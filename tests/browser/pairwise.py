"""Few combinations in which every pair of values meets: a covering array, always the same one."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

Row = dict[str, Any]


def covering(factors: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Rows so that any two values of any two factors stand together in one of them.

    Greedy: a row begins with the first pair that has not met, and each other factor takes the value that
    makes most new pairs meet.
    """
    left = {
        (one, x, other, y): None
        for one, other in combinations(factors, 2)
        for x in factors[one]
        for y in factors[other]
    }
    rows: list[Row] = []
    while left:
        one, x, other, y = next(iter(left))
        row: Row = {one: x, other: y}
        for name, values in factors.items():
            if name not in row:
                row[name] = max(values, key=lambda value: len(_met({**row, name: value}, left)))
        for pair in _met(row, left):
            del left[pair]
        rows.append({name: row[name] for name in factors})
    return rows


def _met(row: Row, left: Mapping[tuple[str, Any, str, Any], None]) -> list[tuple[str, Any, str, Any]]:
    return [pair for pair in left if row.get(pair[0], left) == pair[1] and row.get(pair[2], left) == pair[3]]
