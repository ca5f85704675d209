"""A writing connection on a disk that fails or is full, under power that may be cut at any COMMIT."""

import sqlite3
from typing import Any

from edge.store.reserve import Reserve
from tests.fakes.connections import FailingConnection


class PowerCut(BaseException):
    """The power is gone; nothing of the program catches it."""


class Power:
    """What will happen at coming commits. `cut_at` counts down: at 1 the next COMMIT is the last one.

    `after` lets that COMMIT reach the disk; `errors` are SQLite codes of the next COMMITs, in order;
    `read_only` fails every one; `full` every one but as many as the given back reserve has room for.
    """

    def __init__(self) -> None:
        self.cut_at = 0
        self.after = False
        self.is_cut = False
        self.read_only = False
        self.errors: list[int] = []
        self.failed = 0
        self.full = False
        self.room = 0

    @property
    def can_write(self) -> bool:
        """Whether the next COMMIT would reach the disk."""
        full = self.full and not self.room
        return not (self.read_only or self.errors or self.is_cut or full)

    def restore(self) -> None:
        """Power is back; the disk is as it was."""
        self.cut_at, self.after, self.is_cut = 0, False, False


class FakeReserve(Reserve):
    """Room for `COMMITS` more units on the full disk of a `Power`. It is held again once that is not full."""

    COMMITS = 6

    def __init__(self, power: Power) -> None:
        self._power = power
        self._held = False

    @property
    def held(self) -> bool:
        """Whether the room is kept."""
        return self._held

    def take(self) -> bool:
        """Keep the room unless the disk is full."""
        if not self._power.full:
            self._held, self._power.room = True, 0
        return self._held

    def give_back(self) -> bool:
        """Let units have the room."""
        given, self._held = self._held, False
        if given:
            self._power.room = self.COMMITS
        return given


class PoweredConnection(FailingConnection):
    """`power` is set right after opening."""

    power: Power | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement, unless the power is gone or goes now."""
        power = self.power
        if power is None:
            return super().execute(sql, parameters)
        if power.is_cut:
            raise PowerCut
        if sql != "COMMIT":
            return super().execute(sql, parameters)
        full = power.full and not power.room
        if power.read_only or power.errors or full:
            code = self._code(power)
            power.failed += 1
            error = sqlite3.OperationalError("the disk does not take it")
            error.sqlite_errorcode = code
            raise error
        if power.cut_at:
            power.cut_at -= 1
            if power.cut_at == 0:
                power.is_cut = True
                if power.after:
                    super().execute(sql, parameters)
                raise PowerCut
        power.room = max(0, power.room - 1)
        return super().execute(sql, parameters)

    @staticmethod
    def _code(power: Power) -> int:
        if power.read_only:
            return sqlite3.SQLITE_READONLY
        return power.errors.pop(0) if power.errors else sqlite3.SQLITE_FULL
