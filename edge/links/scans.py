"""What a reader read, and the queue in which it waits for a screen."""

import asyncio

import msgspec

PAYMENT_CODE = "payment_code"
"""Symbology of a payment code that was discarded unread: its scan carries no text."""

CARD = "card"
"""Symbology of a card or fob: its number in decimal, without leading zeros, whatever reader read it."""

PIN = "pin"
"""Symbology of what was typed on a keypad: `ROOM#PIN`, digits only on both sides."""


MAY_BE_PAYMENT_CODES = frozenset({"qr", "ean13", "ean8", "code128"})
"""Symbologies whose digits may be a payer's. A card's number often looks like such a code and is none."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What one reader read once.

    `symbology` is qr, ean13, ean8, code128, `CARD`, `PIN` or `PAYMENT_CODE`; `at_ms` is the hub's trusted
    time. The text may be a secret: it is in no representation.
    """

    reader: str
    symbology: str
    text: str
    at_ms: int

    def __repr__(self) -> str:
        return f"Scan({self.reader}, {self.symbology}, {len(self.text)} characters)"


class ScanQueue:
    """A bounded queue to one kiosk. When nobody takes scans the oldest goes first, and is counted."""

    def __init__(self, *, limit: int = 16) -> None:
        self._queue: asyncio.Queue[Scan] = asyncio.Queue(limit)
        self.dropped = 0

    def put(self, scan: Scan) -> None:
        """Add a scan."""
        if self._queue.full():
            self._queue.get_nowait()
            self.dropped += 1
        self._queue.put_nowait(scan)

    async def get(self) -> Scan:
        """Wait for the next scan."""
        return await self._queue.get()

    def clear(self) -> None:
        """Forget what waits: a session ended, and the next person did not show it."""
        while not self._queue.empty():
            self._queue.get_nowait()
