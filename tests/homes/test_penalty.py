from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.homes.penalty import late_penalty
from edge.pay.contract import ContractTerms

TERMS = ContractTerms(version=3, penalty_ppm_per_day=300, grace_days=0)


def test_the_drawn_bill_has_the_drawn_penalty() -> None:
    assert late_penalty(26_880, "2026-10-31", "2026-11-12", TERMS) == (12, 97)


@pytest.mark.parametrize(
    ("as_of", "days"), [("2026-10-30", 0), ("2026-10-31", 0), ("2026-11-05", 0), ("2026-11-06", 1)]
)
def test_days_count_after_due_date_and_grace(as_of: str, days: int) -> None:
    terms = ContractTerms(penalty_ppm_per_day=300, grace_days=5)
    assert late_penalty(1_000_000, "2026-10-31", as_of, terms) == (days, 300 * days)


@pytest.mark.parametrize(("unpaid_fen", "fen"), [(5_000, 2), (15_000, 8), (25_000, 12)])
def test_half_a_fen_goes_to_the_even_one(unpaid_fen: int, fen: int) -> None:
    terms = ContractTerms(penalty_ppm_per_day=500)
    assert late_penalty(unpaid_fen, "2026-11-01", "2026-11-02", terms).fen == fen


def test_the_cap_holds() -> None:
    terms = ContractTerms(penalty_ppm_per_day=5000, cap_ppm=100_000)
    assert late_penalty(10_000, "2020-01-01", "2026-01-01", terms).fen == 1_000


def test_a_blank_contract_charges_nothing() -> None:
    assert late_penalty(10_000, "2020-01-01", "2026-01-01", ContractTerms()).fen == 0


def test_money_collected_for_others_bears_none_unless_the_contract_says_so() -> None:
    late = ("2026-10-01", "2026-11-01")
    assert late_penalty(100_000, *late, TERMS, collected_for_others=True).fen == 0
    terms = ContractTerms(penalty_ppm_per_day=300, penalty_on_collected_for_others=True)
    assert late_penalty(100_000, *late, terms, collected_for_others=True).fen == 930


@given(
    unpaid=st.integers(0, 10**8),
    ppm=st.integers(0, 10_000),
    day=st.dates(),
    days=st.integers(0, 2_000),
    cap=st.none() | st.integers(0, 1_000_000),
)
def test_the_penalty_is_the_exact_product_rounded_once_and_never_above_the_cap(
    unpaid: int, ppm: int, day: date, days: int, cap: int | None
) -> None:
    try:
        as_of = day + timedelta(days=days)
    except OverflowError:
        return
    terms = ContractTerms(penalty_ppm_per_day=ppm, cap_ppm=cap)
    penalty = late_penalty(unpaid, day.isoformat(), as_of.isoformat(), terms).fen
    exact = round(Fraction(unpaid * ppm * days, 1_000_000))
    assert penalty == (exact if cap is None else min(exact, round(Fraction(unpaid * cap, 1_000_000))))
    assert penalty >= 0


@given(st.integers(1, 10**7), st.integers(1, 400))
def test_waiting_longer_never_costs_less(unpaid: int, days: int) -> None:
    dates = [(date(2026, 1, 1) + timedelta(days=days + more)).isoformat() for more in (0, 1)]
    first, second = (late_penalty(unpaid, "2026-01-01", as_of, TERMS).fen for as_of in dates)
    assert second >= first
