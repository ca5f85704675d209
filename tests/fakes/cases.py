"""The form that every benchmark's cases have."""

from collections.abc import Sequence

import pytest

from edge.bench.figures import Case


def check_cases(cases: Sequence[Case], *, n: int) -> None:
    """Every case has a name of its own, a figure above nothing, a target, and the ratio to its floor."""
    assert cases
    assert len({case["name"] for case in cases}) == len(cases)
    for case in cases:
        assert set(case) == {"name", "value", "unit", "floor", "ratio", "target", "ok", "n"}
        assert case["value"] > 0, case
        assert case["unit"], case
        assert case["target"], case
        assert case["n"] == n, case
        if case["floor"]:
            assert case["ratio"] == pytest.approx(case["value"] / case["floor"], rel=0.01)
