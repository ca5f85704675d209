"""Whether a site can be reached now, and since when: told by what its devices ask, never assumed."""

from typing import NamedTuple

import msgspec

AWAY_AFTER_MS = 8_000
"""Silence after which a device counts as away; it fetches commands at least every five seconds."""

PROGRAM_LIMIT = 60
"""Letters that are kept of what a device says of its program."""


class DevicePresence(msgspec.Struct, frozen=True):
    """How a device stands; `since_ms` is when it came, or when it was heard last; 0 when it never was."""

    device: str
    reachable: bool
    since_ms: int


class _Heard(NamedTuple):
    since_ms: int
    last_ms: int


class PresenceBook:
    """What is known of every device since this platform began. In memory: presence is of now."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}
        self._programs: dict[str, str] = {}

    def hear(self, device: str, *, now_ms: int, program: str = "") -> None:
        """A device asked or answered something; `program` is what it says that it runs."""
        if program:
            self._programs[device] = program[:PROGRAM_LIMIT]
        before = self._heard.get(device)
        came = before is None or now_ms - before.last_ms > AWAY_AFTER_MS
        since_ms = now_ms if before is None or came else before.since_ms
        self._heard[device] = _Heard(since_ms, now_ms)

    def of(self, device: str, *, now_ms: int) -> DevicePresence:
        """How a device stands now."""
        heard = self._heard.get(device)
        if heard is None:
            return DevicePresence(device, False, 0)
        reachable = now_ms - heard.last_ms <= AWAY_AFTER_MS
        return DevicePresence(device, reachable, heard.since_ms if reachable else heard.last_ms)

    def program_of(self, device: str) -> str:
        """The program and version that a device names, empty where it named none."""
        return self._programs.get(device, "")
