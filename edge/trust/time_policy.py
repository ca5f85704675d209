"""What each state of the trusted clock means for doors and for trade: one table, asked by every room.

Architecture, Trust: Time. Change a cell here and the product, the reference and the test that walks the table
follow; a room that could not follow turns that test red.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from edge.trust.clock import Reading, Trust


class Rule(StrEnum):
    """What is done about a decision while the clock is in one state."""

    CLOCK = "judged at the clock"
    FLOOR = "only what is over is refused"
    """Beginnings are not judged; an end before the clock's lower bound has certainly passed."""
    READING = "at the clock's reading, which is its floor while unknown"
    REFUSE = "refused"
    OFF = "off"
    GOES_ON = "goes on"
    MARKED = "goes on, ordered by seq, marked"
    CALENDAR = "calendar date"
    SHIFT = "date of the open shift"
    COPY = "date of the copy"
    TIME_ONLY = "only time and key set are asked"


class Decision(StrEnum):
    """What depends on the time."""

    OWN_DOOR = "own_door"
    OWN_DOOR_COMMAND = "own_door_command"
    OTHER_DOOR = "other_door"
    PICKUP = "pickup"
    SIGN_IN = "sign_in"
    COMMAND_END = "command_end"
    GRANT = "grant"
    HOLD_END = "hold_end"
    SALE = "sale"
    BUSINESS_DATE = "business_date"
    LOT = "lot"
    TIMED_PROMOTION = "timed_promotion"
    PENALTY = "penalty"
    NOTICE = "notice"
    TIMER = "timer"
    RETENTION = "retention"
    TIME_SHOWN = "time_shown"
    PLATFORM_CERTIFICATE = "platform_certificate"


class Row(NamedTuple):
    """One row: what is decided, in words, and the rule in each state of the clock."""

    words: str
    synced: Rule
    holdover: Rule
    unknown: Rule


def _known(words: str, rule: Rule, unknown: Rule) -> Row:
    """A row where HOLDOVER counts as SYNCED: boot time drifts by seconds a day, which no end here feels."""
    return Row(words, rule, rule, unknown)


POLICY: Mapping[Decision, Row] = {
    Decision.OWN_DOOR: _known(
        "A resident's own code, card or room PIN at a door of kind `residents`", Rule.CLOCK, Rule.FLOOR
    ),
    Decision.OWN_DOOR_COMMAND: _known(
        "A signed command at a door of kind `residents`", Rule.CLOCK, Rule.FLOOR
    ),
    Decision.OTHER_DOOR: _known(
        "Everything but an order's pass at a door of kind `visitor`, `staff`, `plant` or `parcels`; "
        "a visitor's or staff pass at any door",
        Rule.CLOCK,
        Rule.REFUSE,
    ),
    Decision.PICKUP: _known("An order's pass at the kiosk or at the parcel room", Rule.CLOCK, Rule.FLOOR),
    Decision.SIGN_IN: _known("A resident's own code at the kiosk", Rule.CLOCK, Rule.FLOOR),
    Decision.COMMAND_END: _known("The window of a signed command, beside its nonce", Rule.CLOCK, Rule.FLOOR),
    Decision.GRANT: _known("The window of a resident's right to a door", Rule.CLOCK, Rule.FLOOR),
    Decision.HOLD_END: _known("The end of a hold", Rule.CLOCK, Rule.FLOOR),
    Decision.SALE: _known("A sale or a fee payment", Rule.GOES_ON, Rule.MARKED),
    Decision.BUSINESS_DATE: _known("The business date of a receipt", Rule.CALENDAR, Rule.SHIFT),
    Decision.LOT: _known("Whether a lot may still be sold", Rule.READING, Rule.READING),
    Decision.TIMED_PROMOTION: _known("A promotion between two times", Rule.CLOCK, Rule.OFF),
    Decision.PENALTY: _known("The date that a penalty is shown and taken as of", Rule.CALENDAR, Rule.COPY),
    Decision.NOTICE: _known("A notice between two times", Rule.CLOCK, Rule.FLOOR),
    Decision.TIMER: _known("A due row of the timers", Rule.READING, Rule.READING),
    Decision.RETENTION: _known("Cutting the journal and dropping archives by age", Rule.CLOCK, Rule.OFF),
    Decision.TIME_SHOWN: _known(
        "The time of day on a screen, and the dark theme at night", Rule.CLOCK, Rule.OFF
    ),
    Decision.PLATFORM_CERTIFICATE: _known(
        "The dates of the platform's TLS certificate", Rule.CLOCK, Rule.TIME_ONLY
    ),
}


def rule_for(decision: Decision, trust: Trust) -> Rule:
    """The cell of the table."""
    row = POLICY[decision]
    if trust is Trust.SYNCED:
        return row.synced
    return row.holdover if trust is Trust.HOLDOVER else row.unknown


def judged_at(decision: Decision, now: Reading) -> int | None:
    """The time at which a window is judged from both sides, or None where only its end counts.

    The end is then judged at ``now.at_ms`` all the same (see `is_over`): an unknown clock reads its floor.
    """
    return now.at_ms if rule_for(decision, now.trust) is Rule.CLOCK else None


def has_begun(decision: Decision, begins_at_ms: int | None, now: Reading) -> bool:
    """Whether what begins then (None: always) may count as begun."""
    at_ms = judged_at(decision, now)
    return at_ms is None or begins_at_ms is None or begins_at_ms <= at_ms


def is_over(ends_at_ms: int | None, now: Reading) -> bool:
    """Whether what ends then (None: never) has certainly ended; true in every state of the clock."""
    return ends_at_ms is not None and ends_at_ms <= now.at_ms
