"""What is said about codes without looking at a picture: check digits."""

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
