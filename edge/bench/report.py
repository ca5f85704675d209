"""Write what the benchmarks measured as a table and as drawings (SVG), for people to look at."""

import json
import platform
import re
from pathlib import Path

from edge.bench.figures import Case
from edge.bench.plots import bars, line

_PAST = re.compile(r"checkout-after-(\d+)")
MANY_RATIO = 1.3
"""From the targets: `checkout` with 1,000,000 earlier sales against an empty till."""


def write(cases: list[Case], folder: Path) -> None:
    """Write `figures.json`, `table.md`, `figures.svg` and, of `checkout`, its curve into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False))
    (folder / "table.md").write_text(_table(cases))
    (folder / "figures.svg").write_text(bars([case for case in cases if not _PAST.fullmatch(case["name"])]))
    if (curve := _curve(cases)) is not None:
        (folder / "checkout.svg").write_text(curve)


def _curve(cases: list[Case]) -> str | None:
    """`checkout` against the number of earlier sales, when it was measured."""
    points = [(float(found[1]), case["value"]) for case in cases if (found := _PAST.fullmatch(case["name"]))]
    empty = next((case["value"] for case in cases if case["name"] == "checkout"), None)
    if not points or empty is None:
        return None
    return line(
        [(0.0, empty), *sorted(points)],
        limit=MANY_RATIO * empty,
        title="One sale of four lines in one commit, p50",
        across="earlier sales in the database (logarithmic)",
        up="ms",
    )


def _table(cases: list[Case]) -> str:
    rows = [f"Measured on {platform.machine()}, Python {platform.python_version()}.", ""]
    rows += ["| figure | value | floor | ratio | target | held | n |", "|---|---|---|---|---|---|---|"]
    for case in cases:
        held = {True: "yes", False: "**no**", None: "-"}[case["ok"]]
        floor = "-" if case["floor"] is None else f"{case['floor']:g}"
        ratio = "-" if case["ratio"] is None else f"{case['ratio']:g}"
        value = f"{case['value']:g} {case['unit']}"
        rows.append(
            f"| {case['name']} | {value} | {floor} | {ratio} | {case['target']} | {held} | {case['n']} |"
        )
    return "\n".join(rows) + "\n"
