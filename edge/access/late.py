"""Openings made while nothing can be written: fired once, kept in memory, written down afterwards as late.

Residents shall not stand before a shut door because a memory card failed (architecture, I14). They are judged
by the copy that can be read; what is kept here is lost with the power, and nothing else is.
"""

import asyncio
import contextlib
import itertools
import logging
import secrets
from collections.abc import Iterator
from functools import partial
from weakref import WeakValueDictionary

import msgspec

from edge.access import records
from edge.access.contacts import ContactDesk
from edge.access.errors import JournalStopped
from edge.access.events import DoorOpenRequested
from edge.access.openings import record_not_fired, record_opened, record_unknown
from edge.access.ports import Patience
from edge.access.records import Opening
from edge.access.waits import Waits
from edge.errors import StoreError
from edge.store.condition import STORE_TOPIC, Condition
from edge.store.personal import commit_person
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock, Reading
from edge.trust.passes import Pass

log = logging.getLogger(__name__)

LIMIT = 1000
"""Openings that are kept, under 1 MB together; one more is refused: none that was fired may be forgotten."""
LATE_TOPIC = "late_openings"


def cannot_write(store: Store) -> bool:
    """Whether the store takes nothing at all at present."""
    return store.condition in (Condition.NOT_WRITABLE, Condition.DAMAGED)


@contextlib.contextmanager
def needing_journal(store: Store) -> Iterator[None]:
    """Around the commit of an intent: raises JournalStopped where that is impossible; nothing may move."""
    try:
        yield
    except StoreError as error:
        if not cannot_write(store):
            raise
        raise JournalStopped() from error


class LateOpening(msgspec.Struct, kw_only=True):
    """An opening that is not on disk; `after_seq` is the last entry of the journal when it was asked for."""

    opening: Opening
    subject: str
    after_seq: int


class LateOpenings:
    """Keeps openings, decides them by their contacts, and writes the decided ones as soon as possible.

    Ids are `DEVICE-mRANDOM-N`: an identity of the store has digits in the middle, so that the two never meet,
    and neither do those of two runs of the program. `waits` decides them by their contacts.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        contacts: ContactDesk,
        patience: Patience,
        limit: int = LIMIT,
    ) -> None:
        self._store = store
        self._clock = clock
        self.waits = Waits(contacts=contacts, patience=patience, decide=self._decide_waited)
        self._limit = limit
        self._series = f"{store.device}-m{secrets.token_hex(8)}"
        self._numbers = itertools.count(1)
        self._kept: dict[str, LateOpening] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn_of(self, pass_id: str) -> asyncio.Lock:
        """Held while a pass or code is decided, so that it cannot be taken on disk and in memory at once."""
        return self._turns.setdefault(pass_id, asyncio.Lock())

    def of_pass(self, pass_id: str) -> tuple[Opening, ...]:
        """What is kept of a pass or code, oldest first."""
        return tuple(late.opening for late in self._kept.values() if late.opening.pass_id == pass_id)

    def find(self, opening_id: str) -> Opening | None:
        """The opening of this id, while it is kept."""
        late = self._kept.get(opening_id)
        return None if late is None else late.opening

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all that is kept."""
        return frozenset(self._kept)

    def intend(
        self, shown: Pass, place: str, authorisation: str, now: Reading, *, kind: str, source: str
    ) -> Opening:
        """Keep a new intent. Raises JournalStopped when as many as may be are kept."""
        if len(self._kept) >= self._limit:
            raise JournalStopped(kept=len(self._kept))
        opening = Opening(
            id=f"{self._series}-{next(self._numbers)}",
            place=place,
            authorisation=authorisation,
            kind=kind,
            pass_id=shown.id,
            requested_at_ms=now.at_ms,
            source=source,
        )
        self._kept[opening.id] = LateOpening(
            opening=opening, subject=shown.subject, after_seq=self._store.executor.head.seq
        )
        log.warning("%s at %s cannot be written yet: kept in memory", opening.id, place)
        return opening

    def fired(self, opening_id: str) -> Opening:
        """The device says that it fired."""
        return self._change(opening_id, state="fired", fired_at_ms=self._clock.now().at_ms)

    def decide(self, opening_id: str, state: str, reason: str) -> Opening:
        """Note a result: opened, unknown or refused."""
        at_ms = self._clock.now().at_ms
        opening = self._change(opening_id, state=state, reason=reason, decided_at_ms=at_ms)
        self._store.notifier.publish(LATE_TOPIC)
        return opening

    async def run(self) -> None:
        """Write down what is decided whenever the store can write again; never returns."""
        with self._store.notifier.subscribe(STORE_TOPIC, LATE_TOPIC) as hints:
            while True:
                await self.write()
                await hints.wait()

    async def write(self) -> int:
        """Write what is decided, oldest first, and return how many openings are left."""
        for late in tuple(self._kept.values()):
            if cannot_write(self._store):
                break
            if not late.opening.is_decided:
                continue
            try:
                await self._store.run(partial(write_late, late=late))
            except StoreError as error:
                log.warning("%s stays in memory: %s", late.opening.id, error)
                break
            del self._kept[late.opening.id]
        return len(self._kept)

    async def close(self) -> None:
        """Stop waiting: what no contact has decided is unknown. What is not written then is lost."""
        await self.waits.close()
        for late in tuple(self._kept.values()):
            if not late.opening.is_decided:
                self.decide(late.opening.id, "unknown", "restart")

    def report_lost(self) -> None:
        """Name in the log what the end of the program takes with it."""
        for late in self._kept.values():
            opening = late.opening
            log.error("lost: %s at %s by %s %s", opening.id, opening.place, opening.kind, opening.state)

    async def _decide_waited(self, opening_id: str, moved: bool, reason: str) -> Opening:
        return self.decide(opening_id, "opened", "") if moved else self.decide(opening_id, "unknown", reason)

    def _change(self, opening_id: str, **changes: str | int) -> Opening:
        late = self._kept[opening_id]
        late.opening = msgspec.structs.replace(late.opening, **changes)
        return late.opening


def write_late(unit: Unit, late: LateOpening) -> None:
    """Write an intent and its result after the event; does nothing when they are there already.

    An intent of the same code may have reached the disk without anybody knowing, and was then not fired: the
    late one goes beside it under its own id.
    """
    opening = late.opening
    if records.find_opening(unit.connection, opening.id) is not None:
        return
    authorisation = opening.authorisation
    if records.find_by_authorisation(unit.connection, authorisation) is not None:
        authorisation = f"{authorisation}:{opening.id}"
    person = commit_person(unit, late.subject)
    written = msgspec.structs.replace(
        opening, authorisation=authorisation, person=person, state="intended", reason="", decided_at_ms=None
    )
    records.insert_opening(unit.connection, written)
    unit.record(
        DoorOpenRequested(
            opening=opening.id,
            place=opening.place,
            authorisation=authorisation,
            kind=opening.kind,
            person=person,
            asked_at_ms=opening.requested_at_ms,
            asked_after_seq=late.after_seq,
        ),
        actor=f"{opening.kind}:{opening.pass_id}",
    )
    _write_result(unit, opening, written)


def _write_result(unit: Unit, opening: Opening, written: Opening) -> None:
    if opening.state == "opened":
        record_opened(unit, written)
    elif opening.state == "refused":
        record_not_fired(unit, opening.id, opening.reason)
    else:
        record_unknown(unit, opening.id, opening.reason)
    decided_at_ms = opening.decided_at_ms or opening.requested_at_ms
    records.set_decided(
        unit.connection, opening.id, state=opening.state, reason=opening.reason, at_ms=decided_at_ms
    )
