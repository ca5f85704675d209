"""A bank in the test's hand: doors that move, locks that are wired wrong, contacts that read either way."""

from collections.abc import Mapping

from edge.access.errors import NotMoved


class FakeWalkedBanks:
    """Bank `bank-a` with three cells. `open_level` is what its contacts read while a door is open."""

    def __init__(self, *, open_level: str = "11", expected: str | None = None) -> None:
        self.open_level = open_level
        self.expected = expected
        self.doors = dict.fromkeys(("A01", "A02", "B01"), False)
        self.wires = {cell: cell for cell in self.doors}
        self.stuck: set[str] = set()
        self.jammed: set[str] = set()
        self.silent: set[str] = set()
        self.refuses = False
        self.plan = "8a /dev/bus board 1"
        self.tried: list[str] = []
        self.proved: list[str | None] = []

    async def try_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Open the door that this cell's wire leads to."""
        if self.refuses:
            raise NotMoved("board_offline")
        self.tried.append(cell)
        if cell not in self.jammed:
            self.doors[self.wires[cell]] = True

    def close(self, cell: str) -> None:
        """The person pushes a door to."""
        self.doors[cell] = False

    def levels(self, bank: str) -> Mapping[str, str | None]:
        """What the contacts read."""
        closed = "00" if self.open_level == "11" else "11"
        return {
            cell: None
            if cell in self.silent
            else self.open_level
            if is_open and cell not in self.stuck
            else closed
            for cell, is_open in self.doors.items()
        }

    def expected_open(self, bank: str) -> str | None:
        """As the site's file says."""
        return self.expected

    def wiring(self, bank: str) -> str:
        """The plan."""
        return self.plan

    def prove(self, bank: str, closed_level: str | None) -> None:
        """Note it."""
        self.proved.append(closed_level)
