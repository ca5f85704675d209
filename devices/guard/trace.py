"""The guard's own record of every edge on every line: JSON lines, appended."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

LIMIT_BYTES = 8 * 1024 * 1024
"""Size at which the trace starts anew; the one before is kept beside it as `.1`."""


class Trace:
    """Append-only file of `{"at_boot_ns", "line", "level": 0|1, "id"}`.

    A pulse writes one entry with level 1 and its id, also when the line was on already; the entry with
    level 0 carries the id of the pulse that ended last, or why the line went off ("start", "exit",
    "hub-gone", "beat-missed", "fault", "hold"). Lamps and buzzers carry "signal". A contact or an input is
    `{"at_boot_ns", "line", "input": what it says}`: at the start, and whenever it moved.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor = -1 if path is None else _open(path)
        self._lost = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def write(self, at_boot_ns: int, line: int, level: int, cause: str) -> None:
        """Append one edge. A full disk stops no door: what could not be written is counted as `lost`."""
        self._append({"at_boot_ns": at_boot_ns, "line": line, "level": level, "id": cause})

    def write_input(self, at_boot_ns: int, line: int, says: str) -> None:
        """Append what a contact or an input says; a full disk as with `write`."""
        self._append({"at_boot_ns": at_boot_ns, "line": line, "input": says})

    def _append(self, entry: dict[str, int | str]) -> None:
        if self._path is None:
            return
        if self._lost:
            entry["lost"] = self._lost
        try:
            os.write(self._descriptor, json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        except OSError:
            self._lost += 1
            return
        self._lost = 0
        if os.fstat(self._descriptor).st_size > LIMIT_BYTES:
            os.close(self._descriptor)
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._descriptor = _open(self._path)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
