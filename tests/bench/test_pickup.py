"""The `pickup` benchmark: small, for its shape."""

from edge.bench import pickup
from tests.fakes.cases import check_cases


def test_pickup_reports_latency_beside_its_floor() -> None:
    cases = pickup.run(open_orders=30, pickups=3)
    check_cases(cases, n=3)
    assert [case["name"] for case in cases] == ["pickup", "pickup-p99"]
    assert all(case["floor"] for case in cases)
