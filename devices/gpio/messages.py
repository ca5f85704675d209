"""The guard's protocol as the hub sees it; see `devices/guard/protocol.py`."""

import msgspec


class Hello(msgspec.Struct, frozen=True, tag_field="t", tag="hello"):
    """State of every line at connect: on or off, open or closed. `boot` names the guard's life."""

    lines: dict[str, str]
    boot: str


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


class Beat(msgspec.Struct, frozen=True, tag_field="t", tag="beat"):
    """The hub is alive."""


FromGuard = Hello | Fired | Ended | Refused | Contact
ToGuard = Pulse | Hold | Beat
