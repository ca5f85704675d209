"""What all tests share: how hard Hypothesis tries, and which tests come first."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("soak", parent=settings.get_profile("suite"), max_examples=5_000)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first: while the last of them runs, the other workers still have something to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
