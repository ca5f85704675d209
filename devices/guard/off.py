"""`python -m devices.guard.off --lines site.toml`: every output low, for `ExecStopPost=` of the guard's unit.

It runs after each end of the guard, also one by a signal or a crash, and shares nothing with it but the
reading of the wiring: no gpiozero, no lgpio, only the kernel's own requests (`linux/gpio.h`, GPIO v2). A line
that cannot be had is named, and the others are switched off all the same.
"""

import argparse
import fcntl
import os
import struct
import sys
from pathlib import Path

from devices.guard.wiring import read_wiring
from edge.errors import DeviceFault

GPIO_GET_CHIPINFO = 0x8044B401
"""_IOR(0xB4, 0x01, struct gpiochip_info), 68 bytes: name, label, number of lines."""
GPIO_V2_GET_LINE = 0xC250B407
"""_IOWR(0xB4, 0x07, struct gpio_v2_line_request), 592 bytes."""
FLAG_OUTPUT = 1 << 3
MAX_LINES, MAX_ATTRIBUTES = 64, 10
HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Chips that carry a Raspberry Pi's header: Pi 5, Pi 4, earlier ones."""


def find_chip(folder: Path = Path("/dev")) -> Path:
    """The chip of a Pi's header by its label, else the first one. Raises DeviceFault when there is none."""
    chips = sorted(folder.glob("gpiochip*"))
    if not chips:
        raise DeviceFault(f"{folder}: no gpiochip")
    return next((chip for chip in chips if _label(chip) in HEADER_LABELS), chips[0])


def switch_off(chip: Path, line: int) -> None:
    """Claim one line as an output at level 0 and let it go again. Raises OSError."""
    with chip.open("rb", buffering=0) as device:
        answer = bytearray(fcntl.ioctl(device, GPIO_V2_GET_LINE, _request(line)))
        # The kernel answers with the line's own descriptor, in the last field.
        os.close(struct.unpack_from("i", answer, len(answer) - 4)[0])


def main() -> int:
    """Switch off what the site file names. Returns 1 when a line could not be switched off."""
    parser = argparse.ArgumentParser(prog="python -m devices.guard.off", description=__doc__)
    parser.add_argument("--lines", type=Path, required=True, help="site.toml with the lines")
    options = parser.parse_args()
    failed = 0
    try:
        outputs = read_wiring(options.lines).outputs
        chip = find_chip()
    except DeviceFault as fault:
        sys.stderr.write(f"guard.off: {fault}\n")
        return 1
    for line in outputs:
        try:
            switch_off(chip, line)
        except OSError as error:
            sys.stderr.write(f"guard.off: line {line}: {error}\n")
            failed = 1
    return failed


def _label(chip: Path) -> str:
    try:
        with chip.open("rb", buffering=0) as device:
            info = fcntl.ioctl(device, GPIO_GET_CHIPINFO, bytes(68))
    except OSError:
        return ""
    return info[32:64].split(b"\0")[0].decode(errors="replace")


def _request(line: int) -> bytes:
    """`struct gpio_v2_line_request`: one line, output; without an attribute the kernel drives it low."""
    offsets = struct.pack(f"{MAX_LINES}I", line, *[0] * (MAX_LINES - 1))
    config = struct.pack("=QI5I", FLAG_OUTPUT, 0, *[0] * 5) + bytes(24 * MAX_ATTRIBUTES)
    tail = struct.pack("=II5Ii", 1, 0, *[0] * 5, -1)
    return offsets + b"guard-off".ljust(32, b"\0") + config + tail


if __name__ == "__main__":
    sys.exit(main())
