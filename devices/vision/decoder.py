"""Read codes from a grey picture: zxing-cpp first, other views of the picture, pyzbar as second opinion.

A QR code corrects its own errors and Code 128 carries a strong check, so one reading is enough. An EAN has
one check digit, which one misreading in ten survives, and two views of one photograph err alike now and then
(measured): it needs three readings of different views that agree, and a clear lead over anything else read.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import zxingcpp
from pyzbar import pyzbar

from devices.vision.codes import Code, Symbology, is_ean
from devices.vision.pictures import Gray, prepare_opencv
from devices.vision.views import (
    View,
    bounded,
    busy_part,
    crop,
    enlarged,
    enlarged_sharpened,
    flattened,
    is_striped,
    resampled,
    sharpened,
    smoothed,
)

FORMATS = (
    zxingcpp.BarcodeFormat.QRCode,
    zxingcpp.BarcodeFormat.EAN13,
    zxingcpp.BarcodeFormat.EAN8,
    zxingcpp.BarcodeFormat.Code128,
)
SEARCHED = zxingcpp.BarcodeFormats(FORMATS)
CONFIRMED = zxingcpp.BarcodeFormats(FORMATS[1:3])
STRIPED = zxingcpp.BarcodeFormats(FORMATS[1:])
SQUARE = zxingcpp.BarcodeFormats(FORMATS[:1])
_NAMES: dict[zxingcpp.BarcodeFormat, Symbology] = {
    zxingcpp.BarcodeFormat.QRCode: "qr",
    zxingcpp.BarcodeFormat.EAN13: "ean13",
    zxingcpp.BarcodeFormat.EAN8: "ean8",
    zxingcpp.BarcodeFormat.Code128: "code128",
}
_SECOND_OPINION = (pyzbar.ZBarSymbol.QRCODE, pyzbar.ZBarSymbol.EAN13, pyzbar.ZBarSymbol.EAN8)
_SECOND_NAMES: dict[str, Symbology] = {"QRCODE": "qr", "EAN13": "ean13", "EAN8": "ean8"}

VOTES = 3
LEAD = 2
"""An EAN is sure with so many readings, and so many more than any other text."""

WHOLE_PIXELS = 200_000
"""Up to this size the whole picture is looked at again; of a larger one only its busiest part."""

SMALL_PIXELS = 60_000
"""Up to this size everything is tried; of more, only stripes where there are stripes, and not pyzbar."""

MAX_TEXT_CHARS = 7_089
"""The most that a QR code holds (ISO/IEC 18004, version 40-L, digits)."""

TIME_LIMIT_MS = 60
"""No further view of a picture is tried after this; one view is bounded by its pixels."""

CONFIRMING: tuple[View, ...] = (flattened, sharpened, resampled, enlarged)
"""Views in which a barcode that was read is read again, cheapest first."""

SEARCHING: tuple[View, ...] = (flattened, sharpened, smoothed, enlarged, enlarged_sharpened)
"""Views in which a code that was not read is looked for, by what they found in photographs."""

_Key = tuple[Symbology, str]


class _Reading(NamedTuple):
    symbology: Symbology
    text: str
    box: tuple[int, int, int, int] | None


class Decoder:
    """Reads codes. Keeps nothing between pictures.

    work_pixels: how many pixels may be looked at again when the first look read nothing; twice as many to
        make sure of a barcode
    second_opinion: False leaves pyzbar out
    """

    def __init__(
        self,
        *,
        work_pixels: int = 450_000,
        second_opinion: bool = True,
        now_ms: Callable[[], float] = lambda: time.monotonic() * 1000,
    ) -> None:
        prepare_opencv()
        self._work_pixels = work_pixels
        self._second_opinion = second_opinion
        self._now_ms = now_ms

    def read(self, picture: Gray) -> list[Code]:
        """The codes in a picture, each once; a barcode that only one view gave comes with `sure=False`."""
        readings = _read(picture)
        plain = _plain_codes(readings)
        eans = [reading for reading in readings if _is_ean(reading)]
        if not eans:
            return plain or self._look_again(picture)
        return plain + self._confirm(picture, eans, at_first_sight=True)

    def _look_again(self, picture: Gray) -> list[Code]:
        """Nothing was read at first sight: other views of the picture, or of its busiest part."""
        part = picture if picture.size <= WHOLE_PIXELS else busy_part(picture)
        if part is None:
            return []
        formats = SEARCHED if part.size <= SMALL_PIXELS else STRIPED if is_striped(part) else SQUARE
        for seen in self._within_limits(part, SEARCHING, self._work_pixels):
            readings = _read(seen, formats)
            eans = [reading for reading in readings if _is_ean(reading)]
            if eans:
                return self._confirm(seen, eans)
            if readings:
                return _plain_codes(readings)
        return self._ask_second(part)

    def _ask_second(self, part: Gray) -> list[Code]:
        """What pyzbar reads where zxing-cpp read nothing at all; an EAN from it alone is not sure."""
        if not self._second_opinion or part.size > SMALL_PIXELS:
            return []
        readings = _read_second(part)
        return _plain_codes(readings) or _elected(Counter(_key(each) for each in readings if _is_ean(each)))

    def _confirm(self, picture: Gray, eans: list[_Reading], *, at_first_sight: bool = False) -> list[Code]:
        """Read a barcode in other views until one text leads; of a clear one only its place."""
        votes = Counter(map(_key, eans))
        boxes = [reading.box for reading in eans if reading.box]
        part = bounded(crop(picture, boxes)) if at_first_sight else picture
        for seen in self._within_limits(part, CONFIRMING, 2 * self._work_pixels):
            votes.update(_key(reading) for reading in _read_one(seen) if _is_ean(reading))
            if _leads(votes):
                return _elected(votes)
        if self._second_opinion and part.size <= SMALL_PIXELS:
            votes.update(_key(reading) for reading in _read_second(part) if _is_ean(reading))
        return _elected(votes)

    def _within_limits(self, part: Gray, views: tuple[View, ...], left: int) -> Iterator[Gray]:
        """One view after another, made when asked for, as long as pixels and time last."""
        deadline_ms = self._now_ms() + TIME_LIMIT_MS
        for view in views:
            seen = view(part)
            left -= seen.size
            if left < 0 or self._now_ms() > deadline_ms:
                return
            yield seen


def _read(picture: Gray, formats: zxingcpp.BarcodeFormats = SEARCHED) -> list[_Reading]:
    found = zxingcpp.read_barcodes(picture, formats=formats)
    return [_reading_of(code) for code in found if 0 < len(code.text) <= MAX_TEXT_CHARS]


def _read_one(picture: Gray) -> list[_Reading]:
    """The first barcode found, looking no further: a quarter of the cost of reading all."""
    found = zxingcpp.read_barcode(picture, formats=CONFIRMED, try_downscale=False)
    return [] if found is None else [_reading_of(found)]


def _reading_of(code: zxingcpp.Barcode) -> _Reading:
    corners = code.position
    points = (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)
    xs, ys = [point.x for point in points], [point.y for point in points]
    return _Reading(_NAMES[code.format], code.text, (min(xs), min(ys), max(xs), max(ys)))


def _read_second(picture: Gray) -> list[_Reading]:
    found = pyzbar.decode(picture, symbols=list(_SECOND_OPINION))
    texts = [(_SECOND_NAMES.get(code.type), code.data.decode("utf-8", "replace")) for code in found]
    return [_Reading(name, text, None) for name, text in texts if name and 0 < len(text) <= MAX_TEXT_CHARS]


def _key(reading: _Reading) -> _Key:
    return reading.symbology, reading.text


def _is_ean(reading: _Reading) -> bool:
    return reading.symbology in ("ean13", "ean8") and is_ean(reading.text)


def _plain_codes(readings: list[_Reading]) -> list[Code]:
    keys = dict.fromkeys(_key(reading) for reading in readings if reading.symbology in ("qr", "code128"))
    return [Code(symbology, text) for symbology, text in keys]


def _leads(votes: Counter[_Key]) -> bool:
    ranked = [count for _, count in votes.most_common(2)]
    return bool(ranked) and ranked[0] >= VOTES and (len(ranked) == 1 or ranked[0] - ranked[1] >= LEAD)


def _elected(votes: Counter[_Key]) -> list[Code]:
    """The text with the lead; without one, a text that nothing contradicts but only one view gave."""
    if _leads(votes):
        (symbology, text), _ = votes.most_common(1)[0]
        return [Code(symbology, text)]
    if len(votes) == 1:
        ((symbology, text),) = votes
        return [Code(symbology, text, sure=False)]
    return []
