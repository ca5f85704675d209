import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.shop.ean import check_digit, is_valid_ean


@pytest.mark.parametrize("text", ["6901234567892", "4006381333931", "96385074"])
def test_printed_codes_are_valid(text: str) -> None:
    assert is_valid_ean(text)


@pytest.mark.parametrize("text", ["", "6901234567893", "690123456789", "69012345678９2", "ABCDEFGHIJKLM"])
def test_other_texts_are_not(text: str) -> None:
    assert not is_valid_ean(text)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.integers(0, 12), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(digits: str, place: int, shift: int) -> None:
    good = f"{digits}{check_digit(digits)}"
    wrong = str((int(good[place]) + shift) % 10)
    assert is_valid_ean(good)
    assert not is_valid_ean(good[:place] + wrong + good[place + 1 :])
