"""A locker board that lives in the test."""

from edge.access.errors import NotMoved
from edge.errors import DeviceOffline


class FakeCells:
    """Keeps what it was asked. `mode` is takes, refuses, or silent (taken, and nobody hears so)."""

    def __init__(self, cells: frozenset[tuple[str, str]] | None = None) -> None:
        self.cells = cells or frozenset(("bank-a", cell) for cell in ("A01", "A02", "B01"))
        self.mode = "takes"
        self.asked: list[tuple[str, str, str]] = []

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Take a command, as the mode says; an id is taken once."""
        if (bank, cell) not in self.cells:
            raise NotMoved("unknown_cell")
        if self.mode == "refuses":
            raise NotMoved("board_offline")
        if any(opening_id == asked for asked, _, _ in self.asked):
            raise NotMoved("repeated")
        self.asked.append((opening_id, bank, cell))
        if self.mode == "silent":
            raise DeviceOffline("no answer")
