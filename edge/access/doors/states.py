"""What a door can be, what can happen to it, and what that asks for: the words of its tables."""

from enum import StrEnum

import msgspec


class Leaf(StrEnum):
    """What the door's leaf (门扇) is doing, by its contact. *Unknown* is never read as closed."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    RELEASED = "released"
    OPEN = "open"
    PRE_ALARM = "pre_alarm"
    HELD_OPEN = "held_open"
    FORCED = "forced"


class Mode(StrEnum):
    """What the lock is wanted to do beside single openings."""

    NORMAL = "normal"
    HELD = "held"
    LOCKED_DOWN = "locked_down"
    FIRE = "fire"


class Boom(StrEnum):
    """What a barrier's boom is wanted to do beside holds; any other door stays `down`."""

    DOWN = "down"
    PASSING = "passing"


class Loop(StrEnum):
    """What a barrier's loop says; a door without a loop has none."""

    NONE = ""
    UNKNOWN = "unknown"
    CLEAR = "clear"
    BUSY = "busy"


class Happening(StrEnum):
    """What can happen to a door."""

    CONTACT_OPEN = "contact_open"
    CONTACT_CLOSED = "contact_closed"
    CONTACT_UNKNOWN = "contact_unknown"
    FIRED = "fired"
    NOT_FIRED = "not_fired"
    EXIT_BUTTON = "exit_button"
    PARALLEL = "parallel"
    HOLD_ON = "hold_on"
    HOLD_OFF = "hold_off"
    LOCK_DOWN = "lock_down"
    LOCK_DOWN_OVER = "lock_down_over"
    FIRE = "fire"
    FIRE_RESET = "fire_reset"
    LOOP_BUSY = "loop_busy"
    LOOP_CLEAR = "loop_clear"
    LOOP_UNKNOWN = "loop_unknown"
    GRACE_OVER = "grace_over"
    WARN_DUE = "warn_due"
    LIMIT_DUE = "limit_due"
    LOST_DUE = "lost_due"
    PASSAGE_OVER = "passage_over"


class Effect(StrEnum):
    """What a step asks for."""

    GRACE = "begin the time in which it may be opened"
    SETTLE = "begin the second in which it may bounce"
    END_GRACE = "end the time in which it may be opened"
    WATCH = "begin the time for which it may stand open"
    UNWATCH = "end the time for which it may stand open"
    AWAIT_CONTACT = "begin the time for which its contact may be silent"
    WARN = "buzzer: pre-alarm"
    SOUND = "buzzer: alarm"
    SILENCE = "buzzer off"
    FORCED = "alarm: forced"
    HELD_OPEN = "alarm: held open"
    LOST = "alarm: contact lost"
    FOUND = "end of the alarm: contact lost"
    CLOSED_AGAIN = "end of the alarms: forced, held open"
    RELEASE = "hold the lock released"
    SECURE = "let the lock go"
    KEEP_UP = "keep the boom up"
    LOWER = "let the boom come down"
    AWAIT_VEHICLE = "begin the time in which a vehicle may come"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A door at one moment: three states, and the facts that the conditions of the tables ask for.

    `holds` says whether one is live, `expected` whether it may be opened now, `was_released` what a hold or a
    fire wanted before the input, `vehicle_seen` whether the loop was busy since the boom went up.
    """

    leaf: Leaf = Leaf.UNKNOWN
    mode: Mode = Mode.NORMAL
    boom: Boom = Boom.DOWN
    loop: Loop = Loop.NONE
    holds: bool = False
    locked_down: bool = False
    was_released: bool = False
    vehicle_seen: bool = False
    expected: bool = False
    has_contact: bool = True
    fail_safe: bool = False
    is_barrier: bool = False

    @property
    def is_released(self) -> bool:
        """Whether its lock is wanted released beside single openings."""
        return self.mode in (Mode.HELD, Mode.FIRE) or self.boom is Boom.PASSING

    @property
    def may_stand_open(self) -> bool:
        """Whether nobody minds that it stands open."""
        return self.mode in (Mode.HELD, Mode.FIRE)
