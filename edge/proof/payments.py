"""Invariants of payments and refunds: I8, I9."""

from collections import Counter
from collections.abc import Iterable, Iterator

from edge.proof.evidence import Entry, Evidence
from edge.proof.telling import CHANNEL, ENDED, OPEN, RefundPart, attempt_states, refund_parts, tenders_of

_TABLE = {"paid": "paid", "failed": "failed", "reversed": "reversed"}
_BACK_LAST = ("points", "prepaid_fee", "wallet", CHANNEL)
"""In this order tenders pay; they go back the other way round."""


def check_captures(evidence: Evidence) -> Iterator[str]:
    """I8: per order, captured = delivered + refunded + open.

    Uses the journal: captured by channels or paid out of accounts, or still owed for goods that were
    released; delivered less what was returned. What the channels really took and gave back where that is
    known: money of an attempt is booked with exactly its sum, or its attempt is open, or was given up and
    (until `settled`) is still looked for; no part of a refund goes back twice, or under an id that nobody
    asked for. The attempt table says what the journal says.
    """
    journal = evidence.journal
    captured = _sum(journal.of("PaymentPaid"), "amount_fen")
    for entry in journal.of("SaleSettled", "BillPaid"):
        captured[entry.data["order_id"]] += sum(tender.amount_fen for tender in tenders_of(entry))
    captured.update(_owed(journal.of("PaymentReleased"), journal.of("PaymentPaid")))
    back = _sum(journal.of("RefundRequested"), "amount_fen")
    delivered = _delivered(evidence)
    for order in captured.keys() | delivered.keys() | back.keys():
        if captured[order] != delivered[order] + back[order]:
            yield (
                f"order {order}: captured {captured[order]}, delivered {delivered[order]},"
                f" refunded {back[order]} fen"
            )
    yield from _check_parts(evidence)
    states = attempt_states(evidence)
    if evidence.channel is not None:
        yield from _compare_channel(evidence, states)
    if evidence.channel_refunds is not None:
        yield from _compare_refunds(evidence)
    if evidence.attempts is not None:
        for attempt in states.keys() | evidence.attempts.keys():
            told = evidence.attempts.get(attempt)
            if (OPEN if told is None else _TABLE.get(told, OPEN)) != states.get(attempt) or told is None:
                yield f"attempt {attempt}: the table says {told}, the journal {states.get(attempt)}"


def _delivered(evidence: Evidence) -> Counter[str]:
    journal = evidence.journal
    delivered = _sum(journal.of("SaleSettled"), "total_fen")
    delivered.update(_sum(journal.of("BillPaid"), "amount_fen", "penalty_fen"))
    delivered.update(_sum(journal.of("TopUpSettled"), "amount_fen"))
    delivered.subtract(_sum(journal.of("GoodsReturned"), "refund_fen"))
    delivered.subtract(_sum(journal.of("BillRefunded"), "amount_fen"))
    return delivered


def _owed(released: Iterable[Entry], paid: Iterable[Entry]) -> Counter[str]:
    """What orders whose goods were released still wait for."""
    captured = {entry.data["attempt_id"] for entry in paid}
    return _sum((entry for entry in released if entry.data["attempt_id"] not in captured), "amount_fen")


def _check_parts(evidence: Evidence) -> Iterator[str]:
    """Parts add up to their refund, and no tender of an order gets back more than it paid, in its turn."""
    journal = evidence.journal
    paid: Counter[tuple[str, str]] = Counter()
    for entry in journal.of("PaymentPaid"):
        paid[entry.data["order_id"], entry.data["attempt_id"]] += entry.data["amount_fen"]
    for entry in journal.of("SaleSettled", "BillPaid"):
        for tender in tenders_of(entry):
            paid[entry.data["order_id"], tender.kind] += tender.amount_fen
    for entry in journal.of("RefundRequested"):
        parts = refund_parts(entry)
        for_tender = [part.attempt if part.kind == CHANNEL else part.kind for part in parts]
        if sum(part.amount_fen for part in parts) != entry.data["amount_fen"]:
            yield f"refund {entry.data['refund_id']}: its parts are not its {entry.data['amount_fen']} fen"
        for part, payer in zip(parts, for_tender, strict=True):
            paid[part.order, payer] -= part.amount_fen
            if paid[part.order, payer] < 0:
                yield f"order {part.order}: {-paid[part.order, payer]} fen more go back than {payer} paid"
        yield from _check_turn(entry, parts, paid)


def _check_turn(entry: Entry, parts: list[RefundPart], paid: Counter[tuple[str, str]]) -> Iterator[str]:
    """What paid last goes back first: the channel, then wallet, prepaid fee, points."""
    order = entry.data["order_id"]
    kinds = {part.kind for part in parts}
    attempts = {part.attempt for part in parts if part.kind == CHANNEL}
    for kind in kinds - {CHANNEL}:
        later = _BACK_LAST[_BACK_LAST.index(kind) + 1 :]
        left = sum(paid[order, each] for each in later if each != CHANNEL)
        left += sum(paid[order, attempt] for attempt in attempts)
        if left > 0:
            yield f"refund {entry.data['refund_id']}: {kind} went back while {left} fen paid later stay"


def _compare_channel(evidence: Evidence, states: dict[str, str]) -> Iterator[str]:
    booked = {
        entry.data["attempt_id"]: entry.data["amount_fen"]
        for entry in evidence.journal.of("PaymentPaid")
        if entry.data["amount_fen"]
    }
    took = {success.attempt: success.amount_fen for success in evidence.channel or ()}
    earlier = {entry.data["attempt_id"] for entry in evidence.elsewhere.of("PaymentRequested")}
    for attempt, fen in took.items():
        if attempt not in states:
            if attempt in earlier:
                continue  # an earlier life of the device asked for it, and settled it
            yield f"the channel took {fen} fen for {attempt}, which is in no journal"
        elif attempt in booked and booked[attempt] != fen:
            yield f"attempt {attempt}: booked {booked[attempt]}, the channel took {fen} fen"
        elif evidence.settled and attempt not in booked and states[attempt] != OPEN:
            yield f"attempt {attempt} is {states[attempt]}, and the channel has its {fen} fen"
    yield from (
        f"attempt {attempt} is paid, the channel has nothing" for attempt in booked.keys() - took.keys()
    )


def _compare_refunds(evidence: Evidence) -> Iterator[str]:
    """What the channel gave back is what was asked for, part by part, never above what it took."""
    journal = evidence.journal
    asked = {
        part.part: part
        for entry in (*evidence.elsewhere.of("RefundRequested"), *journal.of("RefundRequested"))
        for part in refund_parts(entry)
        if part.kind == CHANNEL
    }
    gave = {each.part: each for each in evidence.channel_refunds or ()}
    took = {success.attempt: success.amount_fen for success in evidence.channel or ()}
    of_attempt: Counter[str] = Counter()
    for name, each in gave.items():
        of_attempt[each.attempt] += each.amount_fen
        part = asked.get(name)
        if part is None:
            yield f"the channel gave back {each.amount_fen} fen as {name}, which is in no journal"
        elif (part.attempt, part.amount_fen) != (each.attempt, each.amount_fen):
            yield f"part {name} is {part.amount_fen} fen, the channel gave back {each.amount_fen}"
    for attempt, fen in of_attempt.items():
        if fen > took.get(attempt, 0):
            yield f"the channel took {took.get(attempt, 0)} fen for {attempt} and gave back {fen}"
    done = {entry.data["part_id"] for entry in journal.of("RefundPaid")}
    yield from (f"part {name} is refunded, the channel gave nothing" for name in sorted(done - gave.keys()))
    if evidence.settled:
        ended = done | {entry.data["part_id"] for entry in journal.of("RefundFailed")}
        ended |= {entry.data["part_id"] for entry in evidence.elsewhere.of("RefundPaid", "RefundFailed")}
        yield from (
            f"part {name} was asked for and never came to its end" for name in sorted(asked.keys() - ended)
        )


def check_successes(evidence: Evidence) -> Iterator[str]:
    """I9: at most one unrefunded channel success per order; so at most one open attempt, too.

    Uses the journal. Once `settled`, also every success of the channel, known here or not.
    """
    orders: dict[str, str] = {}
    open_of: dict[str, str] = {}
    kinds = ("PaymentRequested", *ENDED)
    for entry in sorted(evidence.journal.of(*kinds), key=lambda entry: entry.seq):
        order, attempt = entry.data["order_id"], entry.data["attempt_id"]
        orders[attempt] = order
        if entry.kind == "PaymentRequested":
            if order in open_of:
                yield f"order {order}: attempt {attempt} began while {open_of[order]} was open"
            open_of[order] = attempt
        elif open_of.get(order) == attempt:
            del open_of[order]
    paid = evidence.journal.of("PaymentPaid")
    took = [(entry.data["attempt_id"], entry.data["amount_fen"]) for entry in paid]
    if evidence.settled and evidence.channel is not None:
        took = [(each.attempt, each.amount_fen) for each in evidence.channel if each.attempt in orders]
    back: Counter[str] = Counter()
    for entry in evidence.journal.of("RefundRequested"):
        for part in refund_parts(entry):
            back[part.attempt] += part.amount_fen if part.kind == CHANNEL else 0
    kept = Counter(orders.get(attempt, "") for attempt, fen in took if back[attempt] < fen)
    yield from (f"order {order} has {n} successes that stay" for order, n in kept.items() if n > 1)


def _sum(entries: Iterable[Entry], *names: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry.data["order_id"]] += sum(entry.data[name] for name in names)
    return sums
