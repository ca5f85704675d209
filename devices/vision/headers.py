"""Size of a picture from its first bytes, so that a picture too large is refused before it is decoded."""

import struct
from typing import NamedTuple

from edge.errors import Refusal

PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8"
MAX_JPEG_SEGMENTS = 256
MAX_JPEG_SCANS = 64
"""A progressive JPEG has about ten scans; thousands are a way to burn time."""

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset(range(0xD0, 0xD8)) | {0x01}


class PictureRefused(Refusal):
    """The picture is not decoded; `reason` is format, damaged, bytes, pixels or time."""

    code = "picture_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def read_size(data: bytes) -> Size:
    """The size that the header of a JPEG, PNG or WebP states.

    Raises PictureRefused (format, damaged, time).
    """
    try:
        if data.startswith(PNG_START):
            size = _png_size(data)
        elif data.startswith(JPEG_START):
            size = _jpeg_size(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            size = _webp_size(data)
        else:
            raise PictureRefused("format")
    except (struct.error, IndexError) as error:
        raise PictureRefused("damaged") from error
    if size.width < 1 or size.height < 1:
        raise PictureRefused("damaged")
    return size


def _png_size(data: bytes) -> Size:
    if data[12:16] != b"IHDR":
        raise PictureRefused("damaged")
    return Size(*struct.unpack_from(">II", data, 16))


def _jpeg_size(data: bytes) -> Size:
    """Walk the segments up to the frame header (ITU T.81, B.2.2)."""
    if data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise PictureRefused("time")
    at = 2
    for _ in range(MAX_JPEG_SEGMENTS):
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise PictureRefused("damaged")
        kind = data[at + 1]
        if kind in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Size(width, height)
        at += 2 if kind in _JPEG_BARE else 2 + struct.unpack_from(">H", data, at + 2)[0]
    raise PictureRefused("damaged")


def _webp_size(data: bytes) -> Size:
    """The three kinds of WebP (RFC 9649, sections 2.5 to 2.7)."""
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Size(width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        low = struct.unpack_from("<HBHB", data, 24)
        return Size((low[0] | low[1] << 16) + 1, (low[2] | low[3] << 16) + 1)
    raise PictureRefused("damaged")
