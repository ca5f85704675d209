"""Every invariant holds on sound evidence and turns red on evidence that breaks it, and only it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edge.proof.evidence import (
    Custody,
    Edge,
    Evidence,
    GivenBack,
    Held,
    Journal,
    Ledger,
    Link,
    Permit,
    Posting,
    Recovery,
    Says,
    Stock,
    Stream,
    Success,
    ToldSale,
)
from edge.proof.invariants import INVARIANTS, check

Event = tuple[str, dict[str, Any]]
AT_MS = 1_000_000

STORY: list[Event] = [
    ("StockReceived", {"delivery_id": "d1", "lines": [{"sku": "s1", "quantity": 3}]}),
    ("OrderPlaced", {"order_id": "o1", "total_fen": 100}),
    ("PaymentRequested", {"attempt_id": "a1", "order_id": "o1", "amount_fen": 100}),
    ("PaymentPaid", {"attempt_id": "a1", "order_id": "o1", "amount_fen": 100}),
    (
        "SaleSettled",
        {
            "order_id": "o1",
            "attempt_id": "a1",
            "payee": "shop",
            "total_fen": 100,
            "points": 5,
            "lines": [{"sku": "s1", "quantity": 1}],
        },
    ),
    (
        "DoorOpenRequested",
        {"opening": "p1", "place": "door:gate", "authorisation": "pass:v1:1", "kind": "visitor"},
    ),
    ("DoorOpened", {"opening": "p1", "place": "door:gate", "authorisation": "pass:v1:1"}),
    (
        "CellOpenRequested",
        {"opening": "c1", "place": "cell:a/1", "authorisation": "pickup:s:0:1", "session": "s"},
    ),
    ("CellOpened", {"opening": "c1", "place": "cell:a/1", "session": "s"}),
    ("CellClosed", {"opening": "c1", "place": "cell:a/1", "session": "s"}),
]


POSTINGS = (
    Posting("o1", "sale", "assets:channel:shop", 100),
    Posting("o1", "sale", "income:goods:shop", -100),
    Posting("o1", "sale", "liability:points:shop", -5),
    Posting("o1", "sale", "x", 5),
    Posting("o1", "sale", None, 0),
)


def journal_of(events: list[Event], *, first_seq: int = 1) -> Journal:
    journal = Journal()
    for seq, (kind, data) in enumerate(events, start=first_seq):
        journal.add(
            json.dumps(
                {
                    "data": data,
                    "seq": seq,
                    "source": "/sites/h/devices/k1/epochs/1",
                    "timems": AT_MS + seq,
                    "timetrust": "synced",
                    "type": f"community.edge.{kind}.v1",
                }
            ).encode()
        )
    return journal


def sound(events: list[Event] = STORY, **changes: Any) -> Evidence:
    """Evidence in which everything is right, with some of it replaced."""
    journal = journal_of(events)
    stream = Stream(1, len(events), len(events), journal.head_hash)
    evidence = Evidence(
        journal=journal,
        seen=Link(3, journal.entries[2].hash) if len(events) > 3 else None,
        head=Link(journal.head_seq, journal.head_hash),
        told=(ToldSale("o1", 100),),
        asked=frozenset({"o1"}),
        orders={"o1": "paid"},
        attempts={"a1": "paid"},
        openings={"p1": "opened", "c1": "opened"},
        ledger=Ledger(
            {"assets:channel:shop": 100, "income:goods:shop": -100, "liability:points:shop": -5, "x": 5},
            POSTINGS,
        ),
        stock=(Stock("s1", 2, 2),),
        custody=Custody(
            (stream,),
            True,
            {"sales": 1, "sales_fen": 100, "doors_opened": 1, "cells_opened": 1},
            {(1, entry.seq): entry.hash for entry in journal.entries},
            len(events),
        ),
        channel=(Success("a1", 100),),
        settled=True,
        trace=(Edge(0, "17", 0, "start"), Edge(10, "17", 1, "p1", 6), Edge(3_010, "17", 0, "p1")),
        pulse_ms={"17": 3_000},
        held=(),
        permits={"v1": Permit("visitor", 1, AT_MS, AT_MS + 60_000, frozenset({"door:gate"}))},
        secrets={"a PIN": "4711-0815"},
        texts={"the log": b"nothing of note"},
        recovery=Recovery(3, 10),
    )
    return replace(evidence, **changes)


def without(kind: str) -> list[Event]:
    return [event for event in STORY if event[0] != kind]


def changed(which: str, /, **fields: Any) -> list[Event]:
    return [(name, {**data, **fields} if name == which else data) for name, data in STORY]


def broken_chain() -> Evidence:
    evidence = sound()
    evidence.journal.add(evidence.journal.entries[-1].line, claimed_hash="0" * 64)
    return evidence


def with_ledger(**changes: Any) -> Evidence:
    ledger = sound().ledger
    assert ledger is not None
    return sound(ledger=ledger._replace(**changes))


def with_custody(**changes: Any) -> Evidence:
    custody = sound().custody
    assert custody is not None
    return sound(custody=custody._replace(**changes))


LOST: Event = ("SaleSettled", {**STORY[4][1], "order_id": "o2", "attempt_id": "a2"})


def goes_on(*, declared: bool, again: bool = False) -> Evidence:
    """A hub on an old copy, in its second epoch; the platform has one sale more of its first.

    `again`: that sale's order was open in the copy, which has settled it a second time.
    """
    lost: Event = STORY[4] if again else LOST
    journal = journal_of([*STORY, ("EpochBegan", {})])
    journal.entries[-1] = journal.entries[-1]._replace(epoch=2)
    sales = 1 if again else 2
    return sound(
        journal=journal,
        elsewhere=journal_of([lost], first_seq=11) if declared else Journal(),
        head=Link(11, journal.head_hash),
        custody=Custody(
            (Stream(1, 11, 11, "its lost end"), Stream(2, 1, 11, journal.head_hash, first_seq=11)),
            True,
            {"sales": sales, "sales_fen": sales * 100, "doors_opened": 1, "cells_opened": 1},
        ),
    )


def with_permit(**changes: Any) -> Evidence:
    return sound(permits={"v1": Permit("visitor", 1, AT_MS, AT_MS + 60_000)._replace(**changes)})


OFF = Edge(0, "17", 0, "start")
ON = Edge(10, "17", 1, "p1", 6)

BROKEN: list[tuple[str, str, Callable[[], Evidence]]] = [
    ("I1", "settled 2 times", lambda: sound([*STORY, STORY[4]])),
    ("I1", "acknowledged and is in the journal 0", lambda: sound(told=(ToldSale("o9", 1),))),
    ("I1", "never placed", lambda: sound(without("OrderPlaced"))),
    ("I1", "nobody asked", lambda: sound(asked=frozenset())),
    ("I1", "not in the journal", lambda: sound(without("SaleSettled"))),
    ("I1", "its order is not paid", lambda: sound(orders={"o1": "placed"})),
    ("I1", "only one of table and journal", lambda: sound(orders={"o1": "paid", "o2": "placed"})),
    ("I2", "another one at the platform", lambda: with_custody(hashes={(1, 1): "00"})),
    ("I2", "counts as acknowledged", lambda: with_custody(acknowledged_seq=99)),
    ("I2", "holes", lambda: with_custody(hashes={(1, 1): sound().journal.entries[0].hash, (1, 10): "x"})),
    ("I2", "no stream", lambda: with_custody(streams=())),
    ("I2", "the platform has 2 events", lambda: with_custody(streams=(Stream(1, 2, 10, "x"),))),
    ("I2", "heads differ", lambda: with_custody(streams=(Stream(1, 10, 10, "x"),))),
    ("I2", "parked 1", lambda: with_custody(streams=(Stream(1, 10, 10, sound().journal.head_hash, 1),))),
    ("I2", "1 events beyond", lambda: goes_on(declared=False)),
    ("I2", "sales: hub 1, platform 2", lambda: goes_on(declared=False)),
    ("I2", "-1 events beyond", lambda: sound(elsewhere=journal_of([LOST], first_seq=11))),
    ("I2", "sales: hub 1, platform 2", lambda: with_custody(figures={"sales": 2})),
    ("I3", "sums to", lambda: with_ledger(postings=(POSTINGS[0], POSTINGS[-1]))),
    ("I3", "not sealed", lambda: with_ledger(postings=POSTINGS[:4])),
    ("I3", "its fold is", lambda: with_ledger(balances={"assets:channel:shop": 100})),
    (
        "I3",
        "accounts assets:channel: hold 0",
        lambda: with_ledger(balances={"liability:points:shop": -5}, postings=None),
    ),
    ("I3", "bad set", lambda: with_ledger(found=("bad set",))),
    ("I4", "is at -1", lambda: sound(without("StockReceived"), stock=None)),
    ("I4", "moves 2", lambda: sound(stock=(Stock("s1", 3, 2),))),
    ("I4", "reserved", lambda: sound(stock=(Stock("s1", 2, 2, 3),))),
    ("I5", "fired 2 times", lambda: sound(trace=(OFF, ON, ON))),
    ("I5", "without an intent", lambda: sound(trace=(OFF, ON, ON._replace(id="p9")))),
    ("I5", "before its intent", lambda: sound(trace=(OFF, ON._replace(after_seq=5)))),
    ("I5", "without a pulse", lambda: sound(trace=(OFF,))),
    (
        "I5",
        "was taken 2 times",
        lambda: sound([*STORY, ("DoorOpenRequested", {**STORY[5][1], "opening": "p2"})]),
    ),
    ("I5", "the table says", lambda: sound(openings={"p1": "fired", "c1": "opened"})),
    ("I5", "nobody issued", lambda: sound(permits={})),
    ("I5", "used 1 times of 0", lambda: with_permit(uses=0)),
    ("I5", "for which it is not", lambda: with_permit(places=frozenset())),
    ("I5", "was over at", lambda: with_permit(until_ms=AT_MS)),
    ("I5", "begins at", lambda: with_permit(from_ms=AT_MS + 60_000)),
    ("I5", "was void", lambda: with_permit(void_after_seq=2)),
    ("I5", "was told as opened", lambda: sound(told_opened=frozenset({"command:c9"}))),
    (
        "I5",
        "did not move",
        lambda: sound(contact_of={"door:gate": "27"}, contacts=(Says(0, "27", "closed"),)),
    ),
    ("I6", "not switched off at the start", lambda: sound(trace=(ON,))),
    ("I6", "too long", lambda: sound(trace=(OFF, ON, Edge(3_111, "17", 0, "p1")))),
    ("I6", "too long", lambda: sound(trace=(OFF, ON, Edge(5_011, "17", 0, "hub-gone")))),
    ("I6", "too long", lambda: sound(trace=(OFF, ON), now_ms=5_011)),
    ("I6", "too long", lambda: sound(trace=(OFF, ON, Edge(20_000, "17", 0, "hold")))),
    (
        "I6",
        "too long",
        lambda: sound(trace=(OFF, ON, Edge(9_000, "17", 0, "hold")), held=(Held("17", 50, 6_000),)),
    ),
    (
        "I7",
        "while s was at it",
        lambda: sound(
            [
                *without("CellClosed"),
                ("CellOpenRequested", {**STORY[7][1], "opening": "c2", "authorisation": "t", "session": "t"}),
            ],
            openings=None,
        ),
    ),
    (
        "I7",
        "whose parcels lie elsewhere",
        lambda: sound(
            [("PickupStarted", {"session": "s", "order_id": "parcel-1"}), *STORY],
            cells_of={"parcel-1": frozenset({"cell:a/2"})},
        ),
    ),
    ("I8", "captured 100, delivered 90", lambda: sound(changed("SaleSettled", total_fen=90), custody=None)),
    ("I8", "in no journal", lambda: sound(channel=(Success("a1", 100), Success("a9", 5)))),
    ("I8", "booked 100", lambda: sound(channel=(Success("a1", 101),))),
    ("I8", "the channel has nothing", lambda: sound(channel=())),
    ("I8", "the table says sent", lambda: sound(attempts={"a1": "sent"})),
    (
        "I8",
        "and the channel has its",
        lambda: sound([*STORY[:3], ("PaymentFailed", STORY[3][1]), *STORY[4:]]),
    ),
    (
        "I9",
        "was open",
        lambda: sound([*STORY[:3], ("PaymentRequested", {**STORY[2][1], "attempt_id": "a2"}), *STORY[3:]]),
    ),
    (
        "I9",
        "2 successes",
        lambda: sound([*STORY, ("PaymentPaid", {**STORY[3][1], "attempt_id": "a1"})], settled=False),
    ),
    ("I10", "-7 points are owed", lambda: with_ledger(balances={"liability:points:shop": 7}, postings=None)),
    (
        "I10",
        "9 points are owed, 5 were earned",
        lambda: with_ledger(balances={"liability:points:shop": -9}, postings=None),
    ),
    ("I11", "the chain breaks", broken_chain),
    ("I11", "its head", lambda: sound(head=Link(10, "00"))),
    ("I11", "was committed as", lambda: sound(seen=Link(10, "0" * 64))),
    ("I11", "was committed as", lambda: sound(seen=Link(11, "0" * 64))),
    ("I11", "follows", lambda: Evidence(journal=journal_of(STORY, first_seq=2))),
    ("I12", "c1 still names a person", lambda: sound(known=frozenset({"c1"}), forgotten=frozenset({"c1"}))),
    ("I12", "a PIN stands in the log", lambda: sound(texts={"the log": b"typed 4711-0815"})),
    ("I12", "a PIN stands in the journal", lambda: sound(secrets={"a PIN": "pass:v1"})),
    ("I13", "ready only", lambda: sound(recovery=Recovery(61, 10))),
    ("I13", "drained only", lambda: sound(recovery=Recovery(1, 61))),
    ("I14", "sale o1 was told", lambda: sound(told=(ToldSale("o1", 100, writable=False),))),
    ("I14", "pulse p1 was fired", lambda: sound(trace=(OFF, ON._replace(writable=False)))),
]


def test_sound_evidence_shows_nothing() -> None:
    assert check(sound()) == []


@pytest.mark.parametrize("again", [False, True])
def test_what_only_the_platform_has_of_an_earlier_life_is_no_fault_once_it_is_declared(again: bool) -> None:
    assert check(goes_on(declared=True, again=again)) == []


def test_a_pulse_of_an_earlier_life_has_its_intent_there() -> None:
    intent = ("DoorOpenRequested", {**STORY[5][1], "opening": "p0"})
    trace = (
        OFF,
        ON._replace(id="p0", at_ms=1, after_seq=None),
        Edge(3_001, "17", 0, "p0"),
        ON._replace(at_ms=9_000),
    )
    evidence = replace(goes_on(declared=True), trace=trace, permits=None)
    assert [str(fault) for fault in check(evidence)] == ["I5 pulse p0 without an intent"]
    known = replace(evidence, elsewhere=journal_of([LOST, intent], first_seq=11), custody=None)
    assert check(known) == []


def test_a_hold_keeps_a_line_on_as_long_as_it_lives() -> None:
    trace = (OFF, ON, Edge(9_000, "17", 0, "hold"))
    assert check(sound(trace=trace, held=(Held("17", 50, 9_000),))) == []
    assert check(sound(trace=(OFF, ON), held=(Held("17", 50, None),), now_ms=99_000)) == []


def test_a_residents_code_may_open_while_nothing_can_be_written() -> None:
    events = changed("DoorOpenRequested", kind="resident")
    assert check(sound(events, trace=(OFF, ON._replace(writable=False)))) == []


def test_a_cell_that_a_person_found_empty_takes_the_next_order() -> None:
    request = ("CellOpenRequested", {**STORY[7][1], "opening": "c2", "authorisation": "t", "session": "t"})
    events = [*without("CellClosed"), request]
    confirmed = frozenset({"s cell:a/1"})
    assert "I7" not in [
        fault.invariant for fault in check(sound(events, openings=None, confirmed_empty=confirmed))
    ]


@pytest.mark.parametrize(("invariant", "why", "broken"), BROKEN)
def test_a_broken_invariant_is_named(invariant: str, why: str, broken: Callable[[], Evidence]) -> None:
    found = check(broken())
    assert [fault for fault in found if fault.invariant == invariant and why in fault.why], found


def test_every_invariant_was_seen_red() -> None:
    assert {invariant for invariant, _, _ in BROKEN} == set(INVARIANTS)


def test_every_invariant_says_what_it_uses() -> None:
    for name, invariant in INVARIANTS.items():
        assert (invariant.__doc__ or "").startswith(f"{name}: ")


def test_what_only_memory_knew_at_a_power_cut_is_declared_lost() -> None:
    trace = (OFF, ON, ON._replace(id="k1-m0-1", writable=False))
    assert check(sound(trace=trace, lost=frozenset({"k1-m0-1"}))) == []
    assert [found.invariant for found in check(sound(trace=trace))] == ["I14"]


def test_money_that_an_earlier_life_asked_for_is_known_to_it() -> None:
    asked = ("PaymentRequested", {"attempt_id": "a9", "order_id": "o9", "amount_fen": 5})
    back = ("RefundRequested", {"refund_id": "r9", "order_id": "o9", "attempt_id": "a9", "amount_fen": 5})
    channel = (Success("a1", 100), Success("a9", 5))
    evidence = sound(channel=channel, channel_refunds=(GivenBack("r9", "a9", 5),))
    assert {found.invariant for found in check(evidence)} == {"I8"}
    earlier = journal_of([asked, back], first_seq=11)
    assert check(replace(evidence, elsewhere=earlier, custody=None, settled=False)) == []
