"""No path leads from unpaid bills to a door: no import, no table, no refusal (architecture, Doors)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import edge.access
from edge.access.doors.tables import CONDITIONS
from edge.access.schema import MIGRATIONS
from edge.errors import Refusal

ROOM = Path(edge.access.__file__).parent
MONEY_ROOMS = ("edge.pay", "edge.books", "edge.homes", "edge.settlement", "edge.money", "edge.shop")
MONEY_WORDS = re.compile(r"arrear|unpaid|overdue_bill|bills?\b|debt|owed_fen|penalt|_fen\b|balance|欠费")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def money_imports(root: Path) -> list[str]:
    """What a room imports of the rooms that know of bills."""
    return [
        f"{path.name}: {name}"
        for path in sorted(root.rglob("*.py"))
        for name in _imports(path)
        if name.startswith(MONEY_ROOMS)
    ]


def test_nothing_of_the_doors_imports_what_knows_of_bills() -> None:
    assert money_imports(ROOM) == []


def test_the_check_of_imports_would_see_one(tmp_path: Path) -> None:
    (tmp_path / "gate.py").write_text("from edge.homes.bills import Bill\n")
    assert money_imports(tmp_path) == ["gate.py: edge.homes.bills"]


def test_no_table_of_the_doors_knows_of_bills() -> None:
    told = [migration.name for migration in MIGRATIONS if MONEY_WORDS.search(migration.sql)]
    assert told == []


def test_no_condition_and_no_refusal_of_the_doors_speaks_of_bills() -> None:
    codes = {kind.code for kind in _all(Refusal) if kind.__module__.startswith("edge.access")}
    words = [*CONDITIONS, *codes]
    assert codes
    assert [word for word in words if MONEY_WORDS.search(word)] == []


def _all(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all(each)
