from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.money import MAX_FEN, PPM, format_yuan, parse_yuan, share

SUMS = st.integers(-MAX_FEN, MAX_FEN)


def test_yuan_have_two_decimals() -> None:
    assert [format_yuan(fen) for fen in (1280, 5, 0, -5, -1280)] == [
        "12.80",
        "0.05",
        "0.00",
        "-0.05",
        "-12.80",
    ]


@given(SUMS)
def test_written_sum_reads_back(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", "1.234", "1,00", "１", "+1", " 1", "1.", "1e3", "99999999999999.99"])
def test_what_is_no_sum_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_yuan(text)


@given(SUMS, st.integers(0, PPM))
def test_share_is_the_exact_share_rounded_half_to_even(fen: int, rate_ppm: int) -> None:
    assert share(fen, rate_ppm) == round(Fraction(fen * rate_ppm, PPM))


def test_the_odd_half_goes_to_the_even_fen() -> None:
    assert [share(fen, 500_000) for fen in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]
