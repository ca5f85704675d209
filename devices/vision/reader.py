"""One reader: its source, gate, decoder and what it says, in a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable

import cv2

from devices.vision.codes import Code
from devices.vision.decoder import Decoder
from devices.vision.gate import MotionGate
from devices.vision.headers import PictureRefused
from devices.vision.in_view import InView
from devices.vision.mjpeg import SourceLost
from devices.vision.protocol import (
    MAX_SCAN_CHARS,
    Message,
    PaymentCodeDiscarded,
    PictureBad,
    Scan,
    State,
)
from devices.vision.sources import Frame, Source
from edge.pay.codes import CodeTable

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
"""Pauses before a lost source is opened again: each twice as long as the one before."""


BAD_PICTURE_PAUSE_MS = 10_000


def boot_ms() -> float:
    """Milliseconds since the machine started; the hub reads the same clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) * 1000


class Reader:
    """Watches one source and says what it sees.

    `codes` knows payment codes, bearer secrets; `pays` tells whether they may be passed on now.
    """

    def __init__(
        self,
        *,
        name: str,
        source: Source,
        decoder: Decoder,
        say: Callable[[Message], None],
        pays: Callable[[str], bool],
        codes: CodeTable | None = None,
        now_ms: Callable[[], float] = boot_ms,
    ) -> None:
        self.name = name
        self.refused = 0
        self._source = source
        self._decoder = decoder
        self._say = say
        self._pays = pays
        self._codes = codes or CodeTable()
        self._now_ms = now_ms
        self._gate = MotionGate()
        self._in_view = InView()
        self._live = False
        self._tell_bad_from_ms = 0.0

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop`; a source that is lost is opened again, for as long as it takes."""
        pause_s = FIRST_PAUSE_S
        while not stop.is_set():
            try:
                for frame in self._source.frames():
                    if stop.is_set():
                        return
                    self._say_state(live=True)
                    pause_s = FIRST_PAUSE_S
                    if frame is not None:
                        self.look(frame)
            except PictureRefused as error:
                self._refuse(error.reason, self._now_ms())
            except (SourceLost, cv2.error) as error:
                log.warning("%s: %s", self.name, error)
            except Exception:  # the reader's supervisor: one bad source stops no other
                log.exception("%s failed", self.name)
            self._say_state(live=False)
            stop.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def look(self, frame: Frame) -> None:
        """Take one frame: nothing where nothing moved, else what has come into view.

        While the gate stands open it is asked only after the codes were told: somebody waits at a door.
        """
        began_ms = self._now_ms()
        try:
            if not frame.still_possible:
                self._read(frame, began_ms)
            elif self._gate.stands_open(began_ms):
                self._read(frame, began_ms)
                self._gate.is_open(frame.thumbnail(), began_ms)
            elif self._gate.is_open(frame.thumbnail(), began_ms):
                self._read(frame, began_ms)
            else:
                self._in_view.still(began_ms)
        except PictureRefused as error:
            self._refuse(error.reason, began_ms)
        except (OSError, cv2.error) as error:
            self._refuse(type(error).__name__, began_ms)

    def _read(self, frame: Frame, began_ms: float) -> None:
        """Tell what has come into view."""
        for code in self._in_view.arrived(self._decoder.read(frame.picture()), began_ms):
            self._report(code, began_ms)

    def _refuse(self, reason: str, now_ms: float) -> None:
        """A bad picture is thrown away; a camera that sends nothing else is told of, not echoed."""
        self.refused += 1
        if now_ms >= self._tell_bad_from_ms:
            self._tell_bad_from_ms = now_ms + BAD_PICTURE_PAUSE_MS
            log.info("%s: picture refused: %s", self.name, reason)
            self._say(PictureBad(self.name, reason))

    def _report(self, code: Code, began_ms: float) -> None:
        if self._codes.owner(code.text) and not self._pays(self.name):
            self._say(PaymentCodeDiscarded(self.name))
        elif len(code.text) <= MAX_SCAN_CHARS:
            now_ms = self._now_ms()
            self._say(Scan(self.name, code.symbology, code.text, round(now_ms - began_ms), int(now_ms)))

    def _say_state(self, *, live: bool) -> None:
        if live == self._live:
            return
        self._live = live
        if not live:
            self._in_view.clear()
        self._say(State(self.name, "live" if live else "lost"))
