"""How often each lock's line went on since it was mounted: relays and strikes wear out by it.

Kept in a small file beside the trace, written anew at most once a minute and only while no lock is released,
so that a slow card never makes a pulse longer. A cut of power may lose the last minute.
"""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

SAVE_EVERY_NS = 60_000_000_000


class Cycles:
    """Counts by line, in `path` when there is one; a file that cannot be read counts from nought."""

    def __init__(self, path: Path | None, lines: Iterable[int], now_ns: int) -> None:
        self._path = path
        self._saved_ns = now_ns
        self._changed = False
        found = {} if path is None else _read(path)
        self._others = {line: count for line, count in found.items()}
        self.counts = {line: self._others.pop(line, 0) for line in lines}

    def count(self, line: int) -> None:
        """A line went on."""
        self.counts[line] += 1
        self._changed = True

    def save_if_due(self, now_ns: int) -> bool:
        """Write when something changed and a minute has passed. Returns whether it wrote."""
        if not self._changed or now_ns - self._saved_ns < SAVE_EVERY_NS:
            return False
        self._saved_ns = now_ns
        self.save()
        return True

    def due_ns(self) -> int | None:
        """Boot time at which `save_if_due` has something to do, or None."""
        return self._saved_ns + SAVE_EVERY_NS if self._changed else None

    def save(self) -> None:
        """Write what changed. A full disk stops no door: the counts stay, and are tried again later."""
        if self._path is None or not self._changed:
            return
        text = json.dumps({str(line): count for line, count in (self._others | self.counts).items()})
        beside = self._path.with_name(self._path.name + ".new")
        with contextlib.suppress(OSError):
            beside.write_text(text, "utf-8")
            beside.replace(self._path)
            self._changed = False


def _read(path: Path) -> dict[int, int]:
    try:
        found = json.loads(path.read_text("utf-8"))
        return {int(line): int(count) for line, count in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
