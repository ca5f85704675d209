"""A locker board as its firmware would behave: cells, dedupe, nonce, pulses, contacts. No sockets here."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from devices.mqtt.messages import BoardState, CellEvent, OpenCell, Result

REMEMBERED_IDS = 1000

Say = Callable[[str, bytes, bool], None]
"""Publishes a leaf (`res`, `state`, `evt`): payload, retained."""


@dataclass
class Cell:
    """One cell. `jammed`: the latch releases nothing. `never_closed`: the demo person leaves it open."""

    is_open: bool = False
    jammed: bool = False
    never_closed: bool = False
    silent: bool = False
    opened_at_ms: int = 0
    openings: int = 0


@dataclass
class Board:
    """The board. `auto_close_s` is how long the simulated person takes; without `auto_close` a hand does it.

    `answers` false: commands are obeyed, but no result is sent. `lying`: results say ok, nothing opens.
    """

    names: Iterable[str]
    say: Say
    now_ms: Callable[[], int]
    auto_close_s: float = 6.0
    auto_close: bool = True
    answers: bool = True
    lying: bool = False
    nonce: str = ""
    cells: dict[str, Cell] = field(init=False)
    _seen: OrderedDict[str, bool] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.cells = {name: Cell() for name in self.names}

    def begin_session(self) -> None:
        """A new connection: commands of the last one are dead, because the nonce changes."""
        self.nonce = secrets.token_hex(8)
        self.tell_state()

    def tell_state(self) -> None:
        """Publish every cell's contact, retained."""
        cells = {name: "open" if cell.is_open else "closed" for name, cell in self.cells.items()}
        state = BoardState(nonce=self.nonce, cells=cells, at=self.now_ms())
        self.say("state", msgspec.json.encode(state), True)

    def obey(self, payload: bytes, *, retained: bool) -> None:
        """Take a command. Retained, foreign, repeated or unreadable ones move nothing."""
        if retained:
            return
        try:
            command = msgspec.json.decode(payload, type=OpenCell)
        except msgspec.DecodeError:
            return
        if command.id in self._seen:
            self._answer(command.id, self._seen[command.id], "repeated")
            return
        why = self._objection(command)
        self._seen[command.id] = not why
        if len(self._seen) > REMEMBERED_IDS:
            self._seen.popitem(last=False)
        self._answer(command.id, not why, why)
        if not why and not self.lying and not self.cells[command.cell].jammed:
            self.set_open(command.cell, True)

    def set_open(self, name: str, is_open: bool) -> None:
        """The cell's door moves: by its latch, by the person, or by a hand."""
        cell = self.cells[name]
        if cell.is_open == is_open:
            return
        cell.is_open = is_open
        if is_open:
            cell.opened_at_ms = self.now_ms()
            cell.openings += 1
        if not cell.silent:
            event = CellEvent(cell=name, state="open" if is_open else "closed")
            self.say("evt", msgspec.json.encode(event), False)
            self.tell_state()

    def advance(self) -> None:
        """Let the simulated person close what is open long enough."""
        if not self.auto_close:
            return
        for name, cell in self.cells.items():
            age_ms = self.now_ms() - cell.opened_at_ms
            if cell.is_open and not cell.never_closed and age_ms >= self.auto_close_s * 1000:
                self.set_open(name, False)

    def _objection(self, command: OpenCell) -> str:
        if command.nonce != self.nonce:
            return "wrong_nonce"
        if command.action != "open" or command.ttl_ms <= 0:
            return "unknown_action"
        return "" if command.cell in self.cells else "unknown_cell"

    def _answer(self, command_id: str, ok: bool, why: str) -> None:
        if self.answers:
            self.say("res", msgspec.json.encode(Result(id=command_id, ok=ok, why=why)), False)
