"""The motion gate: a still picture is not decoded."""

import cv2
import numpy as np

from devices.vision.pictures import Gray

CHANGE_GREY = 9
"""A place has changed when it is so many grey values from before; sensor noise in a thumbnail is under 3."""

CHANGED_PLACES = 4
OPEN_MS = 1_600
"""How long after the last change frames are decoded: a hand that stops moves the code into focus."""

DRIFT_SHARE = 0.1
"""How fast the reference follows daylight while nothing moves."""


class MotionGate:
    """Compares thumbnails. Open while something moves and for `open_ms` after that; open at first."""

    def __init__(self, *, open_ms: int = OPEN_MS) -> None:
        self._open_ms = open_ms
        self._reference: Gray | None = None
        self._open_until_ms = 0.0

    def stands_open(self, now_ms: float) -> bool:
        """True while it is open whatever the next frame shows."""
        return now_ms <= self._open_until_ms

    def is_open(self, thumbnail: Gray, now_ms: float) -> bool:
        """Take a frame's thumbnail; True when the frame is worth decoding."""
        if self._moved(thumbnail):
            self._reference = thumbnail
            self._open_until_ms = now_ms + self._open_ms
        return self.stands_open(now_ms)

    def _moved(self, thumbnail: Gray) -> bool:
        reference = self._reference
        if reference is None or reference.shape != thumbnail.shape:
            return True
        difference = cv2.blur(cv2.absdiff(reference, thumbnail), (2, 2))
        moved = int(np.count_nonzero(difference >= CHANGE_GREY)) >= CHANGED_PLACES
        if not moved:
            drifted = cv2.addWeighted(reference, 1 - DRIFT_SHARE, thumbnail, DRIFT_SHARE, 0)
            self._reference = np.asarray(drifted, np.uint8)
        return moved
