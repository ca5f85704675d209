"""Charts as SVG, drawn here: shapes carry classes, so that the page's style sheet gives them their colours.

Every chart has its figures in words beside it; nothing is said by colour alone.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 150, 52, 22, 10
_TICKS = 4
_LABEL = 62
"""What a mark's words need at their largest: nearer to the end the line stands without them."""


class Point(NamedTuple):
    """A value at a time; None: nothing is known of it."""

    at_ms: int
    value: int | None


class Axis(NamedTuple):
    """The time that a chart shows and the marks under it: (time, words)."""

    from_ms: int
    until_ms: int
    marks: Sequence[tuple[int, str]]


def draw_bars(points: Sequence[Point], axis: Axis, *, step_ms: int, title: str) -> str:
    """One bar a step; a step without events is empty, not missing."""
    top = nice_top(max((point.value or 0 for point in points), default=0))
    width = max(1.0, (WIDTH - LEFT) * step_ms / (axis.until_ms - axis.from_ms) - 0.6)
    bars = "".join(
        f'<rect class="bar" x="{_x(point.at_ms, axis):.1f}" y="{_y(point.value, 0, top):.1f}"'
        f' width="{width:.1f}" height="{HEIGHT - BOTTOM - _y(point.value, 0, top):.1f}"/>'
        for point in points
        if point.value
    )
    return _frame(bars, axis, 0, top, title)


def draw_line(points: Sequence[Point], axis: Axis, *, gap_ms: int, title: str, low: int | None = 0) -> str:
    """A line through the values; it is broken where nothing was heard for longer than `gap_ms`.

    `low` is the foot of the scale; None: just below the smallest value.
    """
    known = [(point.at_ms, point.value) for point in points if point.value is not None]
    smallest = min((value for _, value in known), default=0)
    foot = smallest - max(1, abs(smallest) // 20) if low is None else min(low, smallest)
    top = max(nice_top(max((value for _, value in known), default=0)), foot + 1)
    pieces: list[list[str]] = []
    before_ms = None
    for at_ms, value in known:
        if before_ms is None or at_ms - before_ms > gap_ms:
            pieces.append([])
        pieces[-1].append(f"{_x(at_ms, axis):.1f},{_y(value, foot, top):.1f}")
        before_ms = at_ms
    lines = "".join(
        f'<polyline class="line" points="{" ".join(piece)}"/>'
        if len(piece) > 1
        else '<circle class="dot" cx="{}" cy="{}" r="2"/>'.format(*piece[0].split(","))
        for piece in pieces
    )
    return _frame(lines, axis, foot, top, title)


def nice_top(value: int) -> int:
    """The end of a scale, not less than the value: its four steps are 1, 2, 2.5 or 5 times a power of ten."""
    step = max(1, -(-value // _TICKS))
    power = int(10 ** (len(str(step)) - 1))
    return _TICKS * next(found for tenths in (10, 20, 25, 50, 100) if (found := power * tenths // 10) >= step)


def _frame(drawn: str, axis: Axis, foot: int, top: int, title: str) -> str:
    rules = []
    for tick in range(_TICKS + 1):
        value = foot + (top - foot) * tick // _TICKS
        y = _y(value, foot, top)
        rules.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        rules.append(f'<text class="tick end" x="{LEFT - 6}" y="{y + 4:.1f}">{_short(value)}</text>')
    for at_ms, words in axis.marks:
        x = _x(at_ms, axis)
        rules.append(f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM + 4}"/>')
        if x + _LABEL <= WIDTH:
            rules.append(f'<text class="tick" x="{x + 3:.1f}" y="{HEIGHT - 6}">{escape(words)}</text>')
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(rules)}{drawn}</svg>"
    )


def _x(at_ms: int, axis: Axis) -> float:
    return LEFT + (WIDTH - LEFT) * (at_ms - axis.from_ms) / (axis.until_ms - axis.from_ms)


def _y(value: int | None, foot: int, top: int) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - ((value or 0) - foot) / (top - foot))


def _short(value: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if abs(value) >= 10 * size:
            return f"{value // size}{letter}"
    return str(value)
