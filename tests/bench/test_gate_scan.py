"""The `gate-scan` benchmark: small, for its shape."""

import pytest

from edge.bench import gate_scan
from tests.fakes.cases import check_cases

pytestmark = pytest.mark.slow


def test_gate_scan_reports_latency_the_parts_of_its_floor_and_a_calculation() -> None:
    cases = gate_scan.run(frames=3)
    check_cases(cases, n=3)
    by_name = {case["name"]: case for case in cases}
    assert list(by_name) == [
        "gate-scan",
        "gate-scan-p99",
        "gate-scan-floor-decode",
        "gate-scan-floor-verify",
        "gate-scan-floor-commit",
        "gate-scan-on-a-pi-4-by-calculation",
    ]
    floor = by_name["gate-scan"]["floor"]
    assert floor is not None
    assert by_name["gate-scan-floor-decode"]["value"] < floor
