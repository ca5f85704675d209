"""What the hub and the guard say to each other: one JSON object a line over a Unix stream socket.

Hub to guard: `pulse`, `hold`, `signal`, `beat`. Guard to hub: `hello`, `fired`, `ended`, `refused`,
`contact`, `input`, `cycles`, `fault`.
The guard decodes with the standard library: msgspec alone would cost it a tenth of its 25 MB.
The hub's side of the same lines is `devices/gpio/messages.py`; `tests/devices/test_guard_protocol.py`
holds the two together.
"""

import json
from typing import NamedTuple

MAX_LINE_BYTES = 1024
"""Longest message that the guard reads; a longer one ends the connection."""
BEAT_EVERY_S = 0.25
"""How often the hub says that it is alive."""
MAX_STEPS = 32
"""Longest pattern of a signal."""
BEAT_LIMIT_S = 1.0
"""Silence after which everything goes off (architecture: heartbeat missed for 1 s)."""


class Pulse(NamedTuple):
    """Energise `line` once for `pulse_ms`; refused once the boot clock has passed `not_after_boot_ns`."""

    id: str
    line: int
    pulse_ms: int
    not_after_boot_ns: int


class Hold(NamedTuple):
    """Keep `line` energised, or stop keeping it, while the hub lives."""

    line: int
    on: bool


class Signal(NamedTuple):
    """Play ms on, off, on, ... on a lamp or buzzer, instead of what it plays; an empty pattern: off."""

    line: int
    pattern: tuple[int, ...]


class Beat(NamedTuple):
    """The hub is alive."""


Request = Pulse | Hold | Signal | Beat


class NotUnderstood(ValueError):
    """The line is no message of this protocol."""


def parse_request(line: bytes) -> Request:
    """Decode one line from the hub. Raises NotUnderstood."""
    try:
        body = json.loads(line)
    except ValueError as error:
        raise NotUnderstood(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise NotUnderstood("not an object")
    match body.get("t"):
        case "beat":
            return Beat()
        case "pulse":
            return _pulse(body)
        case "hold":
            on = body.get("on")
            if not isinstance(on, bool):
                raise NotUnderstood("hold: on must be true or false")
            return Hold(_integer(body, "line"), on)
        case "signal":
            return _signal(body)
        case other:
            raise NotUnderstood(f"unknown message {other!r}")


def encode(kind: str, **fields: object) -> bytes:
    """Encode one line to the hub."""
    return json.dumps({"t": kind, **fields}, separators=(",", ":")).encode() + b"\n"


def _pulse(body: dict[str, object]) -> Pulse:
    pulse_id = body.get("id")
    if not isinstance(pulse_id, str) or not 0 < len(pulse_id) <= 64:
        raise NotUnderstood("pulse: id must be 1 to 64 characters")
    return Pulse(
        pulse_id, _integer(body, "line"), _integer(body, "pulse_ms"), _integer(body, "not_after_boot_ns")
    )


def _signal(body: dict[str, object]) -> Signal:
    pattern = body.get("pattern")
    if not isinstance(pattern, list) or len(pattern) > MAX_STEPS:
        raise NotUnderstood(f"signal: pattern must be a list of at most {MAX_STEPS} times")
    if not all(type(step) is int and step > 0 for step in pattern):
        raise NotUnderstood("signal: every time must be a whole number of ms above 0")
    return Signal(_integer(body, "line"), tuple(pattern))


def _integer(body: dict[str, object], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotUnderstood(f"{body['t']}: {name} must be a whole number")
    return value
