"""Where the cells of a bank are: size, column, row, and whether a person in a wheelchair reaches them."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

PANEL = "panel"
SIZES: Mapping[str, int] = {"s": 1, "m": 2, "l": 3}
"""Sizes from small to large, and the height of a cell in parts; a column's parts share the bank's height."""
REACH_FROM_CM = 40
REACH_TO_CM = 120
"""What can usually be reached from a wheelchair: 0.40 m to 1.20 m above the floor."""


class BankLayout(Protocol):
    """What is needed of a bank's settings."""

    @property
    def id(self) -> str:
        """The bank's name."""

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """`cell:size` entries, column by column from the left, each from the top down; `panel` is no cell."""

    @property
    def height_cm(self) -> int:
        """Height of the bank's cells together."""

    @property
    def base_cm(self) -> int:
        """Height of its lower edge above the floor."""


class CellPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One cell as it stands there; `middle_cm` is the height of its middle above the floor."""

    bank: str
    cell: str
    size: str
    column: int
    row: int
    middle_cm: int

    @property
    def accessible(self) -> bool:
        """Whether its middle can be reached from a wheelchair."""
        return REACH_FROM_CM <= self.middle_cm <= REACH_TO_CM


def lay_out(bank: BankLayout) -> tuple[CellPlace, ...]:
    """Every cell of a bank, column by column from the top down."""
    return tuple(
        place for number, column in enumerate(bank.columns) for place in _column(bank, number, column)
    )


def lay_out_all(banks: Iterable[BankLayout]) -> dict[tuple[str, str], CellPlace]:
    """Every cell of a site by bank and name."""
    return {(place.bank, place.cell): place for bank in banks for place in lay_out(bank)}


def _column(bank: BankLayout, number: int, column: tuple[str, ...]) -> Iterable[CellPlace]:
    """The panel is as high as a large cell, or as whatever its column leaves."""
    split = [entry.partition(":") for entry in column]
    parts = [SIZES.get(size or "m", SIZES["m"]) if name != PANEL else SIZES["l"] for name, _, size in split]
    above = 0
    for row, (name, _, size) in enumerate(split):
        middle = above + parts[row] / 2
        above += parts[row]
        if name != PANEL:
            yield CellPlace(
                bank=bank.id,
                cell=name,
                size=size or "m",
                column=number,
                row=row,
                middle_cm=round(bank.base_cm + bank.height_cm * (1 - middle / sum(parts))),
            )
