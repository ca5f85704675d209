"""How a bank and the cells of an order are drawn and said; shared by pickup and deposit."""

from dataclasses import dataclass

from kiosk.desks.views import Bank, PickupCell
from kiosk.words import Text

MARKS: dict[str, tuple[str, str]] = {
    "got": ("", "check"),
    "open": ("open", "dooropen"),
    "opening": ("wait", "clock"),
    "waiting": ("wait", "clock"),
    "unknown": ("unsure", "unsure"),
    "jam": ("stop", "cross"),
    "left": ("stop", "cross"),
    "disputed": ("wait", "phone"),
}
STATES: dict[str, Text] = {
    "got": Text("已拿，门已关", "Taken, door closed"),
    "open": Text("门开着", "Door open"),
    "opening": Text("正在开", "Opening"),
    "waiting": Text("还没开", "Not opened yet"),
    "unknown": Text("不知道开没开", "Not known whether it opened"),
    "jam": Text("没有打开", "Did not open"),
    "left": Text("没有打开，请找前台", "Did not open, ask at the counter"),
    "disputed": Text("记下了，我们打电话给您", "On record, we call you"),
}
NOT_KNOWN_SHUT = Text("不知道关没关", "Not known whether it is shut")
PICTURES = {
    "open": "open",
    "got": "got",
    "unknown": "unsure",
    "jam": "jam",
    "left": "jam",
    "opening": "next",
    "disputed": "jam",
}
"""How a cell of one's own is drawn."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list of cells."""

    cell: str
    items: Text
    words: Text
    mark: tuple[str, str]
    at_ms: int | None


def step_of(cell: PickupCell, bank: Bank | None) -> Step:
    """One line of the list."""
    mark = "unknown" if _is_lost(cell, bank) else cell.state
    at_ms = cell.since_ms if cell.state == "got" else None
    return Step(cell.cell, cell.items, _words_of(cell, bank), MARKS[mark], at_ms)


def _words_of(cell: PickupCell, bank: Bank | None) -> Text:
    return NOT_KNOWN_SHUT if _is_lost(cell, bank) else STATES[cell.state]


def _is_lost(cell: PickupCell, bank: Bank | None) -> bool:
    """A cell that opened, and of which nobody knows any more whether it still is."""
    return cell.state == "open" and is_silent(bank, cell.cell)


def is_silent(bank: Bank | None, cell: str) -> bool:
    """Whether nobody knows now how a cell's door stands: its board is away, or its contact cannot be read."""
    places = (place for column in (bank.columns if bank else ()) for place in column)
    return any(place.name == cell and place.door == "unknown" for place in places)


def bank_of(banks: tuple[Bank, ...], cell: str) -> Bank | None:
    """The bank the cell stands in, or the first."""
    for bank in banks:
        if any(place.name == cell for column in bank.columns for place in column):
            return bank
    return banks[0] if banks else None


def pictures_of(bank: Bank | None, cells: tuple[PickupCell, ...], following: str) -> dict[str, str]:
    """Cell name → how it is drawn. Cells of others carry no more than their number, or hatch."""
    states: dict[str, str] = {}
    for column in bank.columns if bank else ():
        for place in column:
            if place.out_of_use:
                states[place.name] = "jam"
            elif place.door == "unknown":
                states[place.name] = "unsure"
    for cell in cells:
        states[cell.cell] = PICTURES.get("unknown" if _is_lost(cell, bank) else cell.state, "")
    if following:
        states[following] = "next"
    return states


def label_of(bank: Bank | None, cells: tuple[PickupCell, ...]) -> Text:
    """The bank in words: own cells only."""
    if not cells:
        return Text("柜子", "The lockers")
    zh = "，".join(f"{cell.cell} {_words_of(cell, bank).zh}" for cell in cells)
    en = ", ".join(f"{cell.cell} {_words_of(cell, bank).en.lower()}" for cell in cells)
    return Text("柜子：{cells}", "The lockers: {cells}").fill(cells=Text(zh, en))
