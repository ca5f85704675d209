"""Late penalty 违约金: a daily rate on the unpaid sum after a period of grace, with an optional cap.

All figures come from the signed contract document; a blank one means no penalty. S3's 日千分之五 is between
businesses and never a default here.
"""

from datetime import date
from typing import NamedTuple

from edge.money import PPM, divide_half_even, share
from edge.pay.contract import ContractTerms


class Penalty(NamedTuple):
    """Days that count, and the penalty in fen."""

    days: int
    fen: int


NO_PENALTY = Penalty(0, 0)


def late_penalty(
    unpaid_fen: int, due_on: str, as_of: str, terms: ContractTerms, *, collected_for_others: bool = False
) -> Penalty:
    """Return the penalty on an unpaid sum as of a date.

    The first day that counts is the one after the due date and the days of grace. The exact product is
    rounded once, half to even, then capped. Money collected for others 代收 bears none unless the contract
    says so.
    """
    late = (date.fromisoformat(as_of) - date.fromisoformat(due_on)).days - terms.grace_days
    spared = collected_for_others and not terms.penalty_on_collected_for_others
    if late <= 0 or unpaid_fen <= 0 or spared:
        return Penalty(0 if spared else max(late, 0), 0)
    fen = divide_half_even(unpaid_fen * terms.penalty_ppm_per_day * late, PPM)
    if terms.cap_ppm is not None:
        fen = min(fen, share(unpaid_fen, terms.cap_ppm))
    return Penalty(late, fen)


class PenaltyStanding(NamedTuple):
    """What is written down of a bill's penalty: `due_fen` accrued until the date `on` and not paid yet.

    `on` is "" before the first payment: nothing is written down, and the whole penalty is reckoned anew.
    """

    due_fen: int = 0
    on: str = ""


def penalty_due(
    unpaid_fen: int,
    due_on: str,
    as_of: str,
    standing: PenaltyStanding,
    terms: ContractTerms,
    *,
    collected_for_others: bool = False,
) -> Penalty:
    """Return the penalty that is owed on a date, parts of the principal having been paid before.

    What accrued until the last payment stays as it was written then; since that day the penalty grows on the
    unpaid rest alone. The growth is the difference of two whole penalties of that rest, so that many looks
    round no more than one, and the cap holds for each fen of the principal.
    """

    def whole(day: str) -> Penalty:
        return late_penalty(unpaid_fen, due_on, day, terms, collected_for_others=collected_for_others)

    now = whole(as_of)
    if not standing.on:
        return now
    growth_fen = max(0, now.fen - whole(standing.on).fen)
    return Penalty(now.days, standing.due_fen + growth_fen)
