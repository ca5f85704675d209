"""The alarm of the disk: while it is full, and afterwards for a time in which nothing could be written."""

import logging
import time
from collections.abc import Callable
from functools import partial

from edge.errors import Refusal, StoreError
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.condition import STORE_TOPIC, Condition
from edge.store.store import Store
from edge.store.unit import Unit

log = logging.getLogger(__name__)

FULL, NOT_WRITABLE, SOURCE = "disk_full", "disk_not_writable", "store"
WRITES = (Condition.READY, Condition.RESERVE)


class DiskAlarm:
    """A role. What cannot be told while nothing can be written is told as soon as it can."""

    def __init__(self, store: Store, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic_s = monotonic_s
        self._stopped: tuple[float, str] | None = None

    async def run(self) -> None:
        """Judge now and at every change of the store's condition."""
        with self._store.notifier.subscribe(STORE_TOPIC) as changes:
            while True:
                await self.judge()
                await changes.wait()

    async def judge(self) -> None:
        """Raise or clear by the store's condition; where that fails, its next change is judged again."""
        condition, reason = self._store.standing
        if condition not in WRITES:
            self._stopped = self._stopped or (self._monotonic_s(), reason)
            return
        full = reason if condition is Condition.RESERVE else None
        try:
            await self._store.run(partial(self._tell, full=full))
        except (StoreError, Refusal) as error:
            log.warning("the disk's alarm was not written: %s", error)
            return
        self._stopped = None

    def _tell(self, unit: Unit, full: str | None) -> None:
        if self._stopped is not None:
            began_s, reason = self._stopped
            detail = f"nothing could be written for {self._monotonic_s() - began_s:.0f} s: {reason}"
            raise_alarm(unit, kind=NOT_WRITABLE, source=SOURCE, detail=detail)
            clear_alarm(unit, kind=NOT_WRITABLE, source=SOURCE)
        if full is None:
            clear_alarm(unit, kind=FULL, source=SOURCE)
        else:
            raise_alarm(unit, kind=FULL, source=SOURCE, detail=full)
