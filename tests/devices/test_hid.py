"""A scanner that types: keys become texts, half texts none, the device is grabbed and comes back."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.hid.device import find_usb, grab, open_hid
from devices.hid.keys import CHARACTERS, EVENT, UNREADABLE, KeyEvent, Typing, read_events
from devices.plugged import PluggedReader, ReaderBusy
from edge.errors import DeviceOffline
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task
from tests.fakes.waiting import until

SHIFT, CTRL, ENTER = 42, 29, 28
CODES = {
    character: (code, shifted)
    for code, pair in sorted(CHARACTERS.items(), reverse=True)
    for shifted, character in enumerate(pair)
}
"""Of a character that two keys type, the one of the upper rows."""


def keys_of(text: str) -> list[KeyEvent]:
    """What a scanner sends for a text and Enter."""
    events = []
    for character in text:
        code, shifted = CODES[character]
        press = [KeyEvent(1, code, 1), KeyEvent(0, 0, 0), KeyEvent(1, code, 0)]
        events += [KeyEvent(1, SHIFT, 1), *press, KeyEvent(1, SHIFT, 0)] if shifted else press
    return [*events, KeyEvent(1, ENTER, 1), KeyEvent(1, ENTER, 0)]


def packed(events: list[KeyEvent]) -> bytes:
    """As the kernel gives them."""
    return b"".join(EVENT.pack(0, 0, *event) for event in events)


def typed(events: list[KeyEvent], *, limit: int = 100, step_ms: int = 1) -> list[str]:
    """The texts of a row of events, `step_ms` apart."""
    typing = Typing(gap_ms=500, limit=limit)
    texts = (typing.take(event, place * step_ms) for place, event in enumerate(events))
    return [text for text in texts if text is not None]


def test_every_printable_character_is_typed_as_on_a_us_keyboard() -> None:
    text = "".join(chr(code) for code in range(0x20, 0x7F))
    assert typed(keys_of(text)) == [text]
    assert list(read_events(packed(keys_of(text)))) == keys_of(text)


def test_a_code_cut_off_in_the_middle_is_no_beginning_of_the_next() -> None:
    half = keys_of("CE1:OLD")[:-2]
    typing = Typing(gap_ms=500, limit=100)
    assert all(typing.take(event, 0) is None for event in half)
    later = [typing.take(event, 2000) for event in keys_of("CE1:NEW")]
    assert [text for text in later if text] == ["CE1:NEW"]
    assert typed(keys_of("AB"), step_ms=501) == []


@pytest.mark.parametrize(
    "odd",
    [
        [KeyEvent(1, 103, 1)],
        [KeyEvent(1, CTRL, 1), KeyEvent(1, CODES["a"][0], 1), KeyEvent(1, CTRL, 0)],
        [KeyEvent(0, 3, 0)],
    ],
    ids=["a key that is no character", "with Ctrl", "events were lost"],
)
def test_what_is_no_character_makes_the_text_unreadable_not_shorter(odd: list[KeyEvent]) -> None:
    (text,) = typed([*odd, *keys_of("CE1:X")])
    assert text == UNREADABLE + "CE1:X"


def test_a_held_key_counts_once_and_a_text_stays_bounded() -> None:
    code = CODES["a"][0]
    held = [KeyEvent(1, code, 1), *[KeyEvent(1, code, 2)] * 50]
    assert typed([*held, *keys_of("")]) == ["a"]
    (text,) = typed(keys_of("x" * 5000), limit=1025)
    assert len(text) == 1025


class Scanner:
    """A pipe in place of an event device: what is written to it was typed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.grabbed = 0
        self.refuse = 0
        self.plug()

    def plug(self) -> None:
        os.mkfifo(self.path)
        self._writer = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def unplug(self) -> None:
        self.path.unlink()
        os.close(self._writer)

    def type(self, text: str) -> None:
        os.write(self._writer, packed(keys_of(text)))

    def grab(self, handle: int) -> None:
        if self.refuse:
            raise ReaderBusy("another program has grabbed it")
        self.grabbed += 1


@pytest.fixture
async def plugged(tmp_path: Path) -> AsyncIterator[tuple[Scanner, list[str], list[str]]]:
    """A scanner, what was read of it, and how it stood."""
    scanner = Scanner(tmp_path / "event0")
    texts: list[str] = []
    states: list[str] = []
    reader = PluggedReader(
        open_device=lambda: open_hid(str(scanner.path), take=scanner.grab),
        on_text=texts.append,
        on_state=lambda state, _: states.append(state),
        backoff=Backoff(first_s=0.01, limit_s=0.02),
    )
    role = asyncio.create_task(reader.run())
    await until(lambda: states == ["live"])
    yield scanner, texts, states
    await end_task(role)


async def test_a_scanner_is_grabbed_read_unplugged_and_plugged_in_again(
    plugged: tuple[Scanner, list[str], list[str]],
) -> None:
    scanner, texts, states = plugged
    scanner.type("CE1:FIRST")
    await until(lambda: texts == ["CE1:FIRST"])
    scanner.unplug()
    await until(lambda: "lost" in states)
    scanner.refuse = 1
    scanner.plug()
    await until(lambda: "busy" in states)
    scanner.refuse = 0
    await until(lambda: states[-1] == "live")
    scanner.type("CE1:SECOND")
    await until(lambda: texts == ["CE1:FIRST", "CE1:SECOND"])
    assert scanner.grabbed == 2


def test_what_cannot_be_grabbed_is_not_read(tmp_path: Path) -> None:
    plain = tmp_path / "event0"
    plain.write_bytes(b"")
    with pytest.raises(DeviceOffline, match="cannot be grabbed"):
        open_hid(str(plain))
    with pytest.raises(DeviceOffline, match=os.strerror(errno.ENOENT)):
        open_hid(str(tmp_path / "event9"))
    with plain.open("rb") as file, pytest.raises(DeviceOffline):
        grab(file.fileno())


def test_a_usb_scanner_is_found_by_its_numbers_wherever_it_is_plugged_in(tmp_path: Path) -> None:
    def show(event: str, vendor: str, product: str, keys: str) -> None:
        device = tmp_path / event / "device"
        (device / "id").mkdir(parents=True)
        (device / "capabilities").mkdir()
        (device / "id/vendor").write_text(f"{vendor}\n")
        (device / "id/product").write_text(f"{product}\n")
        (device / "capabilities/key").write_text(f"{keys}\n")

    show("event1", "0c2e", "0b61", "3f 0")
    show("event3", "0c2e", "0b61", "10000 0 fffffffffffffffe")
    show("event4", "1234", "0001", "fffffffffffffffe")
    found = find_usb("usb:0c2e:0b61", sys_input=tmp_path, dev_input=Path("/dev/input"))
    assert found == Path("/dev/input/event3")
    with pytest.raises(DeviceOffline):
        find_usb("usb:ffff:0001", sys_input=tmp_path)
