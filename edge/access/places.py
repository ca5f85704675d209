"""Names of what opens: `door:gate`, `cell:bank-a/A01`."""


def door_place(door: str) -> str:
    """The place of a door."""
    return f"door:{door}"


def cell_place(bank: str, cell: str) -> str:
    """The place of a locker cell (格口)."""
    return f"cell:{bank}/{cell}"


def is_cell(place: str) -> bool:
    """Tell whether a place is a locker cell."""
    return place.startswith("cell:")


def split_cell(place: str) -> tuple[str, str]:
    """Bank and cell of a cell's place."""
    bank, _, cell = place.removeprefix("cell:").partition("/")
    return bank, cell
