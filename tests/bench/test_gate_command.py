"""The `gate-command` benchmark: small, for its shape."""

import pytest

from edge.bench import gate_command
from tests.fakes.cases import check_cases

pytestmark = pytest.mark.slow


def test_gate_command_reports_latency_the_parts_of_its_floor_and_the_rate() -> None:
    cases = gate_command.run(commands=8)
    check_cases(cases, n=8)
    by_name = {case["name"]: case for case in cases}
    assert list(by_name) == [
        "gate-command",
        "gate-command-p99",
        "gate-command-floor-handler",
        "gate-command-floor-verification",
        "gate-command-floor-commit",
        "gate-command-rate",
    ]
    parts = [by_name[f"gate-command-floor-{part}"]["value"] for part in ("handler", "verification", "commit")]
    floor = by_name["gate-command"]["floor"]
    assert floor is not None
    assert max(parts) < floor
