"""The decoder on drawn pictures, and its rule that a barcode needs readings that agree."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import zxingcpp

from devices.vision import decoder as decoding
from devices.vision.codes import Code
from devices.vision.decoder import Decoder
from tests.devices_vision.drawn import Gray, draw, scene

FORMAT = zxingcpp.BarcodeFormat


@pytest.mark.parametrize(
    ("text", "kind", "symbology"),
    [
        ("6910628152903", FORMAT.EAN13, "ean13"),
        ("96385074", FORMAT.EAN8, "ean8"),
        ("LOT-117", FORMAT.Code128, "code128"),
        ("CE1:" + "7WQ5P:0A" * 20, FORMAT.QRCode, "qr"),
    ],
)
@pytest.mark.parametrize("turn", [0.0, 8.0, 90.0, 180.0])
def test_codes_are_read_from_a_camera_like_picture(
    text: str, kind: FORMAT, symbology: str, turn: float
) -> None:
    picture = scene(draw(text, kind), turn=turn)
    assert [(code.symbology, code.text, code.sure) for code in Decoder().read(picture)] == [
        (symbology, text, True)
    ]


def test_a_barcode_and_a_qr_in_one_picture_are_both_read() -> None:
    picture = np.full((480, 900), 200, np.uint8)
    for left, text, kind in ((20, "6910628152903", FORMAT.EAN13), (480, "hello", FORMAT.QRCode)):
        code = draw(text, kind)
        picture[40 : 40 + code.shape[0], left : left + code.shape[1]] = code
    assert {code.text for code in Decoder().read(picture)} == {"6910628152903", "hello"}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_read_where_there_is_no_code(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 255, (240, 320)).astype(np.uint8)
    stripes = np.tile((rng.integers(0, 2, 320) * 255).astype(np.uint8), (240, 1))
    for picture in (noise, stripes, np.full((240, 320), 128, np.uint8), np.zeros((1, 1), np.uint8)):
        assert [code for code in Decoder().read(picture) if code.sure] == []


def test_readings_that_contradict_each_other_give_nothing() -> None:
    votes = Counter({("ean13", "6910628152903"): 3, ("ean13", "6921255258517"): 2})
    assert decoding._elected(votes) == []  # type: ignore[arg-type]


def test_a_single_reading_is_not_sure_and_three_are() -> None:
    assert decoding._elected(Counter({("ean13", "6910628152903"): 1})) == [
        Code("ean13", "6910628152903", False)
    ]
    assert decoding._elected(Counter({("ean13", "6910628152903"): 3})) == [Code("ean13", "6910628152903")]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pixels of every picture that zxing-cpp is given."""
    pixels: list[int] = []
    read = zxingcpp.read_barcodes

    def count(picture: Gray, **options: Any) -> list[zxingcpp.Barcode]:
        pixels.append(picture.size)
        return read(picture, **options)

    monkeypatch.setattr(zxingcpp, "read_barcodes", count)
    return pixels


def test_work_is_bounded_by_time(looks: list[int]) -> None:
    clock = iter(range(0, 100_000, 1_000))
    noise = np.random.default_rng(1).integers(0, 255, (200, 200)).astype(np.uint8)
    Decoder(now_ms=lambda: next(clock)).read(noise)
    assert len(looks) == 1


def test_work_is_bounded_by_pixels(looks: list[int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (400, 400)).astype(np.uint8)
    Decoder(work_pixels=400_000).read(noise)
    assert len(looks) > 1
    assert sum(looks[1:]) <= 400_000
