"""Check digits and payment codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.vision.codes import is_ean
from edge.pay.codes import CodeTable


@pytest.mark.parametrize("text", ["5449000039231", "6910628152903", "96385074", "0036602301467"])
def test_right_check_digits_pass(text: str) -> None:
    assert is_ean(text)


@given(text=st.from_regex(r"69[0-9]{11}", fullmatch=True), place=st.integers(0, 12), step=st.integers(1, 9))
def test_one_wrong_digit_is_noticed(text: str, place: int, step: int) -> None:
    other = text[:place] + str((int(text[place]) + step) % 10) + text[place + 1 :]
    assert not (is_ean(text) and is_ean(other))


@pytest.mark.parametrize(
    "text", ["", "544900003923", "54490000392311", "544900003923x", "５４４９００００３９２３１"]
)
def test_other_texts_are_no_ean(text: str) -> None:
    assert not is_ean(text)


@pytest.mark.parametrize(
    "text",
    [
        "101234567890123456",
        "154321098765432109",
        "2512345678901234",
        "301234567890123456789012",
        "281234567890123456",
        "6212345678901234567",
        "1012 3456 7890 1234 56",
    ],
)
def test_payment_codes_are_known(text: str) -> None:
    assert CodeTable().owner(text)


@pytest.mark.parametrize(
    "text",
    ["6910628152903", "161234567890123456", "10123456789012345", "251234567890123", "CE1:ABC", "12345678"],
)
def test_barcodes_passes_and_pickup_codes_are_no_payment_codes(text: str) -> None:
    assert not CodeTable().owner(text)
