"""What the bare text of a scanner, card reader or keypad means, before anything else sees it."""

import re
from typing import NamedTuple

from devices.settings import ReaderSettings
from devices.vision.codes import is_ean
from edge.links.scans import CARD, PIN

MAX_TEXT_CHARS = 1_024
"""Passes, labels and links are shorter; the vision process has the same limit."""

_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_DECIMAL = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){1,8}")
_TYPED = re.compile(r"([0-9]{1,12})[#*]([0-9]{4,12})#?")


class Reading(NamedTuple):
    """What a text turned out to be."""

    symbology: str
    text: str


def read_text(text: str, settings: ReaderSettings) -> Reading | None:
    """The reading of a text that a HID or serial reader sent; None for what such a reader never sends."""
    text = text.strip()
    if len(text) > MAX_TEXT_CHARS or _PRINTABLE.fullmatch(text) is None:
        return None
    match settings.reads:
        case "cards":
            number = card_number(text, settings.card_number)
            return None if number is None else Reading(CARD, number)
        case "keypad":
            typed = typed_pin(text)
            return None if typed is None else Reading(PIN, typed)
        case "codes":
            return Reading(symbology_of(text), text)


def symbology_of(text: str) -> str:
    """What a scanner on a wire read, which it does not say: digits with a right check digit are an EAN."""
    return f"ean{len(text)}" if is_ean(text) else "qr"


def card_number(text: str, form: str) -> str | None:
    """A card's number in decimal without leading zeros, so that every reader means the same card.

    `form` is decimal, hex, or hex_reversed (the lowest byte first, as some readers send a chip's number).
    Returns None for what is no such number; at most eight bytes.
    """
    if form == "decimal":
        return str(int(text)) if _DECIMAL.fullmatch(text) and int(text) < 1 << 64 else None
    if _HEX.fullmatch(text) is None:
        return None
    data = bytes.fromhex(text)
    return str(int.from_bytes(data, "little" if form == "hex_reversed" else "big"))


def typed_pin(text: str) -> str | None:
    """`ROOM#PIN` from what was typed: room, # or *, PIN, with or without the key that ends it."""
    typed = _TYPED.fullmatch(text)
    return None if typed is None else f"{typed[1]}#{typed[2]}"
