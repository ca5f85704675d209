"""The journal as it fills: the hub's newest entries, and which of them are in the platform's custody."""

import json
from typing import Any

from edge.demo.compare import kind_of
from edge.demo.stage.asking import Asker

NEWEST = 40
PAGE = 1000


class JournalView:
    """Reads each line of the journal once; `entries` are all of them, decoded."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.entries: list[dict[str, Any]] = []

    async def look(self, status: dict[str, Any] | None) -> dict[str, Any]:
        """The newest entries first; `waiting` and `gaps` are None where nobody can tell."""
        if status is not None:
            await self._read_on(status)
        stream = await self._asker.stream()
        held = None if stream is None else stream.get("head_seq", 0)
        newest = reversed(self.entries[-NEWEST:])
        return {
            "entries": [_tell(entry, held) for entry in newest],
            "waiting": None if held is None or status is None else max(0, status["head_seq"] - held),
            "gaps": None if stream is None else _gaps(stream),
        }

    async def _read_on(self, status: dict[str, Any]) -> None:
        if self.entries and status["head_seq"] < self.entries[-1]["seq"]:
            self.entries = []  # another copy of the database was put in place
        while page := await self._asker.journal(self.entries[-1]["seq"] if self.entries else 0, PAGE):
            self.entries += [json.loads(line) for line in page]


def _tell(entry: dict[str, Any], held: int | None) -> dict[str, Any]:
    kind = kind_of(entry)
    return {
        "seq": entry["seq"],
        "kind": kind,
        "zh": kind,
        "en": kind,
        "held": held is not None and entry["seq"] <= held,
    }


def _gaps(stream: dict[str, Any]) -> int:
    """Events that are missing below the head of what the platform has."""
    if not stream:
        return 0
    return int(stream["head_seq"] - stream["first_seq"] + 1 - stream["events"])
