"""Part payments: which bill, and within it penalty or principal, gets the money first. Figures by hand."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.homes.allocation import Owed, Share, allocate
from edge.homes.errors import PartNotAllowed, SumNotPositive, SumTooLarge

# 1,000.00 yuan with 10.00 of penalty, due in September; 800.00 without, due in October.
SEPTEMBER = Owed("sep", "2026-09-30", 100_000, 1_000, True)
OCTOBER = Owed("oct", "2026-10-31", 80_000, 0, True)


def test_penalty_first_600_yuan_take_10_of_penalty_and_590_of_principal() -> None:
    assert allocate([SEPTEMBER], 60_000, "penalty_first") == (Share("sep", 59_000, 1_000),)


def test_principal_first_600_yuan_take_principal_alone() -> None:
    assert allocate([SEPTEMBER], 60_000, "principal_first") == (Share("sep", 60_000, 0),)


def test_principal_first_1005_yuan_leave_5_of_penalty() -> None:
    assert allocate([SEPTEMBER], 100_500, "principal_first") == (Share("sep", 100_000, 500),)


def test_less_than_the_penalty_takes_no_principal_where_the_penalty_is_first() -> None:
    assert allocate([SEPTEMBER], 999, "penalty_first") == (Share("sep", 0, 999),)


@pytest.mark.parametrize("order", ["penalty_first", "principal_first"])
def test_the_oldest_bill_is_cleared_before_the_next_gets_a_fen(
    order: Literal["penalty_first", "principal_first"],
) -> None:
    shares = allocate([OCTOBER, SEPTEMBER], 101_001, order)
    assert shares == (Share("sep", 100_000, 1_000), Share("oct", 1, 0))
    assert allocate([OCTOBER, SEPTEMBER], 101_000, order) == (Share("sep", 100_000, 1_000),)


def test_a_bill_that_is_paid_whole_is_never_left_in_part() -> None:
    whole = Owed("nov", "2026-11-30", 5_000, 0, False)
    assert allocate([SEPTEMBER, whole], 106_000, "penalty_first")[1] == Share("nov", 5_000, 0)
    with pytest.raises(PartNotAllowed):
        allocate([SEPTEMBER, whole], 101_001, "penalty_first")
    assert len(allocate([SEPTEMBER, whole], 101_000, "penalty_first")) == 1


@pytest.mark.parametrize("amount_fen", [0, -1, -(2**60)])
def test_nothing_and_less_is_refused(amount_fen: int) -> None:
    with pytest.raises(SumNotPositive):
        allocate([SEPTEMBER], amount_fen, "penalty_first")


@pytest.mark.parametrize("amount_fen", [101_001, 2**53, 2**70])
def test_more_than_is_owed_is_refused(amount_fen: int) -> None:
    with pytest.raises(SumTooLarge):
        allocate([SEPTEMBER], amount_fen, "penalty_first")


_OWED = st.builds(
    Owed,
    st.uuids().map(str),
    st.dates().map(str),
    st.integers(0, 10**7),
    st.integers(0, 10**5),
    st.just(True),
).filter(lambda bill: bill.total_fen > 0)


@given(
    st.lists(_OWED, min_size=1, max_size=6), st.data(), st.sampled_from(["penalty_first", "principal_first"])
)
def test_every_fen_goes_somewhere_and_no_bill_gets_more_than_it_asks(
    bills: list[Owed], data: st.DataObject, order: Literal["penalty_first", "principal_first"]
) -> None:
    amount_fen = data.draw(st.integers(1, sum(bill.total_fen for bill in bills)))
    shares = allocate(bills, amount_fen, order)
    asked = {bill.bill_id: bill for bill in bills}
    assert sum(share.principal_fen + share.penalty_fen for share in shares) == amount_fen
    for share in shares:
        assert 0 <= share.principal_fen <= asked[share.bill_id].principal_fen
        assert 0 <= share.penalty_fen <= asked[share.bill_id].penalty_fen
    cleared = [
        share.principal_fen + share.penalty_fen == asked[share.bill_id].total_fen for share in shares[:-1]
    ]
    assert all(cleared)
