"""Counters and gauges as text for a scraper (Prometheus text format 0.0.4)."""

from collections.abc import Callable

MAX_SERIES = 1000
"""Series of one metric; a label that grows without end is a programmer's fault."""


class Metrics:
    """A small registry: counters that are added to, gauges that are read when asked for."""

    def __init__(self) -> None:
        self._counters: dict[str, dict[str, float]] = {}
        self._gauges: dict[str, Callable[[], float]] = {}
        self._words: dict[str, str] = {}

    def describe(self, name: str, words: str) -> None:
        """Say what a metric means."""
        self._words[name] = words

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        series = self._counters.setdefault(name, {})
        key = _labels(labels)
        assert key in series or len(series) < MAX_SERIES, name
        series[key] = series.get(key, 0) + amount

    def gauge(self, name: str, read: Callable[[], float], **labels: str) -> None:
        """Register a value that is read at every rendering."""
        self._gauges[name + _labels(labels)] = read

    def render(self) -> str:
        """All of it as text."""
        lines: list[str] = []
        for name, series in sorted(self._counters.items()):
            lines += self._head(name, "counter")
            lines += [f"{name}{labels} {value:g}" for labels, value in sorted(series.items())]
        told: set[str] = set()
        for key, read in sorted(self._gauges.items()):
            name = key.partition("{")[0]
            if name not in told:
                told.add(name)
                lines += self._head(name, "gauge")
            lines.append(f"{key} {read():g}")
        return "\n".join(lines) + "\n"

    def _head(self, name: str, kind: str) -> list[str]:
        words = [f"# HELP {name} {self._words[name]}"] if name in self._words else []
        return [*words, f"# TYPE {name} {kind}"]


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    escaped = (
        f'{name}="{value}"'
        for name, text in sorted(labels.items())
        for value in (text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n"),)
    )
    return "{" + ",".join(escaped) + "}"
