"""Both ends of the guard's socket speak the same lines."""

import msgspec
import pytest

from devices.gpio import messages
from devices.guard import protocol


def test_what_the_hub_says_is_what_the_guard_reads() -> None:
    encode = msgspec.json.encode
    assert protocol.parse_request(encode(messages.Beat())) == protocol.Beat()
    assert protocol.parse_request(encode(messages.Hold(17, True))) == protocol.Hold(17, True)
    assert protocol.parse_request(encode(messages.Signal(8, (200, 100)))) == protocol.Signal(8, (200, 100))
    assert protocol.parse_request(encode(messages.Signal(8, ()))) == protocol.Signal(8, ())
    assert protocol.parse_request(encode(messages.Pulse("k1-1-7", 17, 300, 5))) == protocol.Pulse(
        "k1-1-7", 17, 300, 5
    )


def test_what_the_guard_says_is_what_the_hub_reads() -> None:
    decode = msgspec.json.Decoder(messages.FromGuard).decode
    assert decode(protocol.encode("hello", lines={"17": "off"}, boot="b")) == messages.Hello(
        {"17": "off"}, "b"
    )
    assert decode(protocol.encode("fired", id="a", at_boot_ns=5)) == messages.Fired("a", 5)
    assert decode(protocol.encode("ended", id="a")) == messages.Ended("a")
    assert decode(protocol.encode("refused", id="a", why="late")) == messages.Refused("a", "late")
    assert decode(protocol.encode("contact", line=27, state="open")) == messages.Contact(27, "open")
    assert decode(protocol.encode("input", line=5, state="idle")) == messages.Input(5, "idle")
    assert decode(protocol.encode("cycles", counts={"17": 9})) == messages.Cycles({"17": 9})
    assert decode(protocol.encode("fault", line=17, why="x")) == messages.Fault(17, "x")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"t":"open"}',
        b'{"t":"hold","line":17,"on":1}',
        b'{"t":"hold","line":"17","on":true}',
        b'{"t":"pulse","id":"","line":17,"pulse_ms":5,"not_after_boot_ns":9}',
        b'{"t":"pulse","id":"a","line":17,"pulse_ms":-5,"not_after_boot_ns":9}',
        b'{"t":"pulse","id":"a","line":true,"pulse_ms":5,"not_after_boot_ns":9}',
        b'{"t":"pulse","id":"a","line":17,"pulse_ms":5}',
        b'{"t":"signal","line":8,"pattern":[0]}',
        b'{"t":"signal","line":8,"pattern":[true]}',
        b'{"t":"signal","line":8,"pattern":5}',
        b'{"t":"signal","line":8,"pattern":[' + b"9," * 32 + b"9]}",
        b"\xff\xfe",
    ],
)
def test_anything_else_is_not_understood(line: bytes) -> None:
    with pytest.raises(protocol.NotUnderstood):
        protocol.parse_request(line)
