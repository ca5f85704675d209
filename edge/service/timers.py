"""Due things are rows, run by one role, each at most once: its effect and its mark commit together.

A recurring kind has one row, whose act and next moment commit together; however long the power was out and
however far the clock jumped when it became known, it is caught up on once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple

from edge.errors import EdgeError
from edge.service import records
from edge.service.alarms import clear_alarm, raise_alarm
from edge.service.records import Timer
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock

log = logging.getLogger(__name__)

Act = Callable[[Unit, str], None]
"""What a kind of timer does, with the subject; runs in the unit that marks the row done."""

NextDue = Callable[[int], int]
"""The first moment after a given one (both epoch milliseconds) at which something recurs."""


class Recurring(NamedTuple):
    """A kind that comes again and again: what it does with subject "", and when next."""

    act: Act
    next_due: NextDue


BATCH = 50
KEEP_DONE_MS = 30 * 24 * 3_600_000
"""How long a row that was done keeps its subject from being done again."""
CLEAN_LIMIT = 1_000
DAY_MS = 24 * 3_600_000
SITE_OFFSET_MS = 8 * 3_600_000
"""China, UTC+8 all year since 1991."""
MAX_ATTEMPTS = 5
RETRY_MS = 60_000
"""Pause after the first failed attempt; it doubles with each."""
LOOK_EVERY_S = 1.0
FAILING = "timer_failing"
"""Alarm: a recurring kind used up its attempts; it is tried again at its next moment."""


def set_timer(unit: Unit, *, kind: str, subject: str, due_at_ms: int) -> None:
    """Let something be done once, not before `due_at_ms`; what was done is not set again."""
    records.insert_timer(unit.connection, unit.next_id(), kind=kind, subject=subject, due_at_ms=due_at_ms)


def drop_timer(unit: Unit, *, kind: str, subject: str) -> None:
    """It need not be done any more."""
    records.delete_timer(unit.connection, kind, subject)


def daily_at(hour: int, minute: int) -> NextDue:
    """Every day at this hour of the site."""
    offset_ms = (hour * 60 + minute) * 60_000 - SITE_OFFSET_MS
    return lambda after_ms: after_ms - (after_ms - offset_ms) % DAY_MS + DAY_MS


def every(period_ms: int) -> NextDue:
    """Every so often; what was missed is not made up for."""
    return lambda after_ms: after_ms + period_ms


def clean_done(unit: Unit, subject: str) -> None:
    """An act: remove rows that were done long ago."""
    records.delete_done(unit.connection, unit.now.at_ms - KEEP_DONE_MS, CLEAN_LIMIT)


class TimerRunner:
    """Runs due rows. `acts` maps each kind to what it does, `recurring` those that come again.

    `regular` are called at every look: they look at rows of their own, or at what is only in memory.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        acts: Mapping[str, Act],
        recurring: Mapping[str, Recurring] | None = None,
        regular: tuple[Callable[[], Awaitable[None]], ...] = (),
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._acts = acts
        self._recurring = recurring or {}
        self._regular = regular
        self._look_every_s = look_every_s

    async def run(self) -> None:
        """Look again and again; never returns. An unknown clock is a lower bound: its due is due."""
        await self.prepare()
        while True:
            await self.run_due()
            for call in self._regular:
                await call()
            await asyncio.sleep(self._look_every_s)

    async def prepare(self) -> None:
        """Give every recurring kind its row, and bring back one that a wrong clock had put years ahead."""
        await self._store.run(partial(_prepare, self._recurring), lane=Lane.BULK)

    async def run_due(self) -> int:
        """Run what is due now; returns how many rows were done. One that fails holds up no other."""
        at_ms = self._clock.now().at_ms
        due = await self._store.read(lambda connection: records.due_timers(connection, at_ms, BATCH))
        done = 0
        for timer in due:
            done += await self._run_one(timer)
        return done

    async def _run_one(self, timer: Timer) -> bool:
        # The attempt is counted before the act: a row that kills the process is parked in the end, too.
        recurring = self._recurring.get(timer.kind)
        if not await self._store.run(partial(_claim, timer, recurring), lane=Lane.BULK):
            return False
        act = self._acts.get(timer.kind)
        if recurring is not None:
            work = partial(_act_again, timer, recurring)
        elif act is not None:
            work = partial(_act, timer, act)
        else:
            work = partial(_park, timer, "unknown_kind")
        try:
            return await self._store.run(work, lane=Lane.BULK)
        except EdgeError as error:
            log.warning("timer %s %s: %s", timer.kind, timer.subject, error)
            return False


def _prepare(recurring: Mapping[str, Recurring], unit: Unit) -> None:
    for kind, (_, next_due) in recurring.items():
        due_at_ms = next_due(unit.now.at_ms)
        records.put_recurring(unit.connection, unit.next_id(), kind=kind, due_at_ms=due_at_ms)


def _claim(timer: Timer, recurring: Recurring | None, unit: Unit) -> bool:
    if timer.attempts >= MAX_ATTEMPTS:
        if recurring is None:
            _park(timer, "attempts_used_up", unit)
        else:
            raise_alarm(unit, kind=FAILING, source=timer.kind, detail="attempts_used_up")
            records.move_timer(unit.connection, timer.id, recurring.next_due(unit.now.at_ms))
        return False
    next_due_at_ms = unit.now.at_ms + RETRY_MS * 2**timer.attempts
    return records.claim_timer(unit.connection, timer, next_due_at_ms=next_due_at_ms)


def _act(timer: Timer, act: Act, unit: Unit) -> bool:
    if not records.end_timer(unit.connection, timer.id, state="done"):
        return False
    act(unit, timer.subject)
    return True


def _act_again(timer: Timer, recurring: Recurring, unit: Unit) -> bool:
    if not records.move_timer(unit.connection, timer.id, recurring.next_due(unit.now.at_ms)):
        return False
    recurring.act(unit, timer.subject)
    clear_alarm(unit, kind=FAILING, source=timer.kind)
    return True


def _park(timer: Timer, reason: str, unit: Unit) -> bool:
    records.end_timer(unit.connection, timer.id, state="parked", reason=reason)
    raise_alarm(unit, kind="timer_parked", source=timer.id, detail=f"{timer.kind}: {reason}")
    return False
