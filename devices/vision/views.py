"""Other views of a picture, for a decoder that saw nothing or wants to be sure."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from devices.vision.pictures import Gray

View = Callable[[Gray], Gray]
"""Makes another picture of the same scene."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

ENLARGED_SIDE_PIXELS = 700
PART_SIDE_PIXELS = 420
MARGIN_SHARE = 0.2
"""Bars need their quiet zone: a crop is a fifth wider than the code on every side."""

LEAST_MARGIN_PIXELS = 24
SMALL_SIDE_PIXELS = 240
BUSY_SHARE = 0.45
STRIPED_COHERENCE = 0.3
LEAST_BUSY = 14.0
"""Mean gradient (grey values a pixel) under which a place is called plain."""


def flattened(picture: Gray) -> Gray:
    """Divide by the brightness around: undoes shadows and light from one side."""
    side = max(15, max(picture.shape) // 6 | 1)
    around = cv2.blur(cv2.dilate(picture, np.ones((3, 3), np.uint8)), (side, side))
    return np.asarray(cv2.divide(picture, around, scale=170), np.uint8)


def sharpened(picture: Gray) -> Gray:
    """Unsharp mask: undoes a little of the lens's or the hand's blur."""
    soft = cv2.GaussianBlur(picture, (0, 0), 2)
    return np.asarray(cv2.addWeighted(picture, 2.5, soft, -1.5, 0), np.uint8)


def enlarged(picture: Gray) -> Gray:
    """Up to twice the size, for bars of one or two pixels."""
    factor = min(2.0, ENLARGED_SIDE_PIXELS / max(picture.shape))
    return _scaled(picture, max(1.25, factor), cv2.INTER_LINEAR)


def smoothed(picture: Gray) -> Gray:
    """Against grain and moiré."""
    return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8)


def enlarged_sharpened(picture: Gray) -> Gray:
    """Both: for a small picture out of focus."""
    return sharpened(enlarged(picture))


def resampled(picture: Gray) -> Gray:
    """A quarter larger: the same scene on another grid of pixels, for a reading of its own."""
    return _scaled(picture, 1.25, cv2.INTER_CUBIC)


def crop(picture: Gray, boxes: Sequence[Box]) -> Gray:
    """The part that holds all boxes, with a margin; the whole picture when there is none."""
    if not boxes:
        return picture
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    beside = max(LEAST_MARGIN_PIXELS, int((right - left) * MARGIN_SHARE))
    above = max(LEAST_MARGIN_PIXELS, int((bottom - top) * MARGIN_SHARE))
    height, width = picture.shape
    part = picture[
        max(0, top - above) : min(height, bottom + above),
        max(0, left - beside) : min(width, right + beside),
    ]
    return np.ascontiguousarray(part) if part.size else picture


def busy_part(picture: Gray) -> Gray | None:
    """The part with the densest strong edges, where a code would be; None when the picture is plain."""
    share = SMALL_SIDE_PIXELS / max(picture.shape)
    small = _scaled(picture, min(1.0, share), cv2.INTER_AREA)
    across, along = cv2.Sobel(small, cv2.CV_16S, 1, 0), cv2.Sobel(small, cv2.CV_16S, 0, 1)
    edges = cv2.add(cv2.convertScaleAbs(across), cv2.convertScaleAbs(along))
    busy = cv2.boxFilter(edges, -1, (15, 15))
    _, peak, _, place = cv2.minMaxLoc(busy)
    if peak < LEAST_BUSY:
        return None
    mask = np.asarray(busy > peak * BUSY_SHARE, np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    left, top, width, height = (int(value) for value in stats[labels[place[1], place[0]]][:4])
    scale = picture.shape[1] / small.shape[1]
    box = (left, top, left + width, top + height)
    return bounded(crop(picture, [tuple(int(value * scale) for value in box)]))  # type: ignore[list-item]


def is_striped(part: Gray) -> bool:
    """Whether the edges mostly run one way, as bars do; the squares of a QR code do not.

    Coherence of the structure tensor: 0 without direction, 1 for parallel bars.
    """
    small = cv2.GaussianBlur(
        _scaled(part, min(1.0, SMALL_SIDE_PIXELS / max(part.shape)), cv2.INTER_AREA), (3, 3), 0
    )
    across, along = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    xx, xy, yy = (float(cv2.mean(product)[0]) for product in (across * across, across * along, along * along))
    return float(np.hypot(xx - yy, 2 * xy)) > STRIPED_COHERENCE * (xx + yy)


def bounded(part: Gray) -> Gray:
    """Not larger than a decoder should look at several times."""
    factor = PART_SIDE_PIXELS / max(part.shape)
    return part if factor >= 1 else _scaled(part, factor, cv2.INTER_AREA)


def _scaled(picture: Gray, factor: float, how: int) -> Gray:
    height, width = picture.shape
    wanted = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(picture, wanted, interpolation=how), np.uint8)
