"""`python -m tests.hardware.cp2112 SOCKET`: a Silicon Labs CP2112 USB bridge, played through `/dev/uhid`.

The kernel's own `hid-cp2112` then offers a real gpiochip with 8 lines, edge events included. The world at the
lines speaks as the guard's panel does (`devices/guard/panel.py`), so that the product's door simulator works
it: out `{"levels": {"0": 1, ...}, "at_boot_ns": ...}` at connect and at every change of an output, in
`{"line": 1, "level": 0}` for what is put on an input. The chip keeps its levels whoever dies.

Reports and their numbers: Silicon Labs AN495 (CP2112 interface specification), and `struct uhid_event` of the
kernel's `linux/uhid.h`.
"""

import json
import os
import selectors
import socket
import struct
import sys
import time
from pathlib import Path

LINES = 8

UHID_GET_REPORT, UHID_GET_REPORT_REPLY, UHID_CREATE2 = 9, 10, 11
UHID_SET_REPORT, UHID_SET_REPORT_REPLY = 13, 14
EVENT_BYTES = 4400
"""More than `struct uhid_event` has."""
BUS_USB, VENDOR_SILABS, PRODUCT_CP2112 = 3, 0x10C4, 0xEA90

CONFIG, GET_LEVELS, SET_LEVELS, VERSION, SMBUS = 2, 3, 4, 5, 6
"""Feature reports: directions, levels of all lines, levels to set under a mask, part and version, bus."""
EIO = 5


def report_descriptor() -> bytes:
    """The HID descriptor: feature, output and input reports of vendor-defined bytes."""
    body = bytes([0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01])
    for number, size in ((1, 1), (2, 4), (3, 1), (4, 2), (5, 2), (6, 13), (7, 60)):
        body += _report(number, size, 0xB1)
    for number in (0x10, 0x11, 0x12, 0x15, 0x17, 0x14):
        body += _report(number, 63, 0x91)
    for number in (0x13, 0x16):
        body += _report(number, 63, 0x81)
    return body + bytes([0xC0])


def _report(number: int, size: int, kind: int) -> bytes:
    return bytes([0x85, number, 0x95, size, 0x75, 0x08, 0x26, 0xFF, 0x00, 0x15, 0x00, 0x09, 0x01, kind, 0x02])


class Chip:
    """The registers of the chip and the event file of the kernel; bits are lines, 1 in `outputs` drives."""

    def __init__(self) -> None:
        self.outputs = 0
        self._push_pull = 0
        self._out = 0
        self._in = 0xFF  # pull-ups
        self.descriptor = os.open("/dev/uhid", os.O_RDWR | os.O_CLOEXEC)
        descriptor = report_descriptor()
        head = struct.pack(
            "<I128s64s64sHHIIII",
            UHID_CREATE2,
            b"CP2112",
            b"bench",
            b"1",
            len(descriptor),
            BUS_USB,
            VENDOR_SILABS,
            PRODUCT_CP2112,
            0x100,
            0,
        )
        os.write(self.descriptor, head + descriptor)

    @property
    def levels(self) -> int:
        """What is on the lines: outputs as the chip drives them, inputs as the world does."""
        return (self._out & self.outputs) | (self._in & ~self.outputs & 0xFF)

    @property
    def driven(self) -> int:
        """Outputs that are high: a line that nobody drives is pulled down at the relay board."""
        return self._out & self.outputs

    def put(self, line: int, level: int) -> None:
        """The world puts a level on a line."""
        self._in = self._in | 1 << line if level else self._in & ~(1 << line)

    def answer(self) -> None:
        """Take one event of the kernel and answer it."""
        event = os.read(self.descriptor, EVENT_BYTES)
        (kind,) = struct.unpack_from("<I", event)
        if kind == UHID_GET_REPORT:
            request, number, _ = struct.unpack_from("<IBB", event, 4)
            data = self._feature(number)
            reply = struct.pack("<IIHH", UHID_GET_REPORT_REPLY, request, 0 if data else EIO, len(data))
            os.write(self.descriptor, reply + data)
        elif kind == UHID_SET_REPORT:
            request, number, _, size = struct.unpack_from("<IBBH", event, 4)
            self._set(number, event[12 : 12 + size])
            os.write(self.descriptor, struct.pack("<IIH", UHID_SET_REPORT_REPLY, request, 0))

    def _feature(self, number: int) -> bytes:
        match number:
            case 2:
                return bytes([CONFIG, self.outputs, self._push_pull, 0, 0])
            case 3:
                return bytes([GET_LEVELS, self.levels])
            case 5:
                return bytes([VERSION, 0x0C, 3])
            case 6:
                return bytes([SMBUS]) + struct.pack(">IBBHHBH", 100_000, 2, 0, 0, 0, 0, 0)
            case _:
                return b""

    def _set(self, number: int, data: bytes) -> None:
        if number == CONFIG:
            self.outputs, self._push_pull = data[1], data[2]
        elif number == SET_LEVELS:
            values, mask = data[1], data[2]
            self._out = (self._out & ~mask) | (values & mask)


class World:
    """Whoever looks at the lines and puts levels on them."""

    def __init__(self, chip: Chip, path: Path) -> None:
        self._chip = chip
        self._selector = selectors.DefaultSelector()
        self._watchers: dict[socket.socket, bytes] = {}
        self._told = -1
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(4)

    def run(self) -> None:
        """Play for ever."""
        self._selector.register(self._chip.descriptor, selectors.EVENT_READ, self._chip.answer)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        while True:
            for key, _ in self._selector.select():
                key.data()
            if self._chip.driven != self._told:
                self._told = self._chip.driven
                for watcher in tuple(self._watchers):
                    self._tell(watcher)

    def _accept(self) -> None:
        watcher, _ = self._listener.accept()
        self._watchers[watcher] = b""
        self._selector.register(watcher, selectors.EVENT_READ, lambda: self._read(watcher))
        self._tell(watcher)

    def _read(self, watcher: socket.socket) -> None:
        try:
            data = watcher.recv(4096)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(watcher)
            del self._watchers[watcher]
            watcher.close()
            return
        *lines, self._watchers[watcher] = (self._watchers[watcher] + data).split(b"\n")
        for line in lines:
            wish = json.loads(line)
            self._chip.put(wish["line"], wish["level"])

    def _tell(self, watcher: socket.socket) -> None:
        driven = self._chip.driven
        levels = {str(line): driven >> line & 1 for line in range(LINES)}
        told = {"levels": levels, "at_boot_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME)}
        try:
            watcher.sendall(json.dumps(told).encode() + b"\n")
        except OSError:
            return  # its end of file is read next


if __name__ == "__main__":
    World(Chip(), Path(sys.argv[1])).run()
