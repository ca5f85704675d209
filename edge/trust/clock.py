"""Trusted time: signed platform time carried on by the boot-time clock; never the wall clock.

A Raspberry Pi has no battery clock, so the wall clock after a power cut may be anything. What is known is a
*floor* (time has passed it for certain) and, after a signed answer, an *anchor* (that time at that moment of
the boot-time clock).
"""

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from edge.errors import Refusal

HOLDOVER_AFTER_MS = 24 * 3600 * 1000
"""Architecture, Trust: SYNCED means a signed time at most 24 h ago."""

ROUND_TRIP_LIMIT_MS = 10_000
"""A slower answer says too little about when it was signed."""

SYNCED_ERROR_MS = 15_000
"""How far a SYNCED reading may lie ahead of the truth: half a round trip (5 s), and 24 h of a crystal that is
100 ppm fast (8.6 s; a Raspberry Pi's is specified within that). So much below it is certain."""

JUMP_MS = 24 * 3600 * 1000
"""Within a boot no crystal is wrong by a day: at 100 ppm that takes 27 years."""

CONFIRMED_WITHIN_MS = 600_000
"""A person confirms one time; what the platform says then may differ from it by so much."""

_STILL_LIMIT_MS = SYNCED_ERROR_MS - ROUND_TRIP_LIMIT_MS // 2


class Trust(StrEnum):
    """How far the time may be believed."""

    SYNCED = "synced"
    HOLDOVER = "holdover"
    UNKNOWN = "unknown"


class Reading(NamedTuple):
    """One look at the clock: milliseconds since the Unix epoch (UTC) and how far to believe them."""

    at_ms: int
    trust: Trust


class Clock(Protocol):
    """What the core needs of a clock."""

    def now(self) -> Reading:
        """Read the time."""
        ...


class TimeAnswerTooSlow(Refusal):
    """The signed time took so long to arrive that it is not used."""

    code = "time_answer_too_slow"


class TimeBehindFloor(Refusal):
    """The signed time lies before a moment that has certainly passed."""

    code = "time_behind_floor"


class TimeJumped(Refusal):
    """The signed time is more than a day from what this clock knows: a person has to say which is right."""

    code = "time_jumped"


class ClockState(msgspec.Struct, frozen=True, kw_only=True):
    """What outlives the process: the floor, and the anchor with the boot that it belongs to.

    `shown_ms` is the last reading before the anchor was set anew: within a boot no reading goes below it.
    """

    floor_ms: int = 0
    anchor_at_ms: int | None = None
    anchor_boot_ms: int = 0
    shown_ms: int = 0
    boot_id: str = ""


def boot_time_ms() -> int:
    """Milliseconds since the machine started, sleep included; no one can set it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def read_boot_id() -> str:
    """The kernel's name for this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


class TrustedClock:
    """The clock of a site. Thread-safe: every change replaces one immutable state."""

    def __init__(
        self,
        *,
        boot_ms: Callable[[], int] = boot_time_ms,
        boot_id: str | None = None,
        state: ClockState | None = None,
    ) -> None:
        self._boot_ms = boot_ms
        self._boot_id = read_boot_id() if boot_id is None else boot_id
        self._state = ClockState(boot_id=self._boot_id)
        self._started_boot_ms = boot_ms()
        if state is not None:
            self.restore(state)

    @property
    def state(self) -> ClockState:
        """What to keep on disk; the floor in it is the present lower bound."""
        return msgspec.structs.replace(self._state, boot_id=self._boot_id)

    def restore(self, state: ClockState) -> None:
        """Take up kept state: the floor always, the anchor only within the same boot of the machine.

        An anchor that this clock has already and that is as new stays: the store may be opened again.
        """
        own = self._state
        anchor_holds = state.boot_id == self._boot_id and state.anchor_boot_ms <= self._boot_ms()
        newer = own.anchor_at_ms is None or state.anchor_boot_ms > own.anchor_boot_ms
        if anchor_holds and newer and state.anchor_at_ms is not None:
            self._state = msgspec.structs.replace(
                self._state,
                anchor_at_ms=state.anchor_at_ms,
                anchor_boot_ms=state.anchor_boot_ms,
                shown_ms=state.shown_ms,
            )
        self.raise_floor(state.floor_ms)

    def now(self) -> Reading:
        """Read the time. Without an anchor: the floor plus what this process has lived, a lower bound."""
        state = self._state
        boot_ms = self._boot_ms()
        if state.anchor_at_ms is None:
            return Reading(state.floor_ms + boot_ms - self._started_boot_ms, Trust.UNKNOWN)
        age_ms = boot_ms - state.anchor_boot_ms
        carried_ms = state.anchor_at_ms + age_ms
        at_ms = max(carried_ms, state.floor_ms, state.shown_ms)
        # Standing still far ahead of the new anchor, after weeks of holdover, is no certain time.
        certain = age_ms <= HOLDOVER_AFTER_MS and at_ms - carried_ms <= _STILL_LIMIT_MS
        return Reading(at_ms, Trust.SYNCED if certain else Trust.HOLDOVER)

    def accept(
        self,
        signed_at_ms: int,
        asked_boot_ms: int,
        answered_boot_ms: int,
        *,
        confirmed_ms: int | None = None,
    ) -> None:
        """Take a platform time whose signature and nonce were checked; the two boot times frame the question.

        Where the clock ran ahead it stands still until the new anchor has caught up: it never goes back.
        While a time is known, one that is more than a day away is taken only near `confirmed_ms`, which a
        person named. After a power cut nothing is known: weeks in a drawer cannot be told from a jump.
        Raises TimeAnswerTooSlow, TimeBehindFloor, TimeJumped.
        """
        round_trip_ms = answered_boot_ms - asked_boot_ms
        if not 0 <= round_trip_ms <= ROUND_TRIP_LIMIT_MS:
            raise TimeAnswerTooSlow(round_trip_ms=round_trip_ms)
        if signed_at_ms + ROUND_TRIP_LIMIT_MS < self._state.floor_ms:
            raise TimeBehindFloor(signed_at_ms=signed_at_ms, floor_ms=self._state.floor_ms)
        shown = self.now()
        known = shown.trust is not Trust.UNKNOWN
        confirmed = confirmed_ms is not None and abs(signed_at_ms - confirmed_ms) <= CONFIRMED_WITHIN_MS
        if known and not confirmed and abs(signed_at_ms - shown.at_ms) > JUMP_MS:
            raise TimeJumped(signed_at_ms=signed_at_ms, at_ms=shown.at_ms)
        self._state = ClockState(
            shown_ms=0 if shown.trust is Trust.UNKNOWN else shown.at_ms,
            floor_ms=max(self._state.floor_ms, signed_at_ms),
            anchor_at_ms=signed_at_ms + round_trip_ms // 2,
            anchor_boot_ms=answered_boot_ms,
            boot_id=self._boot_id,
        )

    def raise_floor(self, at_ms: int) -> None:
        """Say that ``at_ms`` has certainly passed: the ``iat`` of a command that passed every check."""
        state = self._state
        lived_ms = self._boot_ms() - self._started_boot_ms
        if at_ms > state.floor_ms + (lived_ms if state.anchor_at_ms is None else 0):
            self._started_boot_ms += lived_ms
            self._state = msgspec.structs.replace(state, floor_ms=at_ms)

    def raise_floor_by_entry(self, stamped_ms: int) -> None:
        """Raise the floor by an entry stamped SYNCED, less what such a stamp may be ahead of the truth."""
        self.raise_floor(stamped_ms - SYNCED_ERROR_MS)
