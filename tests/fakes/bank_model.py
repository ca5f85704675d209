"""A locker bank as a physical thing: doors, what lies behind them, and a board that lies, is late or dies."""

from dataclasses import dataclass, field

from edge.access.errors import NotMoved
from edge.errors import DeviceOffline

MODES = ("well", "lies", "jams", "wrong", "late", "denies", "silent", "dead")
"""well; says yes and opens nothing; the same of one latch; opens another cell; opens later; says no and opens
later; opens and does not answer; answers that it did nothing, and so it is."""


@dataclass
class BankModel:
    """`door` says which doors stand open, `inside` what lies behind each; `news` are reports on their way."""

    cells: tuple[str, ...]
    mode: str = "well"
    wrong: str = ""
    opened: set[str] = field(default_factory=set)
    inside: dict[str, list[str]] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    news: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Take a command as the mode says."""
        assert all(opening_id != asked for asked, _, _ in self.asked), f"{opening_id} was sent twice"
        self.asked.append((opening_id, bank, cell))
        match self.mode:
            case "dead":
                raise NotMoved("board_offline")
            case "denies":
                self.pending.append(cell)
                raise NotMoved("board_refused")
            case "late":
                self.pending.append(cell)
            case "wrong":
                self.swing(self.wrong if self.wrong != cell else self.cells[0], "open")
            case "lies" | "jams":
                pass
            case "silent":
                self.swing(cell, "open")
                raise DeviceOffline("no answer")
            case _:
                self.swing(cell, "open")

    def swing(self, cell: str, state: str) -> None:
        """A door moves, and its contact has something to say."""
        if (cell in self.opened) == (state == "open"):
            return
        if state == "open":
            self.opened.add(cell)
        else:
            self.opened.discard(cell)
        self.news.append((cell, state))

    def state(self, cell: str) -> str:
        """What a contact reads now."""
        return "open" if cell in self.opened else "closed"

    def put(self, cell: str, parcel: str) -> None:
        """Somebody puts a parcel behind an open door."""
        self.inside.setdefault(cell, []).append(parcel)

    def take(self, cell: str) -> list[str]:
        """Somebody takes everything out of an open cell."""
        return self.inside.pop(cell, [])
