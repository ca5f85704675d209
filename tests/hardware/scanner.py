"""In the guest: a USB scanner played through `/dev/uinput`, as the kernel shows a real one."""

import fcntl
import os
import struct
import time
from pathlib import Path

UI_DEV_CREATE, UI_DEV_DESTROY, UI_DEV_SETUP = 0x5501, 0x5502, 0x405C5503
UI_SET_EVBIT, UI_SET_KEYBIT = 0x40045564, 0x40045565
"""Requests of `linux/uinput.h`; UI_DEV_SETUP takes `struct uinput_setup` (92 bytes)."""
EV_SYN, EV_KEY = 0, 1
BUS_USB, VENDOR, PRODUCT = 3, 0x0C2E, 0x0B61
EVENT = struct.Struct("llHHi")
NAME = "bench scanner"
HIGHEST_KEY = 127
DIGIT_KEYS = {**{str(digit): digit + 1 for digit in range(1, 10)}, "0": 11}
ENTER = 28


class Scanner:
    """A scanner that types digits and Enter; `device` is its event file."""

    def __init__(self) -> None:
        self._handle = os.open("/dev/uinput", os.O_WRONLY | os.O_CLOEXEC)
        fcntl.ioctl(self._handle, UI_SET_EVBIT, EV_KEY)
        for key in range(1, HIGHEST_KEY + 1):
            fcntl.ioctl(self._handle, UI_SET_KEYBIT, key)
        setup = struct.pack("HHHH80sI", BUS_USB, VENDOR, PRODUCT, 1, NAME.encode(), 0)
        fcntl.ioctl(self._handle, UI_DEV_SETUP, setup)
        fcntl.ioctl(self._handle, UI_DEV_CREATE)
        self.device = _find_event_file()

    def type(self, digits: str) -> None:
        """Read a code."""
        for key in [*(DIGIT_KEYS[digit] for digit in digits), ENTER]:
            for value in (1, 0):
                os.write(self._handle, EVENT.pack(0, 0, EV_KEY, key, value))
                os.write(self._handle, EVENT.pack(0, 0, EV_SYN, 0, 0))

    def unplug(self) -> None:
        """Pull it out."""
        fcntl.ioctl(self._handle, UI_DEV_DESTROY)
        os.close(self._handle)


def _find_event_file() -> Path:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for name in Path("/sys/class/input").glob("event*/device/name"):
            if name.read_text().strip() == NAME:
                event = Path("/dev/input") / name.parent.parent.name
                if event.exists():
                    return event
        time.sleep(0.01)
    raise AssertionError("the kernel shows no scanner")
