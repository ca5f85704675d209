"""Write what the benchmarks measured as a table and as bars (SVG), for people to look at."""

import json
import platform
from html import escape
from pathlib import Path

from edge.bench.figures import Case

BAR_PX = 420
ROW_PX = 34


def write(cases: list[Case], folder: Path) -> None:
    """Write `figures.json`, `table.md` and `figures.svg` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False))
    (folder / "table.md").write_text(_table(cases))
    (folder / "figures.svg").write_text(_bars(cases))


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


def _bars(cases: list[Case]) -> str:
    rows = [case for case in cases if case["floor"]]
    height = ROW_PX * len(rows) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="980" height="{height}" font-family="sans-serif">'
    ]
    for index, case in enumerate(rows):
        top = 10 + index * ROW_PX
        largest = max(case["value"], case["floor"] or 0) or 1
        for offset, name, figure, colour in (
            (0, "value", case["value"], "#12433d"),
            (13, "floor", case["floor"] or 0, "#d49a2a"),
        ):
            width = BAR_PX * figure / largest
            label = f"{name} {figure:g} {escape(case['unit'])}"
            parts.append(
                f'<rect x="300" y="{top + offset}" width="{width:.1f}" height="11" fill="{colour}"/>'
            )
            parts.append(f'<text x="{310 + width:.1f}" y="{top + offset + 10}" font-size="11">{label}</text>')
        parts.append(f'<text x="10" y="{top + 16}" font-size="13">{escape(case["name"])}</text>')
    return "".join(parts) + "</svg>"
