"""Invariants of points, wallets, prepaid fees and their leases: I10."""

from collections import Counter
from collections.abc import Iterator

from edge.proof.evidence import Evidence
from edge.proof.telling import OPEN, attempt_states, refund_parts, tenders_of

POINTS = "points"


def check_leases(evidence: Evidence) -> Iterator[str]:
    """I10: points and wallet: spends never exceed what was granted, per lease too; balances are their folds.

    Uses the journal's tenders and, where they are known: `grants`, the most that the platform ever let this
    device spend of each lease; the device's own `leases` with what they spent and hold; the platform's
    `balances` of accounts against the fold of what it knows; `no_points`, orders that points may not pay.
    """
    spent: Counter[str] = Counter()
    for entry in evidence.journal.of("SaleSettled", "BillPaid"):
        order = entry.data["order_id"]
        for tender in tenders_of(entry):
            spent[tender.lease] += tender.amount_fen
            if tender.amount_fen <= 0:
                yield f"order {order}: a tender of {tender.amount_fen} fen"
            if tender.kind == POINTS and order in evidence.no_points:
                yield f"order {order} was paid with points, which it may not be"
    yield from _check_grants(evidence, spent)
    yield from _check_returned(evidence, spent)
    yield from _check_points(evidence)
    for account, (told_fen, fold_fen) in (evidence.balances or {}).items():
        if told_fen != fold_fen:
            yield f"account {account} says {told_fen} fen, its fold is {fold_fen}"


def _check_grants(evidence: Evidence, spent: Counter[str]) -> Iterator[str]:
    """Each lease by what the platform granted, and by the device's own table."""
    if evidence.grants is not None:
        for lease, fen in spent.items():
            if fen > evidence.grants.get(lease, 0):
                yield f"lease {lease}: {fen} fen were spent of {evidence.grants.get(lease, 0)}"
    for lease, use in (evidence.leases or {}).items():
        if use.spent_fen + use.held_fen > use.granted_fen:
            yield f"lease {lease}: {use.spent_fen} spent, {use.held_fen} held of {use.granted_fen} fen"
        if use.spent_fen != spent[lease]:
            yield f"lease {lease}: the table says {use.spent_fen} spent, the journal {spent[lease]}"
    if evidence.leases is not None:
        states = attempt_states(evidence)
        spent_already = {entry.data["attempt_id"] for entry in evidence.journal.of("PaymentReleased")}
        holding = {name for name, state in states.items() if state == OPEN} - spent_already
        asked = evidence.journal.of("PaymentRequested")
        open_fen = sum(e.data.get("held_fen", 0) for e in asked if e.data["attempt_id"] in holding)
        held_fen = sum(use.held_fen for use in evidence.leases.values())
        if held_fen != open_fen:
            yield f"{held_fen} fen are held, open payments hold {open_fen}"


def _check_returned(evidence: Evidence, spent: Counter[str]) -> Iterator[str]:
    """A lease that was given back is spent no more, and its last word is what was spent."""
    for entry in evidence.journal.of("LeaseReturned"):
        lease, told_fen = entry.data["lease"], entry.data["spent_fen"]
        if told_fen != spent[lease]:
            yield f"lease {lease} came back with {told_fen} fen spent, the journal has {spent[lease]}"


def _check_points(evidence: Evidence) -> Iterator[str]:
    """The books owe what was earned here, less what was spent and taken back here."""
    if evidence.ledger is None:
        return
    journal = evidence.journal
    claims = Counter(entry.data["order_id"] for entry in journal.of("PointsClaimed"))
    yield from (f"order {order} gave its points {n} times" for order, n in claims.items() if n > 1)
    earned = sum(entry.data["points"] for entry in journal.of("SaleSettled"))
    tenders = [tender for entry in journal.of("SaleSettled", "BillPaid") for tender in tenders_of(entry)]
    earned -= sum(tender.amount_fen for tender in tenders if tender.kind == POINTS)
    parts = [part for entry in journal.of("RefundRequested") for part in refund_parts(entry)]
    earned += sum(part.amount_fen for part in parts if part.kind == POINTS)
    earned -= sum(entry.data["points_back"] for entry in journal.of("GoodsReturned"))
    prefix = "liability:points:"
    owed = -sum(fen for account, fen in evidence.ledger.balances.items() if account.startswith(prefix))
    if owed != earned:
        yield f"{owed} points are owed, {earned} were earned and not spent"
