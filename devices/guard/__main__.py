"""`python -m devices.guard`: the relay guard process."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from devices.guard.board import Board
from devices.guard.panel import Panel
from devices.guard.pins import Pins
from devices.guard.server import GuardServer
from devices.guard.trace import Trace
from devices.guard.wiring import read_wiring
from edge.errors import DeviceFault


def boot_ns() -> int:
    """Nanoseconds since the machine started; the hub reads the same clock."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def main() -> int:
    """Run until SIGTERM or SIGINT. Returns 1, with one line on stderr, when the lines cannot be had."""
    options = _options()
    edges_read, edges_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    stop = _stop_on_signal()
    try:
        wiring = read_wiring(options.lines)
        pins = Pins(wiring, mock=options.mock, on_edge=lambda line: _note_edge(edges_write, line))
        for why in pins.faults.values():
            sys.stderr.write(f"guard: {why}; the other lines work on\n")
        with Trace(options.trace) as trace:
            board = Board(
                wiring,
                pins,
                trace=trace,
                cycles_path=options.cycles,
                settling=options.mock,
                boot_ns=boot_ns,
            )
            panel = (
                Panel(options.panel, drive=pins.drive, lines=frozenset(wiring.heard))
                if options.mock and options.panel
                else None
            )
            GuardServer(
                path=options.socket,
                board=board,
                panel=panel,
                edges=edges_read,
                stop=stop,
                boot_ns=boot_ns,
            ).run()
        pins.close()
    except DeviceFault as fault:
        sys.stderr.write(f"guard: {fault}\n")
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devices.guard", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket for the hub")
    parser.add_argument("--trace", type=Path, help="file that receives every edge of every line")
    parser.add_argument("--cycles", type=Path, help="file that keeps how often each lock's line went on")
    parser.add_argument("--lines", type=Path, required=True, help="site.toml with the lines")
    parser.add_argument("--mock", action="store_true", help="mock pins instead of the gpiochip")
    parser.add_argument("--panel", type=Path, help="with --mock: Unix socket that shows and drives the pins")
    return parser.parse_args()


def _note_edge(pipe: int, line: int) -> None:
    # A full pipe already holds this line many times over: the loop reads the pin, not the note.
    try:
        os.write(pipe, bytes([line]))
    except BlockingIOError:
        return


def _stop_on_signal() -> int:
    """A descriptor that becomes readable on SIGTERM or SIGINT."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return reader


if __name__ == "__main__":
    sys.exit(main())
