"""The relay guard on a real gpiochip, in a guest machine; skipped with the reason where none can be had.

`make test` boots one guest for the checks; `make test-hw` makes the guest ready first (`.ci/setup-hw`), and
kills hub, guard and broker in mid-pulse so many times as the row `mid-pulse` of docs/proof.md says.
"""

from typing import Any

import pytest

from tests.hardware.checks import CHECKS
from tests.hardware.guest import GuestUnavailable, run_in_guest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("guest")]

CHECKS_S = 240.0
"""The guest needs about 30 s on an idle machine of two cores."""


@pytest.fixture(scope="module")
def reports() -> dict[str, dict[str, Any]]:
    """What every check in the guest said."""
    try:
        found = run_in_guest("checks", *CHECKS, timeout_s=CHECKS_S)
    except GuestUnavailable as reason:
        pytest.skip(f"no real gpiochip: {reason}")
    return {report["check"]: report for report in found}


@pytest.mark.parametrize("check", CHECKS)
def test_it_holds_on_a_real_gpiochip(check: str, reports: dict[str, dict[str, Any]]) -> None:
    assert reports[check]["ok"], reports[check]["why"]
