"""What the vision process and the hub say to each other: one JSON object a line on a Unix socket."""

from typing import Literal

import msgspec

from devices.vision.codes import Symbology

MAX_LINE_BYTES = 8_192
MAX_SCAN_CHARS = 1_024
"""Passes, labels and links are shorter; a longer text is no scan."""


class Scan(msgspec.Struct, frozen=True, tag_field="t", tag="scan"):
    """A code came into view. read_ms: from the frame's arrival to this line. at_boot_ms: CLOCK_BOOTTIME."""

    reader: str
    symbology: Symbology
    text: str
    read_ms: int
    at_boot_ms: int


class State(msgspec.Struct, frozen=True, tag_field="t", tag="state"):
    """Whether a reader gets frames. Said on connecting and on every change."""

    reader: str
    state: Literal["live", "lost"]


class PaymentCodeDiscarded(msgspec.Struct, frozen=True, tag_field="t", tag="payment_code_discarded"):
    """A payment code was shown where no amount has been seen; its digits stay in this process."""

    reader: str


class PictureBad(msgspec.Struct, frozen=True, tag_field="t", tag="picture_bad"):
    """A picture was not decoded; said at most every ten seconds a reader. `reason`: PictureRefused's."""

    reader: str
    reason: str


class PayScreen(msgspec.Struct, frozen=True, tag_field="t", tag="pay_screen"):
    """Hub to vision: from now on this reader may (or may no longer) pass payment codes on."""

    reader: str
    on: bool


Message = Scan | State | PaymentCodeDiscarded | PictureBad


def encode(message: Message) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"
