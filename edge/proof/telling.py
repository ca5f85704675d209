"""What money events of the journal tell, whatever their version: tenders, parts of refunds, attempts."""

from typing import NamedTuple

from edge.proof.evidence import Entry, Evidence

ENDED = {"PaymentPaid": "paid", "PaymentFailed": "failed", "PaymentReversed": "reversed"}
OPEN = "open"
CHANNEL = "channel"


class Tender(NamedTuple):
    """A part of a payment that an account of a resident paid, out of a lease of this device."""

    kind: str
    account: str
    lease: str
    amount_fen: int


class RefundPart(NamedTuple):
    """A part of a refund: of a channel's attempt, or to an account."""

    refund: str
    order: str
    part: str
    kind: str
    attempt: str
    account: str
    amount_fen: int


def tenders_of(entry: Entry) -> list[Tender]:
    """The tenders of a settled order; none where the channel paid all, and none in earlier versions."""
    return [
        Tender(tender["kind"], tender["account"], tender["lease"], tender["amount_fen"])
        for tender in entry.data.get("tenders", ())
    ]


def refund_parts(entry: Entry) -> list[RefundPart]:
    """The parts of a requested refund; in the first version it was the whole of one attempt."""
    data = entry.data
    whole = {"part_id": data["refund_id"], "kind": CHANNEL, "amount_fen": data["amount_fen"]}
    return [
        RefundPart(
            data["refund_id"],
            data["order_id"],
            part["part_id"],
            part["kind"],
            part.get("attempt_id") or data.get("attempt_id", ""),
            part.get("account", ""),
            part["amount_fen"],
        )
        for part in data.get("parts", (whole,))
    ]


def attempt_states(evidence: Evidence) -> dict[str, str]:
    """State of every attempt by the journal: open, paid, failed, reversed."""
    states: dict[str, str] = {}
    for entry in sorted(
        evidence.journal.of("PaymentRequested", "PaymentUnknown", *ENDED), key=lambda entry: entry.seq
    ):
        states[entry.data["attempt_id"]] = ENDED.get(entry.kind, OPEN)
    return states
