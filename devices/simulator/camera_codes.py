"""Draw codes as black and white pictures: EAN-13 bar by bar, QR by segno."""

import cv2
import numpy as np
import numpy.typing as npt
import segno

Picture = npt.NDArray[np.uint8]

LEFT_ODD = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
"""Bars of the digits 0 to 9 in set A (ISO/IEC 15420, table 1); sets B and C follow from it."""

FIRST_DIGIT = (
    "AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA",
)  # fmt: skip
"""Which set each of the left six digits takes (ISO/IEC 15420, table 3)."""

QUIET_MODULES = 11
MODULE_PX = 4
BAR_HEIGHT_PX = 260
MAX_TEXT_CHARS = 1_024


def draw_code(symbology: str, text: str) -> Picture:
    """A code with its quiet zone, white 255. Raises ValueError when the text is no such code."""
    if not 0 < len(text) <= MAX_TEXT_CHARS:
        raise ValueError(f"a code holds 1 to {MAX_TEXT_CHARS} characters")
    return draw_ean13(text) if symbology == "ean13" else draw_qr(text)


def draw_ean13(text: str) -> Picture:
    """The bars of an EAN-13 with its digits below. Raises ValueError on anything but 13 digits."""
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        raise ValueError("an EAN-13 has 13 digits")
    modules = "0" * QUIET_MODULES + _bars(text) + "0" * QUIET_MODULES
    row = np.where(np.array(list(modules)) == "1", 0, 255).astype(np.uint8).repeat(MODULE_PX)
    height = BAR_HEIGHT_PX + 60
    picture = np.full((height, row.size), 255, np.uint8)
    picture[20:BAR_HEIGHT_PX] = row
    pitch = (row.size - 2 * QUIET_MODULES * MODULE_PX) / len(text)
    for place, digit in enumerate(text):
        left = round(QUIET_MODULES * MODULE_PX + place * pitch)
        cv2.putText(picture, digit, (left, height - 16), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0,), 2, cv2.LINE_AA)
    return picture


def draw_qr(text: str) -> Picture:
    """A QR code at correction level M with four modules of quiet zone. Raises ValueError."""
    try:
        code = segno.make_qr(text, error="m")
    except segno.DataOverflowError as error:
        raise ValueError("too long for a QR code") from error
    matrix = np.array([list(line) for line in code.matrix_iter(border=4)], np.uint8)
    picture = np.where(matrix > 0, 0, 255).astype(np.uint8)
    scale = max(MODULE_PX, 360 // picture.shape[0])
    return picture.repeat(scale, 0).repeat(scale, 1)


def _bars(text: str) -> str:
    sets = FIRST_DIGIT[int(text[0])]
    left = "".join(_digit(int(digit), which) for digit, which in zip(text[1:7], sets, strict=True))
    right = "".join(_digit(int(digit), "C") for digit in text[7:])
    return f"101{left}01010{right}101"


def _digit(value: int, which: str) -> str:
    odd = LEFT_ODD[value]
    inverted = odd.translate(str.maketrans("01", "10"))
    return {"A": odd, "B": inverted[::-1], "C": inverted}[which]
