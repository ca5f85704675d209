"""Invariants of sales, stock and books: I1, I3, I4."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from edge.proof.evidence import Evidence
from edge.proof.telling import CHANNEL, refund_parts, tenders_of

RECEIPTED = ("SaleSettled", "BillPaid", "TopUpSettled")
"""Events of which people get a receipt."""


def check_sales(evidence: Evidence) -> Iterator[str]:
    """I1: every acknowledged sale is in the journal exactly once, and nothing that was not attempted.

    Uses the journal, `told` (sales, and the receipts of fees and top-ups), `asked`, and the state of the
    order table where it is known: a table that says "paid" without the event, or the other way round, is a
    sale outside its unit.
    """
    journal = evidence.journal
    settled = Counter(entry.data["order_id"] for entry in journal.of("SaleSettled"))
    yield from (f"sale {order} settled {n} times" for order, n in settled.items() if n > 1)
    elsewhere = {entry.data["order_id"] for entry in evidence.elsewhere.of(*RECEIPTED)}
    elsewhere |= {entry.data["order_id"] for entry in journal.of(*RECEIPTED[1:])}
    for sale in evidence.told:
        if settled[sale.order] != 1 and sale.order not in elsewhere:
            yield f"sale {sale.order} was acknowledged and is in the journal {settled[sale.order]} times"
    placed = {entry.data["order_id"]: entry.data["total_fen"] for entry in journal.of("OrderPlaced")}
    yield from (f"sale {order} was settled and never placed" for order in settled if order not in placed)
    if evidence.asked is not None:
        strange = sorted(placed.keys() - evidence.asked)
        yield from (f"order {order} is in the journal and nobody asked for it" for order in strange)
    if evidence.orders is not None:
        paid = {order for order, state in evidence.orders.items() if state == "paid"}
        yield from (
            f"order {order} is paid in the table, not in the journal" for order in paid - set(settled)
        )
        yield from (f"sale {order} is settled and its order is not paid" for order in set(settled) - paid)
        lost = placed.keys() ^ evidence.orders.keys()
        yield from (f"order {order} is in only one of table and journal" for order in sorted(lost))


def check_books(evidence: Evidence) -> Iterator[str]:
    """I3: sealed sets sum to zero, and balances equal their folds.

    Uses the ledger's rows, or what the hub's own verification found when only that is known. The journal's
    sums are in the accounts of all payees together: what channels captured and gave back, what tenders paid,
    what goods released on an unknown payment wait for, what still has to go back.
    """
    ledger = evidence.ledger
    if ledger is None:
        return
    yield from ledger.found
    if ledger.postings is not None:
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        folds: Counter[str] = Counter()
        sealed = set()
        for posting in ledger.postings:
            sums[posting.source, posting.rule] += posting.amount_fen
            if posting.account is None:
                sealed.add((posting.source, posting.rule))
            else:
                folds[posting.account] += posting.amount_fen
        yield from (f"set {key} sums to {fen} fen" for key, fen in sums.items() if fen)
        yield from (f"set {key} is not sealed" for key in sums.keys() - sealed)
        for account in folds.keys() | ledger.balances.keys():
            if folds[account] != ledger.balances.get(account, 0):
                yield f"{account} says {ledger.balances.get(account, 0)} fen, its fold is {folds[account]}"
    for stem, told_fen in _told_sums(evidence).items():
        held = sum(fen for account, fen in ledger.balances.items() if account.startswith(stem))
        if held != told_fen:
            yield f"accounts {stem} hold {held} fen, the journal tells of {told_fen}"


def _told_sums(evidence: Evidence) -> dict[str, int]:
    """What accounts must hold by the journal, debits positive, by stem."""
    journal = evidence.journal
    captured = journal.of("PaymentPaid")
    returned = sum(entry.data["amount_fen"] for entry in journal.of("RefundPaid"))
    parts = [part for entry in journal.of("RefundRequested") for part in refund_parts(entry)]
    tendered_back = sum(part.amount_fen for part in parts if part.kind != CHANNEL)
    owed_back = sum(part.amount_fen for part in parts if part.kind == CHANNEL) - returned
    tendered = sum(t.amount_fen for entry in journal.of("SaleSettled", "BillPaid") for t in tenders_of(entry))
    released = {e.data["attempt_id"]: e.data["amount_fen"] for e in journal.of("PaymentReleased")}
    paid_later = {entry.data["attempt_id"] for entry in captured}
    return {
        "assets:channel:": sum(entry.data["amount_fen"] for entry in captured) - returned,
        "assets:tenders:": tendered - tendered_back,
        "assets:receivable:": sum(fen for name, fen in released.items() if name not in paid_later),
        "liability:refunds:": -owed_back,
    }


def check_stock(evidence: Evidence) -> Iterator[str]:
    """I4: stock is never negative unless the product allows it; moves add up to what is on hand.

    Uses the journal (received less sold, and what came back and is sold again; never below nothing at any
    seq) and the shelf where it is known.
    Pieces reserved by orders that wait are on hand, too.
    """
    free = {line.sku for line in evidence.stock or () if line.may_be_negative}
    on_hand: Counter[str] = Counter()
    moves = evidence.journal.of("StockReceived", "SaleSettled", "GoodsReturned")
    for entry in sorted(moves, key=lambda entry: entry.seq):
        sign = -1 if entry.kind == "SaleSettled" else 1
        for line in entry.data["lines"]:
            on_hand[line["sku"]] += sign * line.get("restocked", line["quantity"])
            if on_hand[line["sku"]] < 0 and line["sku"] not in free:
                yield f"{line['sku']} is at {on_hand[line['sku']]} after seq {entry.seq}"
    for shelf in evidence.stock or ():
        if not shelf.on_hand == shelf.moved == on_hand[shelf.sku]:
            told = f"moves {shelf.moved}, journal {on_hand[shelf.sku]}"
            yield f"{shelf.sku}: on hand {shelf.on_hand}, {told}"
        if shelf.reserved > shelf.on_hand and not shelf.may_be_negative:
            yield f"{shelf.sku}: {shelf.reserved} reserved of {shelf.on_hand}"
