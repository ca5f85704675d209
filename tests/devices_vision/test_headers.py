"""Pictures are judged by bytes and header before anything is decoded."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.vision.headers import MAX_JPEG_SCANS, PNG_START, PictureRefused, read_size
from devices.vision.pictures import MAX_BYTES, check_picture, open_picture, open_thumbnail


def _packed(kind: str, width: int = 90, height: int = 40) -> bytes:
    picture = np.random.default_rng(3).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return cv2.imencode(kind, picture)[1].tobytes()


def _png_bomb(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    return PNG_START + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + bytes(64)


def _jpeg_with_size(width: int, height: int) -> bytes:
    data = bytearray(_packed(".jpg"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp"])
def test_the_header_tells_the_size(kind: str) -> None:
    assert read_size(_packed(kind)) == (90, 40)
    assert open_picture(_packed(kind)).shape == (40, 90)


def test_lossless_and_extended_webp_are_measured_too() -> None:
    plain = np.zeros((30, 70, 4), np.uint8)
    assert read_size(cv2.imencode(".webp", plain, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()) == (70, 30)
    extended = (
        b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + bytes([0xFF, 0xFF, 0x01, 0x1D, 0x00, 0x00]) + bytes(8)
    )
    assert read_size(extended) == (0x20000, 30)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_png_bomb(50_000, 50_000), "pixels"),
        (_png_bomb(100_000, 1), "pixels"),
        (_jpeg_with_size(60_000, 60_000), "pixels"),
        (b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" + bytes(8), "pixels"),
        (_png_bomb(0, 10), "damaged"),
        (_packed(".jpg") + b"\xff\xda" * (MAX_JPEG_SCANS + 1), "time"),
        (_packed(".jpg") + bytes(MAX_BYTES), "bytes"),
        (b"GIF89a" + bytes(40), "format"),
        (b"", "format"),
    ],
)
def test_what_is_too_much_is_refused_before_decoding(
    data: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(cv2, "imdecode", lambda *given: decoded.append(given))
    with pytest.raises(PictureRefused) as refused:
        open_picture(data)
    assert refused.value.reason == reason
    assert refused.value.details == {"reason": reason}
    assert decoded == []


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("kept", [3, 14, 20, 30, 60])
def test_a_picture_cut_short_is_refused_or_opened_never_a_crash(kind: str, kept: int) -> None:
    data = _packed(kind)[:kept]
    for opening in (open_picture, open_thumbnail):
        try:
            assert opening(data).ndim == 2
        except PictureRefused as refused:
            assert refused.reason in ("damaged", "format")


@given(
    data=st.binary(max_size=200),
    start=st.sampled_from([b"", PNG_START, b"\xff\xd8\xff", b"RIFF1234WEBPVP8 "]),
)
def test_any_bytes_are_either_measured_or_refused(data: bytes, start: bytes) -> None:
    try:
        check_picture(start + data)
    except PictureRefused as refused:
        assert refused.reason in ("damaged", "format", "pixels", "time")


def test_a_thumbnail_has_an_eighth_of_the_size() -> None:
    assert open_thumbnail(_packed(".jpg", 640, 480)).shape == (60, 80)
