"""A serial scanner at a pseudo-terminal through pyserial: lines become texts, and it comes back."""

import asyncio
import os
import tty
from pathlib import Path

import pytest

from devices.plugged import PluggedReader
from devices.serial.port import SerialPort
from devices.serial.scanner import GAP_MS, SerialScanner, open_scanner
from edge.errors import DeviceOffline
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task
from tests.fakes.waiting import until


class Terminal:
    """A pseudo-terminal under a path; the scanner is at its far end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plug()

    def plug(self) -> None:
        self.far, near = os.openpty()
        tty.setraw(near)
        self.path.symlink_to(os.ttyname(near))
        self._near = near

    def unplug(self) -> None:
        self.path.unlink()
        os.close(self.far)
        os.close(self._near)


async def test_lines_are_texts_until_it_is_unplugged_and_after_that_again(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "scanner")
    texts: list[str] = []
    states: list[str] = []
    reader = PluggedReader(
        open_device=lambda: open_scanner(str(terminal.path), 9600),
        on_text=texts.append,
        on_state=lambda state, _: states.append(state),
        backoff=Backoff(first_s=0.01, limit_s=0.02),
    )
    role = asyncio.create_task(reader.run())
    await until(lambda: states == ["live"])
    os.write(terminal.far, b"\x02CE1:ONE\r\nCE1:T")
    os.write(terminal.far, b"WO\r\n")
    await until(lambda: texts == ["CE1:ONE", "CE1:TWO"])
    terminal.unplug()
    await until(lambda: "lost" in states)
    terminal.plug()
    await until(lambda: states[-1] == "live")
    os.write(terminal.far, b"CE1:THREE\r")
    await until(lambda: texts[-1] == "CE1:THREE")
    await end_task(role)
    terminal.unplug()


def test_a_line_that_was_cut_off_is_no_beginning_of_the_next(tmp_path: Path) -> None:
    terminal, now = Terminal(tmp_path / "scanner"), [0]
    scanner = SerialScanner(SerialPort(str(terminal.path), 9600), lambda: now[0])
    os.write(terminal.far, b"CE1:OL")
    assert scanner.read() == []
    now[0] += GAP_MS
    os.write(terminal.far, b"D\rCE1:OL")
    texts: list[str] = []
    while not texts:
        texts += scanner.read()
    assert texts == ["CE1:OLD"]
    now[0] += GAP_MS + 1
    os.write(terminal.far, b"CE1:NEW\r" + b"x" * 3000 + b"\r\xff\r")
    texts = []
    while len(texts) < 3:
        texts += scanner.read()
    assert (texts[0], len(texts[1]), texts[2]) == ("CE1:NEW", 1025, "\xff")
    scanner.close()
    terminal.unplug()


def test_a_port_has_one_user_and_one_that_is_missing_says_so(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "scanner")
    first = SerialPort(str(terminal.path), 9600)
    with pytest.raises(DeviceOffline):
        SerialPort(str(terminal.path), 9600)
    first.close()
    terminal.unplug()
    with pytest.raises(DeviceOffline):
        SerialPort(str(terminal.path), 9600)
