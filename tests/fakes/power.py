"""A writing connection on a disk that fails and under power that is cut, at any COMMIT that a test names."""

import sqlite3
from typing import Any

from tests.fakes.connections import FailingConnection


class PowerCut(BaseException):
    """The power is gone; nothing of the program catches it."""


class Power:
    """What will happen at coming commits. `cut_at` counts down: at 1 the next COMMIT is the last one.

    `after` lets that COMMIT reach the disk; `errors` are SQLite codes of the next COMMITs, in order;
    `read_only` fails every one.
    """

    def __init__(self) -> None:
        self.cut_at = 0
        self.after = False
        self.is_cut = False
        self.read_only = False
        self.errors: list[int] = []
        self.failed = 0

    @property
    def can_write(self) -> bool:
        """Whether the next COMMIT would reach the disk."""
        return not (self.read_only or self.errors or self.is_cut)

    def restore(self) -> None:
        """Power is back; the disk is as it was."""
        self.cut_at, self.after, self.is_cut = 0, False, False


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
        if power.read_only or power.errors:
            code = sqlite3.SQLITE_READONLY if power.read_only else power.errors.pop(0)
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
        return super().execute(sql, parameters)
