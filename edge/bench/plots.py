"""Drawings of the figures, as SVG that reads on light and on dark paper."""

import re
from collections.abc import Sequence
from html import escape
from math import log10

from edge.bench.figures import Case

WIDTH, ROW, LEFT, BAR = 960, 46, 250, 520
VALUE, FLOOR, LINE, TEXT, FAINT = "#2f8f7f", "#d49a2a", "#c0433a", "#7a8288", "#7a828855"
PLOT = (90, 40, 820, 300)
"""Left, top, width and height of the line plot."""


def bars(cases: Sequence[Case]) -> str:
    """One row a figure that has a floor: its value over its floor, each row on its own scale."""
    rows = [case for case in cases if case["floor"]]
    parts = [
        _text(LEFT, 22, "value", VALUE),
        _text(LEFT + 60, 22, "floor, measured in the same run", FLOOR),
        _text(LEFT + 260, 22, "target", LINE),
    ]
    for number, case in enumerate(rows):
        parts += _row(case, 40 + number * ROW)
    return _svg(40 + ROW * len(rows) + 10, parts, "Figures beside their floors")


def _row(case: Case, top: int) -> list[str]:
    floor, bound = case["floor"] or 0, _bound(case)
    scale = BAR / (max(case["value"], floor, bound or 0) or 1)
    mark = {True: "held", False: "missed", None: "reported"}[case["ok"]]
    target = f"{escape(case['target'])}: {mark}" if case["target"] != "reported" else mark
    colour = LINE if case["ok"] is False else TEXT
    parts = [
        _text(LEFT - 12, top + 13, escape(case["name"]), TEXT, anchor="end", size=13),
        _text(LEFT - 12, top + 28, target, colour, anchor="end", size=10),
    ]
    for offset, figure, paint in ((0, case["value"], VALUE), (15, floor, FLOOR)):
        width = figure * scale
        place = f'x="{LEFT}" y="{top + offset}" width="{width:.1f}" height="12" rx="2"'
        parts.append(f'<rect {place} fill="{paint}"/>')
        words = f"{figure:,.0f}" if figure >= 1000 else f"{figure:.4g}"
        parts.append(_text(LEFT + width + 6, top + offset + 10, f"{words} {escape(case['unit'])}", TEXT))
    if bound is not None:
        x = LEFT + bound * scale
        parts.append(_stroke(((x, top - 3), (x, top + 30)), LINE, weight=1.5, dashes="3 2"))
    return parts


def _bound(case: Case) -> float | None:
    """The target as a figure on the row's scale, where its words give one."""
    floor = case["floor"] or 0
    if found := re.search(r"<= ([\d.]+) x", case["target"]):
        return float(found[1]) * floor
    if found := re.search(r"floor \+ ([\d.]+)", case["target"]):
        return floor + float(found[1])
    if found := re.match(r"<= ([\d.]+) ", case["target"]):
        return float(found[1])
    return None


def line(points: Sequence[tuple[float, float]], *, limit: float, title: str, across: str, up: str) -> str:
    """A curve over a logarithmic axis that begins at nothing (drawn at 100), with a bound to keep under."""
    left, top, width, height = PLOT
    most = max(limit, *(value for _, value in points)) * 1.15
    last = max(log10(max(count, 1000)) for count, _ in points)

    def place(count: float, value: float) -> tuple[float, float]:
        share = (log10(max(count, 100)) - 2) / (last - 2)
        return left + width * share, top + height * (1 - value / most)

    parts = [_text(left, 24, escape(title), TEXT, size=14)]
    for step in range(5):
        value = most * step / 4
        _, y = place(100, value)
        parts.append(_stroke(((left, y), (left + width, y)), FAINT))
        parts.append(_text(left - 8, y + 4, f"{value:.2f}", TEXT, anchor="end"))
    _, y = place(100, limit)
    parts.append(_stroke(((left, y), (left + width, y)), LINE, dashes="6 4"))
    parts.append(_text(left + width, y - 6, f"target {limit:.2f}", LINE, anchor="end"))
    parts.append(_stroke([place(*point) for point in points], VALUE, weight=2.5))
    for count, value in points:
        x, y = place(count, value)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{VALUE}"/>')
        parts.append(_text(x, y - 10, f"{value:.2f}", TEXT, anchor="middle"))
        parts.append(_text(x, top + height + 18, f"{count:,.0f}", TEXT, anchor="middle"))
    parts.append(_text(left + width / 2, top + height + 40, escape(across), TEXT, anchor="middle"))
    parts.append(_text(left - 8, top - 6, escape(up), TEXT, anchor="end"))
    return _svg(top + height + 54, parts, title)


def _stroke(
    points: Sequence[tuple[float, float]], colour: str, *, weight: float = 1, dashes: str = "none"
) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{weight}"'
        f' stroke-dasharray="{dashes}"/>'
    )


def _text(x: float, y: float, words: str, colour: str, *, anchor: str = "start", size: int = 11) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}">{words}</text>'


def _svg(height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"'
        f' height="{height:.0f}" font-family="system-ui, sans-serif"><title>{escape(title)}</title>'
        + "".join(parts)
        + "</svg>"
    )
