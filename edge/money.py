"""Money as integer fen (分, 1/100 yuan)."""

import re

MAX_FEN = 2**53 - 1
"""Largest sum that survives every JSON reader (RFC 8259 section 6, RFC 8785)."""

PPM = 1_000_000

_YUAN = re.compile(r"(-?)([0-9]{1,14})(?:\.([0-9]{1,2}))?", re.ASCII)


def format_yuan(fen: int) -> str:
    """Write fen as yuan with two decimals: ``1280`` is ``"12.80"``."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


def parse_yuan(text: str) -> int:
    """Read yuan with at most two decimals into fen; raise ``ValueError`` for anything else."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount in yuan: {text!r}")
    sign, yuan, decimals = match.groups()
    fen = int(yuan) * 100 + int((decimals or "0").ljust(2, "0"))
    if fen > MAX_FEN:
        raise ValueError(f"amount too large: {text!r}")
    return -fen if sign else fen


def share(fen: int, rate_ppm: int) -> int:
    """Return ``rate_ppm`` millionths of a sum in whole fen, rounded half to even."""
    return divide_half_even(fen * rate_ppm, PPM)


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divide and round half to even; ``denominator`` is positive."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient % 2 == 1):
        quotient += 1
    return quotient
