"""Where frames come from: cameras, streams, video files, a folder that pictures are put into."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from devices.vision.mjpeg import SourceLost, read_mjpeg
from devices.vision.pi_camera import pi_command, read_program
from devices.vision.pictures import (
    Gray,
    average,
    check_pixels,
    has_whole_blocks,
    open_picture,
    open_thumbnail,
    read_picture,
    shrink,
    to_gray,
)

POLL_S = 0.1
MAX_LISTED_FILES = 10_000
CAMERA_PREFIX = "camera:"
PI_PREFIX = "pi:"
STREAM_PREFIXES = ("rtsp://", "rtsps://")
STREAM_TIMEOUT_MS = 5_000
"""A stream that says nothing for so long is lost."""

DEVICES = "/dev/"
FFMPEG_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
OVER_TCP = "rtsp_transport;tcp"
"""Lost packets of a UDP stream are grey blocks in a code; TCP has none."""


class Frame(Protocol):
    """One picture, decoded only as far as asked for. Both raise PictureRefused."""

    still_possible: bool
    """Whether the picture may equal the one before; a file put into a folder is always new."""

    def thumbnail(self) -> Gray:
        """An eighth of the size, for the motion gate."""

    def picture(self) -> Gray:
        """The whole."""


class Source(Protocol):
    """Gives frames until it is lost."""

    def frames(self) -> Iterator[Frame | None]:
        """Frames as they come; None when there was none for a moment. Raises SourceLost."""


class EncodedFrame:
    """A JPEG that is still packed."""

    still_possible = True

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._picture: Gray | None = None

    def thumbnail(self) -> Gray:
        """The thumbnail: means of the picture if that was asked for, else its coarse coefficients only."""
        picture = self._picture
        if picture is None or not has_whole_blocks(picture):
            return open_thumbnail(self._data)
        return average(picture)

    def picture(self) -> Gray:
        """The whole picture."""
        self._picture = open_picture(self._data)
        return self._picture


class RawFrame:
    """A frame as OpenCV's capture gives it, BGR or grey."""

    still_possible = True

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        self._pixels = pixels

    def thumbnail(self) -> Gray:
        """The thumbnail."""
        return shrink(self._pixels)

    def picture(self) -> Gray:
        """The whole picture."""
        return to_gray(self._pixels)


class FileFrame:
    """A picture file."""

    still_possible = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def thumbnail(self) -> Gray:
        """The thumbnail."""
        return shrink(self.picture())

    def picture(self) -> Gray:
        """The whole picture."""
        return read_picture(self._path)


class PiSource:
    """The Raspberry Pi's own camera by its number, through `rpicam-vid`: OpenCV knows no libcamera."""

    def __init__(self, camera: int) -> None:
        self._camera = camera

    def frames(self) -> Iterator[Frame | None]:
        """Frames of one run of the program."""
        for data in read_program(pi_command(self._camera)):
            yield EncodedFrame(data)


class MjpegSource:
    """An MJPEG stream over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url

    def frames(self) -> Iterator[Frame | None]:
        """Frames of one connection."""
        for data in read_mjpeg(self._url):
            yield EncodedFrame(data)


class CaptureSource:
    """A camera by number or device path, or a video file, through OpenCV.

    A file is played once, at its own pace; a camera gives frames until it is unplugged.
    """

    def __init__(self, target: int | Path) -> None:
        self._target = target

    def frames(self) -> Iterator[Frame | None]:
        """Frames until the device or file gives no more; pixels are judged before the first one is taken."""
        place = self._target if isinstance(self._target, int) else str(self._target)
        capture = cv2.VideoCapture(place)
        is_camera = isinstance(place, int) or place.startswith(DEVICES)
        pause_s = 0.0 if is_camera else 1 / max(1.0, capture.get(cv2.CAP_PROP_FPS))
        yield from _captured(capture, str(place), pause_s)


class StreamSource:
    """An IP camera by RTSP, through OpenCV's FFmpeg. Its address may hold a password: it is not told."""

    def __init__(self, url: str) -> None:
        self._url = url

    def frames(self) -> Iterator[Frame | None]:
        """Frames of one connection."""
        os.environ.setdefault(FFMPEG_OPTIONS, OVER_TCP)
        limits = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC)
        options = [value for limit in limits for value in (limit, STREAM_TIMEOUT_MS)]
        yield from _captured(cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, options), "the stream", 0.0)


def _captured(capture: cv2.VideoCapture, name: str, pause_s: float) -> Iterator[Frame]:
    """Frames of an opened capture, each judged by its size. Raises SourceLost, PictureRefused."""
    try:
        if not capture.isOpened():
            raise SourceLost(f"{name} cannot be opened")
        check_pixels(*(int(capture.get(at)) for at in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)))
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        while True:
            given, pixels = capture.read()
            if not given:
                raise SourceLost(f"{name} gives no more frames")
            check_pixels(pixels.shape[1], pixels.shape[0])
            yield RawFrame(np.asarray(pixels, np.uint8))
            time.sleep(pause_s)
    finally:
        capture.release()


class FolderSource:
    """A folder: every file that appears, or is replaced, is a frame. Names with a leading dot are not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int]] | None = None

    def frames(self) -> Iterator[Frame | None]:
        """New files, oldest name first; what lies there at the start is not new."""
        while True:
            now = self._list()
            known = now if self._known is None else self._known
            self._known = now
            for name in sorted(name for name, stamp in now.items() if known.get(name) != stamp):
                yield FileFrame(self._folder / name)
            yield None
            time.sleep(POLL_S)

    def _list(self) -> dict[str, tuple[int, int]]:
        try:
            entries = [entry for entry in self._folder.iterdir() if not entry.name.startswith(".")]
            if len(entries) > MAX_LISTED_FILES:
                raise SourceLost(f"{self._folder} holds more than {MAX_LISTED_FILES} files")
            stats = {entry.name: entry.stat() for entry in entries if entry.is_file()}
        except OSError as error:
            raise SourceLost(f"{self._folder}: {error.strerror}") from error
        return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}


def open_source(text: str, folder: Path) -> Source:
    """The source that a `[[reader]]` names; paths are relative to `folder`. Raises ValueError."""
    if text.startswith(CAMERA_PREFIX):
        return CaptureSource(int(text.removeprefix(CAMERA_PREFIX)))
    if text.startswith(PI_PREFIX):
        return PiSource(int(text.removeprefix(PI_PREFIX)))
    if text.startswith(("http://", "https://")):
        return MjpegSource(text)
    if text.startswith(STREAM_PREFIXES):
        return StreamSource(text)
    path = folder / text
    return FolderSource(path) if path.is_dir() or text.endswith("/") else CaptureSource(path)
