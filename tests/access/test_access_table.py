"""docs/access.md is what the code says, and every cell of it happens at a real door."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

import pytest

from edge.access.credentials.judging import ListAge
from edge.access.credentials.table import CREDENTIALS, document
from edge.access.doors.door import Door, DoorKind
from edge.errors import Refusal
from edge.trust.clock import Trust
from tests.fakes.access_world import DAY_MS, AccessWorld
from tests.fakes.credentials import CARD, HOUR_MS, PIN, Desk
from tests.proofs.doc_tables import Cell, read_tables

DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"
SUBJECT = "res-1203"


class TableWorld(AccessWorld):
    """A door of every kind; the revocation list may be a day old."""

    doors: ClassVar = {
        kind.value: Door(id=kind.value, kind=kind, revocation_age_ms=DAY_MS) for kind in DoorKind
    }

    def __init__(self) -> None:
        super().__init__()
        self.desk_of_platform = Desk(self)
        self.desk_of_platform.give_card()
        self.desk_of_platform.set_pin()
        self.grant(SUBJECT, tuple(self.doors))
        self.pulser.mode = "refuses"  # decided at once, and no use is taken

    def set_list(self, age: ListAge) -> None:
        """Have a list of this age."""
        self.store.connection.execute("DELETE FROM revocation_list")
        if age is not ListAge.NONE:
            old_ms = DAY_MS + HOUR_MS if age is ListAge.OLD else HOUR_MS
            self.desk_of_platform.revoke(issued_ms=self.clock.at_ms - old_ms)

    def attempt(self, credential: str, door: str) -> Awaitable[object]:
        """Show a good credential of this kind at a door."""
        if credential == "command":
            return self.opener.open_by_command(self.command(target=f"door:{door}"))
        text, symbology = self._shown(credential, door)
        return self.opener.enter(text, door, source="r", symbology=symbology)

    def _shown(self, credential: str, door: str) -> tuple[str, str]:
        ways: dict[str, Callable[[], tuple[str, str]]] = {
            "resident": lambda: (self.code(SUBJECT), "qr"),
            "card": lambda: (CARD, "card"),
            "room_pin": lambda: (f"31203#{PIN}", "pin"),
            "visitor": lambda: (self.visitor(doors=(door,)), "qr"),
            "staff": lambda: (self.visitor(kind="staff", doors=(door,), uses=None), "qr"),
            "order": lambda: (self.order_pass(), "qr"),
            "deposit": lambda: (self.visitor(kind="deposit", doors=(door,), uses=None), "qr"),
        }
        return ways[credential]()


def test_the_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text() == document(), "python -m edge.access.credentials > docs/access.md"


def _cells() -> list[tuple[str, Cell]]:
    tables = read_tables(DOCUMENT.read_text())
    return [
        (title.rpartition("kind ")[2].strip("`"), cell) for title, cells in tables.items() for cell in cells
    ]


@pytest.mark.slow
async def test_every_cell_happens_at_a_door() -> None:
    cells = _cells()
    assert len(cells) == len(CREDENTIALS) * len(DoorKind) * len(Trust) * len(ListAge)
    world = TableWorld()
    wrong = []
    for column in dict.fromkeys(cell.column for _, cell in cells):
        trust, _, age = column.partition(", list ")
        world.set_list(ListAge(age))
        world.clock.trust = Trust(trust)
        for door, cell in cells:
            if cell.column == column:
                saw = await _answer(world, cell.row, door)
                if saw != cell.value:
                    wrong.append(f"{cell.row} at {door}, {column}: {saw}, not {cell.value}")
    await world.close()
    assert wrong == []


async def _answer(world: TableWorld, credential: str, door: str) -> str:
    before = len(world.events("DoorOpenRequested"))
    try:
        await world.attempt(credential, door)
    except Refusal as refusal:
        return refusal.code
    assert len(world.events("DoorOpenRequested")) == before + 1
    return "opens"


@pytest.mark.slow
async def test_without_a_clock_a_strict_door_opens_to_nobody() -> None:
    world = TableWorld()
    strict = Door(id="residents", kind=DoorKind.RESIDENTS, opens_without_clock=False)
    world.opener._doors = {"residents": strict}
    world.clock.trust = Trust.UNKNOWN
    answers = {credential: await _answer(world, credential, "residents") for credential in CREDENTIALS}
    own = [answer for credential, answer in answers.items() if credential not in ("order", "deposit")]
    assert set(own) == {"clock_unknown"}
    await world.close()
