"""An event device of the kernel, found, opened and grabbed. Needs the group `input` and nothing else.

There is no wheel of evdev for what this runs on; what is needed of it are two ioctls and one struct.
"""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from devices.hid.keys import EVENT, Typing, read_events
from devices.plugged import ReaderBusy
from devices.readings import MAX_TEXT_CHARS
from edge.errors import DeviceOffline
from edge.trust.clock import boot_time_ms

EVIOCGRAB = 0x40044590
"""_IOW('E', 0x90, int), linux/input.h: from now on no other program, console or screen gets its keys."""

EVENTS_AT_ONCE = 256
SCANNER_GAP_MS = 500
"""A scanner types a character every few milliseconds; half a code of before is none."""

KEYPAD_GAP_MS = 10_000
"""A person may think between two keys of a keypad."""

KEY_ENTER, KEY_1 = 28, 2
SYS_INPUT = Path("/sys/class/input")
DEV_INPUT = Path("/dev/input")
USB_PREFIX = "usb:"


class HidDevice:
    """An open, grabbed device; closing it lets go of the grab."""

    def __init__(self, handle: int, typing: Typing, now_ms: Callable[[], int] = boot_time_ms) -> None:
        self._handle = handle
        self._typing = typing
        self._now_ms = now_ms

    def fileno(self) -> int:
        """The device's file descriptor."""
        return self._handle

    def read(self) -> list[str]:
        """Texts ended by the keys that are there now. Raises DeviceOffline when it was unplugged."""
        try:
            data = os.read(self._handle, EVENTS_AT_ONCE * EVENT.size)
        except BlockingIOError:
            return []
        except OSError as error:
            raise DeviceOffline(error.strerror or "unplugged") from error
        if not data:
            raise DeviceOffline("unplugged")
        now_ms = self._now_ms()
        texts = (self._typing.take(event, now_ms) for event in read_events(data))
        return [text for text in texts if text is not None]

    def close(self) -> None:
        """Let it go."""
        os.close(self._handle)


def grab(handle: int) -> None:
    """Take the device for this process alone. Raises ReaderBusy, DeviceOffline."""
    try:
        fcntl.ioctl(handle, EVIOCGRAB, 1)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise ReaderBusy("another program has grabbed it") from error
        raise DeviceOffline(f"cannot be grabbed: {error.strerror}") from error


def open_hid(source: str, *, keypad: bool = False, take: Callable[[int], None] = grab) -> HidDevice:
    """Open and grab what `source` names: a path, or `usb:VVVV:PPPP`. Raises ReaderBusy, DeviceOffline."""
    path = find_usb(source) if source.startswith(USB_PREFIX) else Path(source)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DeviceOffline(f"{path}: {error.strerror}") from error
    try:
        take(handle)
    except BaseException:
        os.close(handle)
        raise
    gap_ms = KEYPAD_GAP_MS if keypad else SCANNER_GAP_MS
    return HidDevice(handle, Typing(gap_ms=gap_ms, limit=MAX_TEXT_CHARS + 1))


def find_usb(source: str, *, sys_input: Path = SYS_INPUT, dev_input: Path = DEV_INPUT) -> Path:
    """The event device of a vendor and product that types. Raises DeviceOffline when there is none.

    A scanner may show several event devices (volume keys, say): the one with digits and Enter is meant. Two
    scanners of one kind are told apart by their paths in /dev/input/by-path, not by this.
    """
    _, vendor, product = source.split(":")
    for folder in sorted(sys_input.glob("event*")):
        try:
            found = tuple((folder / "device/id" / name).read_text().strip() for name in ("vendor", "product"))
            keys = _bits((folder / "device/capabilities/key").read_text())
        except OSError:
            continue  # unplugged between the listing and the look
        if found == (vendor, product) and keys >> KEY_ENTER & 1 and keys >> KEY_1 & 1:
            return dev_input / folder.name
    raise DeviceOffline(f"no keyboard {vendor}:{product} is plugged in")


def _bits(text: str) -> int:
    """A bitmap of sysfs: words of 64 bits in hexadecimal, the highest first."""
    bits = 0
    for word in text.split():
        bits = bits << 64 | int(word, 16)
    return bits
