"""Nothing in the product judges by the wall clock: only the places named here may look at it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "time.time",
    "time.time_ns",
    "time.CLOCK_REALTIME",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
}
MAY_LOOK = {
    "cloud_sync/platform/context.py": "the platform keeps its own machine's time",
    "edge/service/gauges.py": "telemetry tells how far the wall clock is off; nothing is judged by it",
    "edge/demo/world.py": "the demo's community begins today",
    "edge/demo/story.py": "the demo's community begins today",
    "edge/demo/stage/checking.py": "the stage says when its line was looked at",
    "edge/demo/actors.py": "phones have clocks of their own",
    "edge/demo/stage/switches/attack.py": "whoever forges a pass has a clock of their own",
    "edge/bench/till.py": "a benchmark's stand-in for a trusted clock",
    "edge/bench/lean_sale.py": "a benchmark's leanest possible sale",
}
"""Every place, and why."""


def looks(source: str) -> set[str]:
    """The names of wall clocks that a module uses, also by `from time import time`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            found.add(f"{name}.{node.attr}")
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found & FORBIDDEN


def product_files() -> list[Path]:
    return [
        path for room in ("edge", "kiosk", "devices", "cloud_sync") for path in (ROOT / room).rglob("*.py")
    ]


def test_nothing_but_the_named_places_looks_at_the_wall_clock() -> None:
    lookers = {str(path.relative_to(ROOT)) for path in product_files() if looks(path.read_text("utf-8"))}
    assert lookers == set(MAY_LOOK)


@pytest.mark.parametrize(
    "planted",
    [
        "import time\nover = time.time() > 5",
        "from time import time_ns\n",
        "import datetime\nnow = datetime.datetime.now()",
        "from datetime import date\nday = date.today()",
        "import time\ntime.clock_gettime(time.CLOCK_REALTIME)",
    ],
)
def test_a_look_is_found_however_it_is_written(planted: str) -> None:
    assert looks(planted)
