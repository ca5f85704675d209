"""The relay guard on a real gpiochip, in a guest machine; skipped with the reason where none can be had.

`make test` boots one guest for the checks; `make test-hw` makes the guest ready first (`.ci/setup-hw`), and
kills hub, guard and broker in mid-pulse, 30 times each, in a second one.
"""

import os
import sys
from collections import Counter
from typing import Any

import pytest

from tests.hardware.checks import CHECKS, LONG
from tests.hardware.guest import GuestUnavailable, run_in_guest
from tests.hardware.kills import ENDINGS

pytestmark = pytest.mark.slow

CHECKS_S = 600.0
"""The guest needs about 40 s on an idle machine of two cores."""
KILLS = int(os.environ.get("EDGE_HW_KILLS", "0"))
CHOSEN = [name for name in CHECKS if KILLS or name not in LONG]
KILLS_S = 300.0
"""Beside the start; a crash takes 2 to 4 s there."""


def test_every_check_holds_on_a_real_gpiochip() -> None:
    """One guest for all checks: to boot it takes longer than they do."""
    reports = {report["check"]: report for report in _run("checks", *CHOSEN, timeout_s=CHECKS_S)}
    assert {name: report["why"] for name, report in reports.items() if not report["ok"]} == {}
    assert set(CHOSEN) <= reports.keys()


@pytest.mark.skipif(not KILLS, reason="make test-hw kills many times")
def test_a_line_is_off_within_two_seconds_of_a_crash_on_a_real_gpiochip() -> None:
    found = _run("kills", str(KILLS), timeout_s=KILLS_S + KILLS * len(ENDINGS) * 6)
    violations = [report["why"] for report in found if not report["ok"]]
    assert violations == []
    assert Counter(report["ending"] for report in found) == dict.fromkeys(ENDINGS, KILLS)
    sys.stdout.write(f"{KILLS} each; longest on after the crash, ms: {_longest(found)}\n")


def _longest(found: list[dict[str, Any]]) -> dict[str, float]:
    return {ending: max(one["off_ms"] for one in found if one["ending"] == ending) for ending in ENDINGS}


def _run(program: str, *arguments: str, timeout_s: float) -> list[dict[str, Any]]:
    try:
        return run_in_guest(program, *arguments, timeout_s=timeout_s)
    except GuestUnavailable as reason:
        pytest.skip(f"no real gpiochip: {reason}")
