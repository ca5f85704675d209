"""The `idle-writes` benchmark: a moment of it, for its shape."""

import pytest

from edge.bench import idle_writes

pytestmark = pytest.mark.slow


def test_idle_writes_are_a_day_of_three_processes_and_their_sum() -> None:
    cases = idle_writes.run(2.0, settle_s=0.0)
    assert [case["name"] for case in cases] == [
        "idle-writes",
        "idle-writes-hub",
        "idle-writes-guard",
        "idle-writes-vision",
    ]
    total, *parts = [case["value"] for case in cases]
    assert total == pytest.approx(sum(parts), abs=0.001)
