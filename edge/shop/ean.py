"""Check digits of EAN-13 and EAN-8 (GS1 General Specifications, 7.9)."""


def is_valid_ean(text: str) -> bool:
    """Tell whether `text` is 8 or 13 digits with the right check digit."""
    if len(text) not in (8, 13) or not (text.isascii() and text.isdigit()):
        return False
    return check_digit(text[:-1]) == int(text[-1])


def check_digit(digits: str) -> int:
    """Return the check digit that follows `digits`: weights 3 and 1 from the right."""
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return -weighted % 10
