"""Tables of a document that are law: the proofs read them and try every cell."""

import re
from typing import NamedTuple


class Cell(NamedTuple):
    """One cell: its row's first word, its column's head, what it says."""

    row: str
    column: str
    value: str


def read_tables(document: str) -> dict[str, list[Cell]]:
    """The table under each second-level heading of a Markdown document, cell by cell."""
    tables: dict[str, list[Cell]] = {}
    for part in document.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        rows = [
            [cell.strip(" `") for cell in line[1:-1].split("|")]
            for line in re.findall(r"^\|.*\|$", body, re.M)
        ]
        tables[title] = [
            Cell(row[0], column, value)
            for row in rows[2:]
            for column, value in zip(rows[0][1:], row[1:], strict=True)
        ]
    return tables
