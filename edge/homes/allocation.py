"""Allocation 冲抵顺序 of a part payment: oldest bill first, and within a bill penalty or principal first.

Bill by bill: the next one gets its first fen when the one before is cleared, penalty and principal. Which of
the two comes first within a bill is in the contract document; blank is penalty first, the order of the Civil
Code's article 561 (interest before the debt itself).
"""

from collections.abc import Sequence
from typing import NamedTuple

from edge.homes.errors import PartNotAllowed, SumNotPositive, SumTooLarge
from edge.pay.contract import Allocation


class Owed(NamedTuple):
    """What is owed on a bill, in fen; `part_allowed`: whether the bill may be paid in part."""

    bill_id: str
    due_on: str
    principal_fen: int
    penalty_fen: int
    part_allowed: bool

    @property
    def total_fen(self) -> int:
        """Principal and penalty together."""
        return self.principal_fen + self.penalty_fen


class Share(NamedTuple):
    """What a payment takes off a bill, in fen."""

    bill_id: str
    principal_fen: int
    penalty_fen: int


def allocate(owed: Sequence[Owed], amount_fen: int, order: Allocation) -> tuple[Share, ...]:
    """Spread a sum over bills and return the share of each that gets any.

    Raises SumNotPositive, SumTooLarge when it is more than all of them ask for, PartNotAllowed when it would
    leave the rest of a bill that is paid whole or not at all.
    """
    total_fen = sum(bill.total_fen for bill in owed)
    if amount_fen <= 0:
        raise SumNotPositive(amount_fen=amount_fen)
    if amount_fen > total_fen:
        raise SumTooLarge(amount_fen=amount_fen, total_fen=total_fen)
    shares: list[Share] = []
    left_fen = amount_fen
    for bill in sorted(owed, key=lambda bill: (bill.due_on, bill.bill_id)):
        taken_fen = min(left_fen, bill.total_fen)
        if taken_fen == 0:
            break
        if taken_fen < bill.total_fen and not bill.part_allowed:
            raise PartNotAllowed(bill=bill.bill_id)
        shares.append(_split(bill, taken_fen, order))
        left_fen -= taken_fen
    return tuple(shares)


def _split(bill: Owed, taken_fen: int, order: Allocation) -> Share:
    if order == "penalty_first":
        penalty_fen = min(taken_fen, bill.penalty_fen)
        return Share(bill.bill_id, taken_fen - penalty_fen, penalty_fen)
    principal_fen = min(taken_fen, bill.principal_fen)
    return Share(bill.bill_id, principal_fen, taken_fen - principal_fen)
