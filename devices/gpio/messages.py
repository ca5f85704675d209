"""The guard's protocol as the hub sees it; see `devices/guard/protocol.py`."""

import msgspec


class Hello(msgspec.Struct, frozen=True, tag_field="t", tag="hello"):
    """State of every line at connect: outputs on or off, contacts open or closed, inputs active or idle;
    what cannot be read is unknown. `boot` names the guard's life, `cycles` counts how often each output went
    on since it was mounted, `faults` says in words which lines cannot be used.
    """

    lines: dict[str, str]
    boot: str
    inputs: dict[str, str] = {}
    cycles: dict[str, int] = {}
    faults: dict[str, str] = {}


class Fired(msgspec.Struct, frozen=True, tag_field="t", tag="fired"):
    """The pulse has begun."""

    id: str
    at_boot_ns: int


class Ended(msgspec.Struct, frozen=True, tag_field="t", tag="ended"):
    """The pulse is over."""

    id: str


class Refused(msgspec.Struct, frozen=True, tag_field="t", tag="refused"):
    """Nothing was fired."""

    id: str
    why: str


class Contact(msgspec.Struct, frozen=True, tag_field="t", tag="contact"):
    """A contact moved."""

    line: int
    state: str


class Input(msgspec.Struct, frozen=True, tag_field="t", tag="input"):
    """An input moved: active, idle, or unknown when it cannot be read."""

    line: int
    state: str


class Cycles(msgspec.Struct, frozen=True, tag_field="t", tag="cycles"):
    """How often each output went on, told about once a minute when it changed."""

    counts: dict[str, int]


class Fault(msgspec.Struct, frozen=True, tag_field="t", tag="fault"):
    """A line cannot be used any more; nothing else is touched by it."""

    line: int
    why: str


class Pulse(msgspec.Struct, frozen=True, tag_field="t", tag="pulse"):
    """Fire once, unless the boot clock has passed `not_after_boot_ns`."""

    id: str
    line: int
    pulse_ms: int
    not_after_boot_ns: int


class Hold(msgspec.Struct, frozen=True, tag_field="t", tag="hold"):
    """Keep a line on, or stop keeping it."""

    line: int
    on: bool


class Signal(msgspec.Struct, frozen=True, tag_field="t", tag="signal"):
    """Play ms on, off, on, ... on a lamp or buzzer; an empty pattern switches it off."""

    line: int
    pattern: tuple[int, ...]


class Beat(msgspec.Struct, frozen=True, tag_field="t", tag="beat"):
    """The hub is alive."""


FromGuard = Hello | Fired | Ended | Refused | Contact | Input | Cycles | Fault
ToGuard = Pulse | Hold | Signal | Beat
