"""The technician's list (维护清单): what is wrong with a device now, in words, bounded.

Whoever drives a device reports what it found and clears it when it is well again. The list lives in memory:
after a restart each driver finds anew what is still so.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edge.links.finding_words import WORDS

MAX_FINDINGS = 200
"""Findings kept; beyond it the one that was seen longest ago goes, and `dropped` counts it."""
MAX_DETAIL = 200
"""Characters of a detail. A device may send anything; the list stays readable."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with one device. `code` is a key of `finding_words.WORDS`.

    `since_ms` and `last_ms` are the trusted clock's; `count` is how often it was reported since.
    """

    device: str
    code: str
    detail: str
    since_ms: int
    last_ms: int
    count: int
    zh: str
    en: str


class Findings:
    """Findings by device and code. `report` and `clear` are called from the event loop only."""

    def __init__(
        self,
        *,
        now_ms: Callable[[], int],
        words: Mapping[str, tuple[str, str]] = WORDS,
        limit: int = MAX_FINDINGS,
    ) -> None:
        self._now_ms = now_ms
        self._words = words
        self._limit = limit
        self._found: OrderedDict[tuple[str, str], Finding] = OrderedDict()
        self.dropped = 0

    def report(self, device: str, code: str, detail: str = "") -> bool:
        """Note that a device has this fault; True when it is news, so that a log line is worth writing."""
        zh, en = self._words[code]
        now_ms, key = self._now_ms(), (device, code)
        before = self._found.pop(key, None)
        self._found[key] = Finding(
            device=device,
            code=code,
            detail=_plain(detail),
            since_ms=now_ms if before is None else before.since_ms,
            last_ms=now_ms,
            count=1 if before is None else before.count + 1,
            zh=zh,
            en=en,
        )
        if len(self._found) > self._limit:
            self._found.popitem(last=False)
            self.dropped += 1
        return before is None

    def clear(self, device: str, code: str | None = None) -> None:
        """The device is well again, of one fault or of all."""
        for key in [key for key in self._found if key[0] == device and code in (None, key[1])]:
            del self._found[key]

    def has(self, device: str, code: str) -> bool:
        """Whether the device has this fault now."""
        return (device, code) in self._found

    def all(self) -> tuple[Finding, ...]:
        """Everything that is wrong now, the oldest first."""
        return tuple(sorted(self._found.values(), key=lambda finding: (finding.since_ms, finding.device)))

    def describe(self) -> list[dict[str, Any]]:
        """The same as plain values, for `/health` and the control socket."""
        return [msgspec.structs.asdict(finding) for finding in self.all()]


def _plain(text: str) -> str:
    """What may stand in the list: one short line of printable characters."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:MAX_DETAIL])
