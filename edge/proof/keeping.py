"""Invariants of keeping and telling: I2, I11, I12, I13."""

import json
from collections.abc import Iterator

from edge.proof.evidence import Custody, Entry, Evidence

LIMIT_S = 60.0
"""Architecture, I13: ready and draining within 60 s."""
SHORTEST_SECRET_BYTES = 4
"""A shorter text stands in some number by chance."""


def check_custody(evidence: Evidence) -> Iterator[str]:
    """I2: once healed and drained, the platform has custody of the same events, each once, same hashes.

    Uses the platform's streams, and its single events and figures where they are known. Before it is
    drained, what it holds is a beginning of the journal, and what the device believes acknowledged is there.
    """
    custody = evidence.custody
    if custody is None:
        return
    journal = evidence.journal
    hashes = custody.hashes
    if hashes is not None:
        all_ours = (*evidence.elsewhere.entries, *journal.entries)
        ours = {(entry.epoch, entry.seq): entry.hash for entry in all_ours}
        for key, theirs in hashes.items():
            if key[1] > journal.after_seq and ours.get(key) != theirs:
                yield f"event {key} is another one at the platform"
        for stream in custody.streams:
            held = [seq for epoch, seq in hashes if epoch == stream.epoch]
            if len(held) != stream.events or sorted(held)[-1:] != [stream.head_seq]:
                yield f"epoch {stream.epoch}: the stream says {stream.events} events up to {stream.head_seq}"
            if held and max(held) - min(held) + 1 != len(held):
                yield f"epoch {stream.epoch}: holes before {stream.head_seq}"
    head = max((stream.head_seq for stream in custody.streams), default=0)
    if custody.acknowledged_seq is not None and custody.acknowledged_seq > head:
        yield f"seq {custody.acknowledged_seq} counts as acknowledged, the platform has {head}"
    if custody.drained:
        yield from _compare_drained(evidence, custody)


def _compare_drained(evidence: Evidence, custody: Custody) -> Iterator[str]:
    """A stream has the branch up to where the next one begins; past that, the lost end of an old copy."""
    journal = evidence.journal
    if not journal.entries:
        return
    streams = sorted(custody.streams, key=lambda stream: stream.epoch)
    now = journal.entries[-1].epoch
    if now not in [stream.epoch for stream in streams]:
        yield f"the platform knows no stream of epoch {now}"
        return
    starts = [0] + [stream.first_seq for stream in streams[1:]]
    ends = [*starts[1:], journal.head_seq + 1]
    beyond = -len(evidence.elsewhere.entries)
    for stream, start, end in zip(streams, starts, ends, strict=True):
        count = sum(start <= entry.seq < end for entry in journal.entries)
        beyond += stream.events - count
        last = stream.epoch == now
        if stream.events < count or (last and not journal.after_seq and stream.events != count):
            yield f"epoch {stream.epoch}: the platform has {stream.events} events, the hub {count}"
        if last and (stream.head_seq, stream.head_hash) != (journal.head_seq, journal.head_hash):
            yield "the heads differ"
        if stream.parked or (last and stream.quarantine):
            yield f"parked {stream.parked}, quarantine {stream.quarantine}"
    if beyond and not journal.after_seq:
        yield f"the platform has {beyond} events beyond the hub's and those that are known to be lost here"
    figures = folded_figures(evidence) if custody.figures is not None else {}
    for name, theirs in (custody.figures or {}).items():
        if figures.get(name, 0) != theirs:
            yield f"{name}: hub {figures.get(name, 0)}, platform {theirs}"


def folded_figures(evidence: Evidence) -> dict[str, int]:
    """The journal's own figures, under the names of `Custody.figures`; with what is only `elsewhere`.

    What an old copy had open and settled a second time counts once.
    """

    def of(kind: str) -> list[Entry]:
        return evidence.journal.of(kind) + evidence.elsewhere.of(kind)

    told = {entry.data["order_id"] for entry in evidence.journal.of("SaleSettled", "BillPaid")}
    again = [
        entry for entry in evidence.elsewhere.of("SaleSettled", "BillPaid") if entry.data["order_id"] in told
    ]
    sales = [entry.data for entry in of("SaleSettled") if entry not in again]
    fees = [entry.data for entry in of("BillPaid") if entry not in again]
    return {
        "sales": len(sales),
        "sales_fen": sum(sale["total_fen"] for sale in sales),
        "fees": len(fees),
        "fees_fen": sum(fee["amount_fen"] + fee["penalty_fen"] for fee in fees),
        "collected": len({entry.data["order_id"] for entry in of("OrderCollected")}),
        "doors_opened": len(of("DoorOpened")),
        "cells_opened": len(of("CellOpened")),
    }


def check_chain(evidence: Evidence) -> Iterator[str]:
    """I11: the chain verifies from the last checkpoint, and nothing seen as committed is gone.

    Uses the lines' raw bytes, recomputed; the hub's own head; the last link read before a power cut.
    """
    journal = evidence.journal
    yield from journal.faults
    if evidence.head is not None and evidence.head != (journal.head_seq, journal.head_hash):
        yield f"the hub names {evidence.head} its head, the lines end at {journal.head_seq}"
    seen = evidence.seen
    if seen is not None and seen.seq > journal.after_seq:
        place = seen.seq - journal.after_seq - 1
        kept = journal.entries[place].hash if place < len(journal.entries) else "nothing"
        if kept != seen.hash:
            yield f"seq {seen.seq} was committed as {seen.hash[:12]}, now there is {kept[:12]}"


def check_secrets(evidence: Evidence) -> Iterator[str]:
    """I12: no personal data or secret outside its store.

    Scans the journal's lines and every other text that was given (logs, trace, the platform's figures) for
    the given secrets: names, rooms, phone numbers, PINs, payment codes, pass texts, tokens. No commitment of
    a person who was erased may name anybody any more.
    """
    for commitment in sorted(evidence.forgotten & (evidence.known or frozenset())):
        yield f"{commitment[:12]} still names a person who was erased"
    if not evidence.secrets:
        return
    places = {"the journal": b"\n".join(entry.line for entry in evidence.journal.entries), **evidence.texts}
    for what, secret in evidence.secrets.items():
        forms = {secret.encode(), json.dumps(secret)[1:-1].encode()}
        assert len(secret.encode()) >= SHORTEST_SECRET_BYTES, what
        for place, text in places.items():
            if any(form in text for form in forms):
                yield f"{what} stands in {place}"


def check_recovery(evidence: Evidence) -> Iterator[str]:
    """I13: when faults stop, ready and draining within 60 s without hands.

    Uses the two times that whoever stopped the faults has measured.
    """
    recovery = evidence.recovery
    if recovery is None:
        return
    if recovery.ready_s > LIMIT_S:
        yield f"ready only after {recovery.ready_s:.0f} s"
    if recovery.drained_s > LIMIT_S:
        yield f"drained only after {recovery.drained_s:.0f} s"
