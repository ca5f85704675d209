"""The kill-9 proof knows every place where the product may be killed by name."""

import re
from pathlib import Path

from tests.faults.killing import POINTS

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r'"([a-z]+\.[a-z_]+)"')


def test_every_named_point_is_in_the_proof() -> None:
    named: set[str] = set()
    for room in ("edge", "kiosk", "devices", "cloud_sync"):
        for file in (ROOT / room).rglob("*.py"):
            for line in file.read_text("utf-8").splitlines():
                if re.search(r"\breach\(", line):
                    named |= set(_NAME.findall(line))
    assert named == set(POINTS)
