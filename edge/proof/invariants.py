"""All invariants of the architecture, checked by one function over plain evidence."""

from collections.abc import Callable, Iterator, Mapping

from edge.proof import doors, keeping, money, payments, tenders
from edge.proof.evidence import Evidence, Violation

Invariant = Callable[[Evidence], Iterator[str]]

INVARIANTS: Mapping[str, Invariant] = {
    "I1": money.check_sales,
    "I2": keeping.check_custody,
    "I3": money.check_books,
    "I4": money.check_stock,
    "I5": doors.check_pulses,
    "I6": doors.check_lines,
    "I7": doors.check_cells,
    "I8": payments.check_captures,
    "I9": payments.check_successes,
    "I10": tenders.check_leases,
    "I11": keeping.check_chain,
    "I12": keeping.check_secrets,
    "I13": keeping.check_recovery,
    "I14": doors.check_unwritable,
}
"""Name in docs (architecture, Invariants) → the function whose docstring says what it uses."""


def check(evidence: Evidence) -> list[Violation]:
    """Every violation that the evidence shows; an empty list is good news."""
    return [Violation(name, why) for name, invariant in INVARIANTS.items() for why in invariant(evidence)]
