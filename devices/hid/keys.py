"""From the kernel's key events to typed texts.

Codes are those of linux/input-event-codes.h; a scanner types as a US keyboard does, which is how it is
delivered.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

EVENT = struct.Struct("@llHHi")
"""struct input_event of a 64-bit kernel (linux/input.h): time in s and µs, type, code, value."""

EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
KEY_UP, KEY_DOWN = 0, 1
ENDS = frozenset({28, 96, 15})
"""Enter, the keypad's Enter, Tab: what scanners are set to put behind a code."""

SHIFTS = frozenset({42, 54})
OTHER_MODIFIERS = frozenset({29, 97, 56, 100, 125, 126})
"""Ctrl, Alt, Meta: with one of them held, a key is no character of a code."""

SILENT = frozenset({58, 69, 70})
"""Caps, Num and Scroll Lock."""

UNREADABLE = "�"
"""Stands for a key that is no character, so that a code with one in it is refused rather than shortened."""

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
)
CHARACTERS: dict[int, tuple[str, str]] = {
    first + place: pair
    for first, plain, shifted in _ROWS
    for place, pair in enumerate(zip(plain, shifted, strict=True))
}


class KeyEvent(NamedTuple):
    """One event of the device."""

    kind: int
    code: int
    value: int


def read_events(data: bytes) -> Iterator[KeyEvent]:
    """The whole events in what was read; a kernel never gives half of one."""
    whole = len(data) - len(data) % EVENT.size
    for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
        yield KeyEvent(kind, code, value)


class Typing:
    """Puts characters together into texts. A pause of `gap_ms` within a text throws it away.

    `limit`: characters kept of one text; one that is longer stays too long, and is refused as such.
    """

    def __init__(self, *, gap_ms: int, limit: int) -> None:
        self._gap_ms = gap_ms
        self._limit = limit
        self._typed: list[str] = []
        self._held: set[int] = set()
        self._last_ms = 0

    def take(self, event: KeyEvent, now_ms: int) -> str | None:
        """Take an event; the text when this was the key that ends one."""
        if event.kind == EV_SYN and event.code == SYN_DROPPED:
            self._held.clear()
            self._add(UNREADABLE, now_ms)
            return None
        if event.kind != EV_KEY:
            return None
        if event.code in SHIFTS | OTHER_MODIFIERS:
            (self._held.discard if event.value == KEY_UP else self._held.add)(event.code)
            return None
        if event.value != KEY_DOWN or event.code in SILENT:
            return None
        if event.code in ENDS:
            return self._end(now_ms)
        plain, shifted = CHARACTERS.get(event.code, (UNREADABLE, UNREADABLE))
        if self._held & OTHER_MODIFIERS:
            plain = shifted = UNREADABLE
        self._add(shifted if self._held & SHIFTS else plain, now_ms)
        return None

    def _add(self, character: str, now_ms: int) -> None:
        if now_ms - self._last_ms > self._gap_ms:
            self._typed.clear()
        self._last_ms = now_ms
        if len(self._typed) < self._limit:
            self._typed.append(character)

    def _end(self, now_ms: int) -> str | None:
        late = now_ms - self._last_ms > self._gap_ms
        text = "" if late else "".join(self._typed)
        self._typed.clear()
        return text or None
