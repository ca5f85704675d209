"""Due things are rows, run by one role, each at most once: its effect and its mark commit together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from edge.errors import EdgeError
from edge.service import records
from edge.service.alarms import raise_alarm
from edge.service.records import Timer
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock

log = logging.getLogger(__name__)

Act = Callable[[Unit, str], None]
"""What a kind of timer does, with the subject; runs in the unit that marks the row done."""

BATCH = 50
MAX_ATTEMPTS = 5
RETRY_MS = 60_000
"""Pause after the first failed attempt; it doubles with each."""
LOOK_EVERY_S = 1.0


def set_timer(unit: Unit, *, kind: str, subject: str, due_at_ms: int) -> None:
    """Let something be done once, not before `due_at_ms`; the same kind and subject is never done twice."""
    records.insert_timer(unit.connection, unit.next_id(), kind=kind, subject=subject, due_at_ms=due_at_ms)


def drop_timer(unit: Unit, *, kind: str, subject: str) -> None:
    """It need not be done any more."""
    records.delete_timer(unit.connection, kind, subject)


class TimerRunner:
    """Runs due rows. `acts` maps each kind to what it does; `regular` are called at every look."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        acts: Mapping[str, Act],
        regular: tuple[Callable[[], Awaitable[None]], ...] = (),
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._acts = acts
        self._regular = regular
        self._look_every_s = look_every_s

    async def run(self) -> None:
        """Look again and again; never returns. An unknown clock is a lower bound: its due is due."""
        while True:
            await self.run_due()
            for call in self._regular:
                await call()
            await asyncio.sleep(self._look_every_s)

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
        if not await self._store.run(partial(_claim, timer), lane=Lane.BULK):
            return False
        act = self._acts.get(timer.kind)
        if act is None:
            await self._store.run(partial(_park, timer, "unknown_kind"), lane=Lane.BULK)
            return False
        try:
            return await self._store.run(partial(_act, timer, act), lane=Lane.BULK)
        except EdgeError as error:
            log.warning("timer %s %s: %s", timer.kind, timer.subject, error)
            return False


def _claim(timer: Timer, unit: Unit) -> bool:
    if timer.attempts >= MAX_ATTEMPTS:
        _park(timer, "attempts_used_up", unit)
        return False
    next_due_at_ms = unit.now.at_ms + RETRY_MS * 2**timer.attempts
    return records.claim_timer(unit.connection, timer, next_due_at_ms=next_due_at_ms)


def _act(timer: Timer, act: Act, unit: Unit) -> bool:
    if not records.end_timer(unit.connection, timer.id, state="done"):
        return False
    act(unit, timer.subject)
    return True


def _park(timer: Timer, reason: str, unit: Unit) -> None:
    records.end_timer(unit.connection, timer.id, state="parked", reason=reason)
    raise_alarm(unit, kind="timer_parked", source=timer.id, detail=f"{timer.kind}: {reason}")
