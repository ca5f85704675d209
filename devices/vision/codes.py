"""What is said about codes without looking at a picture: check digits and payment codes."""

from typing import Literal

import msgspec

Symbology = Literal["qr", "ean13", "ean8", "code128"]


class Code(msgspec.Struct, frozen=True):
    """A decoded code. `sure` is False for a barcode that only one reading of the picture gave."""

    symbology: Symbology
    text: str
    sure: bool = True


def is_ean(text: str) -> bool:
    """Whether this is an EAN-8 or EAN-13 with a right check digit (GS1 General Specifications 7.9)."""
    if len(text) not in (8, 13) or not (text.isascii() and text.isdigit()):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(text)))
    return weighted % 10 == 0


def is_payment_code(text: str) -> bool:
    """Whether this is a payer's payment code 付款码, a bearer secret.

    WeChat: 18 digits beginning with 10 to 15. Alipay: 16 to 24 digits beginning with 25 to 30. UnionPay: 62,
    16 to 24 digits. Blanks between the digits do not hide it.
    """
    digits = "".join(text.split())
    if not (digits.isascii() and digits.isdigit() and 16 <= len(digits) <= 24):
        return False
    prefix = int(digits[:2])
    return (len(digits) == 18 and 10 <= prefix <= 15) or 25 <= prefix <= 30 or prefix == 62
