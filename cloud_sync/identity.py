"""What the platform's view of our stream means for this device's identity, and what is done about it.

An old copy that was put back finds the platform ahead of where it started: it begins a new epoch by itself.
Another history under our own epoch, or a newer epoch that we did not begin, is another device of our name:
only a person can say which one is true (see docs/adr/0009).
"""

import sqlite3
from enum import StrEnum

from cloud_sync import records
from cloud_sync.wire.batches import StreamStanding
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store import journal
from edge.store.facts import get_int
from edge.store.identity import declare_true, note_epoch_seen, quarantine
from edge.store.journal import Head
from edge.store.unit import Unit

ALARM = "identity"
SOURCE = "uplink"
PAYMENTS = "payments"


class Verdict(StrEnum):
    """What the first look at the platform's standing says."""

    IN_STEP = "in_step"
    AHEAD = "platform_ahead"
    FORK = "fork"
    SUPERSEDED = "superseded"


def judge(connection: sqlite3.Connection, standing: StreamStanding, started_at: Head) -> Verdict:
    """Compare custody with our journal; `started_at` is our head when this process opened the database, and
    the link that `standing` was asked about.

    Whatever we recorded since then the platform cannot have: so a platform that agrees with us up to there
    and goes on differently, holds what an earlier life of ours sent.
    """
    epoch = get_int(connection, "epoch", 1)
    if standing.epoch != epoch:
        return Verdict.SUPERSEDED if standing.epoch > epoch else Verdict.IN_STEP
    if standing.quarantine is not None:
        return Verdict.FORK
    if standing.head_seq > started_at.seq:
        return Verdict.AHEAD if standing.known else Verdict.FORK
    known = Head(standing.head_seq, bytes.fromhex(standing.head_hash))
    ours = journal.was_cut(connection, known.seq) or journal.has_link(connection, known)
    return Verdict.IN_STEP if ours else Verdict.FORK


def go_on_in_new_epoch(unit: Unit, started_at: Head, *, epoch: int) -> int:
    """The platform is ahead of an old copy: begin an epoch after the last event that both have.

    What was recorded since the start goes into the new stream with it. `epoch` is the epoch that was judged;
    when another one has begun meanwhile, nothing is done. Returns the present epoch.
    """
    if get_int(unit.connection, "epoch", 1) != epoch:
        return get_int(unit.connection, "epoch", 1)
    began = unit.begin_epoch(Verdict.AHEAD.value)
    records.write_stream_epoch(unit.connection, began)
    records.write_acknowledged(unit.connection, started_at.seq)
    raise_alarm(unit, kind=ALARM, source="restored", detail=f"platform_ahead epoch={began}")
    return began


def stop(unit: Unit, code: str, seq: int, *, epoch_seen: int = 0) -> bool:
    """Another device of our name: quarantine and alarm, once. Returns False when it was stopped already."""
    note_epoch_seen(unit.connection, epoch_seen)
    if not quarantine(unit, code, seq):
        return False
    raise_alarm(unit, kind=ALARM, source=SOURCE, detail=code)
    return True


def note_conflict(unit: Unit, attempt_id: str) -> None:
    """The platform has one of our attempt ids for another order: somebody of our name allotted it."""
    raise_alarm(unit, kind=ALARM, source=PAYMENTS, detail=f"attempt_conflict {attempt_id}")


def settle(unit: Unit, reason: str) -> int:
    """A person declares this device the true one: a new epoch, into which everything that waits is sent."""
    began = declare_true(unit, reason)
    records.write_stream_epoch(unit.connection, began)
    for source in (SOURCE, PAYMENTS, "restored"):
        clear_alarm(unit, kind=ALARM, source=source)
    return began
