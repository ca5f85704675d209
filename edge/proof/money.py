"""Invariants of sales, stock, books and payments: I1, I3, I4, I8, I9, I10."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from edge.proof.evidence import Entry, Evidence

ENDED = {"PaymentPaid": "paid", "PaymentFailed": "failed", "PaymentReversed": "reversed"}
OPEN = "open"
_TABLE = {"paid": "paid", "failed": "failed", "reversed": "reversed"}


def check_sales(evidence: Evidence) -> Iterator[str]:
    """I1: every acknowledged sale is in the journal exactly once, and nothing that was not attempted.

    Uses the journal, `told`, `asked`, and the state of the order table where it is known: a table that says
    "paid" without the event, or the other way round, is a sale outside its unit.
    """
    journal = evidence.journal
    settled = Counter(entry.data["order_id"] for entry in journal.of("SaleSettled"))
    yield from (f"sale {order} settled {n} times" for order, n in settled.items() if n > 1)
    for sale in evidence.told:
        if settled[sale.order] != 1:
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

    Uses the ledger's rows, or what the hub's own verification found when only that is known. The channel
    accounts together hold exactly what the journal says was captured, the points accounts what was earned.
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
    held = sum(fen for account, fen in ledger.balances.items() if account.startswith("assets:channel:"))
    captured = sum(entry.data["amount_fen"] for entry in evidence.journal.of("PaymentPaid"))
    if held != captured:
        yield f"channel accounts hold {held} fen, {captured} were captured"


def check_stock(evidence: Evidence) -> Iterator[str]:
    """I4: stock is never negative unless the product allows it; moves add up to what is on hand.

    Uses the journal (received less sold, never below nothing at any seq) and the shelf where it is known.
    Pieces reserved by orders that wait are on hand, too.
    """
    free = {line.sku for line in evidence.stock or () if line.may_be_negative}
    on_hand: Counter[str] = Counter()
    moves = evidence.journal.of("StockReceived", "SaleSettled")
    for entry in sorted(moves, key=lambda entry: entry.seq):
        sign = 1 if entry.kind == "StockReceived" else -1
        for line in entry.data["lines"]:
            on_hand[line["sku"]] += sign * line["quantity"]
            if on_hand[line["sku"]] < 0 and line["sku"] not in free:
                yield f"{line['sku']} is at {on_hand[line['sku']]} after seq {entry.seq}"
    for shelf in evidence.stock or ():
        if not shelf.on_hand == shelf.moved == on_hand[shelf.sku]:
            told = f"moves {shelf.moved}, journal {on_hand[shelf.sku]}"
            yield f"{shelf.sku}: on hand {shelf.on_hand}, {told}"
        if shelf.reserved > shelf.on_hand and not shelf.may_be_negative:
            yield f"{shelf.sku}: {shelf.reserved} reserved of {shelf.on_hand}"


def check_captures(evidence: Evidence) -> Iterator[str]:
    """I8: per order, captured = delivered + refunded + open.

    Uses the journal; what the channels really took where that is known: money of an attempt is booked with
    exactly its sum, or its attempt is open, or was given up and (until `settled`) is still looked for. The
    attempt table says what the journal says.
    """
    journal = evidence.journal
    captured = _sum(journal.of("PaymentPaid"), "amount_fen")
    back = _sum(journal.of("RefundRequested"), "amount_fen")
    delivered = _sum(journal.of("SaleSettled"), "total_fen")
    delivered.update(_sum(journal.of("BillPaid"), "amount_fen", "penalty_fen"))
    for order in captured.keys() | delivered.keys() | back.keys():
        if captured[order] != delivered[order] + back[order]:
            yield (
                f"order {order}: captured {captured[order]}, delivered {delivered[order]},"
                f" refunded {back[order]} fen"
            )
    states = attempt_states(evidence)
    if evidence.channel is not None:
        yield from _compare_channel(evidence, states)
    if evidence.attempts is not None:
        for attempt in states.keys() | evidence.attempts.keys():
            told = evidence.attempts.get(attempt)
            if (OPEN if told is None else _TABLE.get(told, OPEN)) != states.get(attempt) or told is None:
                yield f"attempt {attempt}: the table says {told}, the journal {states.get(attempt)}"


def _compare_channel(evidence: Evidence, states: dict[str, str]) -> Iterator[str]:
    booked = {
        entry.data["attempt_id"]: entry.data["amount_fen"] for entry in evidence.journal.of("PaymentPaid")
    }
    took = {success.attempt: success.amount_fen for success in evidence.channel or ()}
    for attempt, fen in took.items():
        if attempt not in states:
            yield f"the channel took {fen} fen for {attempt}, which is in no journal"
        elif attempt in booked and booked[attempt] != fen:
            yield f"attempt {attempt}: booked {booked[attempt]}, the channel took {fen} fen"
        elif evidence.settled and attempt not in booked and states[attempt] != OPEN:
            yield f"attempt {attempt} is {states[attempt]}, and the channel has its {fen} fen"
    yield from (
        f"attempt {attempt} is paid, the channel has nothing" for attempt in booked.keys() - took.keys()
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
    refunded = {entry.data["attempt_id"] for entry in evidence.journal.of("RefundRequested")}
    paid = [entry.data["attempt_id"] for entry in evidence.journal.of("PaymentPaid")]
    if evidence.settled and evidence.channel is not None:
        paid = [success.attempt for success in evidence.channel if success.attempt in orders]
    kept = Counter(orders.get(attempt, "") for attempt in paid if attempt not in refunded)
    yield from (f"order {order} has {n} successes that stay" for order, n in kept.items() if n > 1)


def check_leases(evidence: Evidence) -> Iterator[str]:
    """I10: points and wallet: spends never exceed what was granted.

    The product only grants points as yet, with a sale: each payee's liability is what its sales earned, and
    no account of points is ever overspent. Wallet and leases have no events to judge until they are built.
    """
    if evidence.ledger is None:
        return
    earned: Counter[str] = Counter()
    for entry in evidence.journal.of("SaleSettled"):
        earned[entry.data["payee"]] += entry.data["points"]
    prefix = "liability:points:"
    owed = {
        account.removeprefix(prefix): -fen
        for account, fen in evidence.ledger.balances.items()
        if account.startswith(prefix)
    }
    for payee in earned.keys() | owed.keys():
        if owed.get(payee, 0) < 0:
            yield f"{-owed[payee]} points of {payee} were spent beyond the granted ones"
        elif owed.get(payee, 0) != earned[payee]:
            yield f"{payee} owes {owed.get(payee, 0)} points, {earned[payee]} were granted"


def attempt_states(evidence: Evidence) -> dict[str, str]:
    """State of every attempt by the journal: open, paid, failed, reversed."""
    states: dict[str, str] = {}
    for entry in sorted(
        evidence.journal.of("PaymentRequested", "PaymentUnknown", *ENDED), key=lambda entry: entry.seq
    ):
        states[entry.data["attempt_id"]] = ENDED.get(entry.kind, OPEN)
    return states


def _sum(entries: list[Entry], *names: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry.data["order_id"]] += sum(entry.data[name] for name in names)
    return sums
