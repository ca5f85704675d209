"""The invariants of money over payments of several parts: sound ones are, broken ones are named."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edge.proof.evidence import Balance, Evidence, GivenBack, LeaseUse, Ledger, Success
from edge.proof.invariants import check
from tests.proof.test_invariants import Event, journal_of

POINTS = {"kind": "points", "account": "p", "lease": "p@k1-1#1", "amount_fen": 30}
WALLET = {"kind": "wallet", "account": "w", "lease": "w@k1-1#1", "amount_fen": 50}
PARTS = [
    {"part_id": "r1", "kind": "channel", "attempt_id": "a1", "account": "", "amount_fen": 20},
    {"part_id": "r2", "kind": "wallet", "attempt_id": "a1", "account": "w", "amount_fen": 10},
]

PLACED: Event = ("OrderPlaced", {"order_id": "o1", "total_fen": 100})
ASKED: Event = ("PaymentRequested", {"attempt_id": "a1", "order_id": "o1", "amount_fen": 20})
PAID: Event = ("PaymentPaid", {"attempt_id": "a1", "order_id": "o1", "amount_fen": 20})
SETTLED: Event = (
    "SaleSettled",
    {
        "order_id": "o1",
        "payee": "shop",
        "total_fen": 100,
        "points": 5,
        "lines": [],
        "tenders": [POINTS, WALLET],
    },
)
RETURNED: Event = (
    "GoodsReturned",
    {
        "order_id": "o1",
        "refund_fen": 30,
        "points_back": 2,
        "lines": [{"sku": "s", "quantity": 1, "restocked": 0}],
    },
)
REFUND: Event = (
    "RefundRequested",
    {"refund_id": "r", "order_id": "o1", "payee": "shop", "amount_fen": 30, "reason": "x", "parts": PARTS},
)
REFUNDED: Event = ("RefundPaid", {"refund_id": "r", "part_id": "r1", "order_id": "o1", "amount_fen": 20})
CLAIMED: Event = ("PointsClaimed", {"order_id": "o1", "account": "p", "points": 5})
LEASE_BACK: Event = ("LeaseReturned", {"lease": "w@k1-1#1", "account": "w", "spent_fen": 50})
STORY = [PLACED, ASKED, PAID, SETTLED, RETURNED, REFUND, REFUNDED, LEASE_BACK]

BALANCES = {"assets:channel:shop": 0, "assets:tenders:shop": 70, "liability:points:shop": 27}


def sound(events: list[Event] | None = None, **changes: Any) -> Evidence:
    """An order of 100 fen paid with points, wallet and a channel; goods of 30 come back."""
    evidence = Evidence(
        journal=journal_of(STORY if events is None else events),
        ledger=Ledger(BALANCES),
        channel=(Success("a1", 20),),
        channel_refunds=(GivenBack("r1", "a1", 20),),
        grants={"p@k1-1#1": 30, "w@k1-1#1": 60},
        leases={"p@k1-1#1": LeaseUse(30, 30, 0), "w@k1-1#1": LeaseUse(60, 50, 0)},
        balances={"w": Balance(10, 10)},
        settled=True,
    )
    return replace(evidence, **changes)


def with_event(which: Event, /, **fields: Any) -> Evidence:
    """The story with one event changed."""
    return sound([(kind, {**data, **fields} if (kind, data) == which else data) for kind, data in STORY])


def with_refund(*parts: dict[str, Any]) -> Evidence:
    amount_fen = sum(part["amount_fen"] for part in parts)
    return with_event(REFUND, parts=list(parts), amount_fen=amount_fen)


BROKEN: list[tuple[str, str, Callable[[], Evidence]]] = [
    ("I3", "accounts assets:channel: hold 20", lambda: sound(ledger=Ledger({"assets:channel:shop": 20}))),
    ("I3", "accounts assets:tenders: hold 80", lambda: sound(ledger=Ledger({"assets:tenders:shop": 80}))),
    (
        "I3",
        "accounts liability:refunds: hold -1",
        lambda: sound(ledger=Ledger({"liability:refunds:shop": -1})),
    ),
    ("I3", "accounts assets:receivable: hold 9", lambda: sound(ledger=Ledger({"assets:receivable:shop": 9}))),
    ("I8", "captured 50, delivered 70", lambda: with_event(SETTLED, tenders=[POINTS])),
    ("I8", "its parts are not its 29", lambda: with_event(REFUND, amount_fen=29)),
    ("I8", "1 fen more go back than a1 paid", lambda: with_refund({**PARTS[0], "amount_fen": 21})),
    ("I8", "1 fen more go back than wallet paid", lambda: with_refund({**PARTS[1], "amount_fen": 51})),
    ("I8", "wallet went back while 5", lambda: with_refund({**PARTS[0], "amount_fen": 15}, PARTS[1])),
    ("I8", "which is in no journal", lambda: sound(channel_refunds=(GivenBack("r9", "a1", 20),))),
    ("I8", "gave back 19", lambda: sound(channel_refunds=(GivenBack("r1", "a1", 19),))),
    (
        "I8",
        "took 20 fen for a1 and gave back 40",
        lambda: sound(channel_refunds=(GivenBack("r1", "a1", 20), GivenBack("r9", "a1", 20))),
    ),
    ("I8", "the channel gave nothing", lambda: sound(channel_refunds=())),
    ("I8", "never came to its end", lambda: sound([event for event in STORY if event != REFUNDED])),
    ("I10", "which it may not be", lambda: sound(no_points=frozenset({"o1"}))),
    ("I10", "50 fen were spent of 49", lambda: sound(grants={"p@k1-1#1": 30, "w@k1-1#1": 49})),
    ("I10", "50 spent, 20 held of 60", lambda: sound(leases={"w@k1-1#1": LeaseUse(60, 50, 20)})),
    ("I10", "7 fen are held, open payments hold 0", lambda: sound(leases={"w@k1-1#1": LeaseUse(60, 50, 7)})),
    ("I10", "the table says 40 spent", lambda: sound(leases={"w@k1-1#1": LeaseUse(60, 40, 0)})),
    ("I10", "came back with 49", lambda: with_event(LEASE_BACK, spent_fen=49)),
    (
        "I10",
        "a tender of 0 fen",
        lambda: with_event(SETTLED, tenders=[POINTS, WALLET, {**POINTS, "amount_fen": 0}]),
    ),
    ("I10", "account w says 10 fen", lambda: sound(balances={"w": Balance(10, 11)})),
    ("I10", "gave its points 2 times", lambda: sound([*STORY, CLAIMED, CLAIMED])),
    ("I10", "5 were earned", lambda: sound([PLACED, ASKED, PAID, SETTLED])),
]


def test_a_mixed_payment_and_its_return_are_sound() -> None:
    assert check(sound()) == []


def test_goods_that_were_released_are_owed_until_the_money_comes() -> None:
    settled = ("SaleSettled", {**SETTLED[1], "tenders": [], "points": 0, "total_fen": 20})
    released = ("PaymentReleased", {"order_id": "o1", "attempt_id": "a1", "amount_fen": 20})
    owed = Ledger({"assets:receivable:shop": 20})
    open_still = Evidence(journal=journal_of([PLACED, ASKED, released, settled]), ledger=owed)
    assert check(open_still) == []
    paid = Ledger({"assets:channel:shop": 20})
    assert check(Evidence(journal=journal_of([PLACED, ASKED, released, settled, PAID]), ledger=paid)) == []


@pytest.mark.parametrize(("invariant", "why", "broken"), BROKEN)
def test_what_is_broken_is_named(invariant: str, why: str, broken: Callable[[], Evidence]) -> None:
    found = check(broken())
    assert [fault for fault in found if fault.invariant == invariant and why in fault.why], found
