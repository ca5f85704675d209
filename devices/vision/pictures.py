"""Open pictures within limits. All decoding of picture files goes through here."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from devices.vision.headers import PictureRefused, read_size

Gray = npt.NDArray[np.uint8]
"""A picture as rows of grey values 0 to 255."""

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 8_400_000
"""A 4K frame (3840 x 2160) passes."""

MAX_SIDE_PIXELS = 8_192
THUMBNAIL_SHARE = 8
"""A thumbnail has an eighth of the width and height."""


def prepare_opencv() -> None:
    """One thread, and no lines of its own on stderr: the readers are the threads, and refusals are ours."""
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def check_pixels(width: int, height: int) -> None:
    """Raise PictureRefused (pixels) when a picture of this size is not to be decoded."""
    if max(width, height) > MAX_SIDE_PIXELS or width * height > MAX_PIXELS:
        raise PictureRefused("pixels")


def check_picture(data: bytes) -> None:
    """Judge bytes and header before anything is decoded. Raises PictureRefused."""
    if len(data) > MAX_BYTES:
        raise PictureRefused("bytes")
    check_pixels(*read_size(data))


def open_picture(data: bytes) -> Gray:
    """Decode a JPEG, PNG or WebP to grey. Raises PictureRefused."""
    return _decode(data, cv2.IMREAD_GRAYSCALE)


def open_thumbnail(data: bytes) -> Gray:
    """Decode at an eighth of the size, which for a JPEG costs a third of the whole. Raises PictureRefused."""
    return _decode(data, cv2.IMREAD_REDUCED_GRAYSCALE_8)


def has_whole_blocks(picture: Gray) -> bool:
    """Whether a picture is cut into whole blocks of a JPEG, as every camera's is."""
    return all(length % THUMBNAIL_SHARE == 0 for length in picture.shape)


def average(picture: Gray) -> Gray:
    """The thumbnail of a decoded JPEG of whole blocks: their means, which its coarse coefficients say."""
    height, width = picture.shape
    wanted = (width // THUMBNAIL_SHARE, height // THUMBNAIL_SHARE)
    return np.asarray(cv2.resize(picture, wanted, interpolation=cv2.INTER_AREA), np.uint8)


def read_picture(path: Path) -> Gray:
    """Read and decode a file; its size is judged before it is read. Raises PictureRefused, OSError."""
    if path.stat().st_size > MAX_BYTES:
        raise PictureRefused("bytes")
    return open_picture(path.read_bytes())


def shrink(picture: npt.NDArray[np.uint8]) -> Gray:
    """The thumbnail of a raw frame, grey or BGR: every fourth pixel, then means of four."""
    step = THUMBNAIL_SHARE // 2
    channel = picture[::step, ::step, 1] if picture.ndim == 3 else picture[::step, ::step]
    height, width = channel.shape
    wanted = (max(1, width // 2), max(1, height // 2))
    return _as_gray(cv2.resize(np.ascontiguousarray(channel), wanted, interpolation=cv2.INTER_AREA))


def to_gray(picture: npt.NDArray[np.uint8]) -> Gray:
    """A raw frame, grey or BGR, as grey."""
    return _as_gray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)) if picture.ndim == 3 else picture


def _decode(data: bytes, mode: int) -> Gray:
    check_picture(data)
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error as error:
        raise PictureRefused("damaged") from error
    if picture is None:
        raise PictureRefused("damaged")
    return _as_gray(picture)


def _as_gray(picture: object) -> Gray:
    return np.asarray(picture, np.uint8)
