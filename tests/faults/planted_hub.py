"""`edge` to be killed: `python -m tests.faults.planted_hub BUG run …` plants a bug (or `none`) and runs it.

At SIGUSR1 it reads from the file of `ARM_FILE` the name of the point where it shall die, and removes the
file: a kill at a named point needs no start of its own. At SIGUSR2 it takes the bug of `hub_bugs` that is
planted out, reads from the file of `PLANT_FILE` the name of the next one (or `none`), and removes the file.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import edge.pay.records
import edge.peripherals
from devices.gpio.client import LATE_AFTER_NS, GuardClient, boot_ns
from devices.gpio.messages import Pulse
from edge.__main__ import main
from edge.access import openings, records
from edge.access.doors.door import Door
from edge.access.entry import DoorOpener, Report
from edge.access.policy import Intent
from edge.access.records import Opening
from edge.pay.attempts import Attempt, Finding
from edge.pay.engine import PaymentEngine
from edge.pay.states import Answer
from edge.store.crashpoints import VARIABLE
from edge.store.unit import Unit
from tests.faults.hub_bugs import BUGS

ARM_FILE = "EDGE_TEST_ARM_FILE"
PLANT_FILE = "EDGE_TEST_PLANT_FILE"
NO_BUG = "none"


class _Peeked(Exception):
    """Carries an intent out of a unit that leaves nothing behind."""

    def __init__(self, intent: Intent) -> None:
        super().__init__()
        self.intent = intent


def _fire_before_commit() -> None:
    right = DoorOpener._open

    async def open_hastily(
        self: DoorOpener, door: Door, intend: Callable[[Unit], Intent], tell: Report | None = None
    ) -> Opening:
        def peek(unit: Unit) -> Intent:
            before = unit._executor._counter
            intent = intend(unit)
            unit._executor._counter = before
            raise _Peeked(intent)

        try:
            await self._store.run(peek)
        except _Peeked as peeked:
            if peeked.intent.fresh:
                await self._pulser.pulse(peeked.intent.opening.id, door.id)
        return await right(self, door, intend, tell)

    DoorOpener._open = open_hastily  # type: ignore[method-assign]


def _fire_unknown_again() -> None:
    left: list[Opening] = []

    def recover(unit: Unit) -> int:
        left.extend(records.undecided(unit.connection))
        return openings.recover_openings(unit)

    right = GuardClient._take

    async def take(self: GuardClient, message: Any) -> None:
        await right(self, message)
        while self.connected and left:
            opening = left.pop()
            self._send(_pulse_of(self, opening))

    edge.peripherals.recover_openings = recover  # type: ignore[attr-defined]
    GuardClient._take = take  # type: ignore[method-assign]


def _pulse_of(client: GuardClient, opening: Opening) -> Pulse:
    door = client._doors[opening.place.removeprefix("door:")]
    assert door.line is not None
    return Pulse(opening.id, door.line, door.pulse_ms, boot_ns() + LATE_AFTER_NS)


def _forget(unit: Unit, attempt_id: str) -> None:
    edge.pay.records.end_watch(unit.connection, attempt_id)


def _pay_anew_after_restart() -> None:
    """What was open is given up unasked and forgotten, and the payer is asked anew."""
    right = PaymentEngine.settle_open
    first: list[bool] = [True]

    async def settle_open(self: PaymentEngine) -> tuple[Attempt, ...]:
        if first:
            first.clear()
            for attempt in await self._store.read(edge.pay.attempts.open_attempts):
                await self._apply(attempt.id, Finding(answer=Answer.FAILED, reason="restart"))
                await self._store.run(partial(_forget, attempt_id=attempt.id))
                await self.start(attempt.order_id, attempt.payee, attempt.amount_fen)
        return await right(self)

    PaymentEngine.settle_open = settle_open  # type: ignore[method-assign]


PLANTS: dict[str, Callable[[], None]] = {
    "fired before the intent is committed": _fire_before_commit,
    "recovery fires an unknown opening again": _fire_unknown_again,
    "payment created anew after a restart": _pay_anew_after_restart,
}


def _arm(_number: int, _frame: FrameType | None) -> None:
    order = Path(os.environ[ARM_FILE])
    os.environ[VARIABLE] = order.read_text()
    order.unlink()


_planted = ExitStack()


def _plant(_number: int, _frame: FrameType | None) -> None:
    order = Path(os.environ[PLANT_FILE])
    _planted.close()
    if (bug := order.read_text()) != NO_BUG:
        _planted.enter_context(BUGS[bug]())
    order.unlink()


if __name__ == "__main__":
    bug = sys.argv.pop(1)
    if bug != NO_BUG:
        PLANTS[bug]()
    signal.signal(signal.SIGUSR1, _arm)
    signal.signal(signal.SIGUSR2, _plant)
    main()
