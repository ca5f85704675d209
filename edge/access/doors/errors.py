"""Why a door lets nobody in at the moment, and why staff cannot do something to it."""

from edge.errors import Refusal


class DoorLockedDown(Refusal):
    """The door is locked down: it lets in nobody but staff."""

    code = "door_locked_down"


class DoorNightLocked(Refusal):
    """The night lock: visitors and couriers are let in again in the morning."""

    code = "door_night_locked"


class DoorInterlocked(Refusal):
    """Another door of the same interlock (互锁) is not certainly closed."""

    code = "door_interlocked"


class PassedBack(Refusal):
    """Anti-passback (防反传): whoever asks is inside already, or outside."""

    code = "passed_back"


class UnknownReason(Refusal):
    """The reason is none of the known codes, or the note beside it is too long."""

    code = "unknown_reason"


class HoldTooLong(Refusal):
    """A hold ends within a day, and not before it begins."""

    code = "hold_too_long"


class FireStillBurning(Refusal):
    """The fire input is active, or cannot be read: nobody resets what still calls."""

    code = "fire_still_burning"


class NothingThere(Refusal):
    """No hold, lock-down, fire release or alarm of this id is live."""

    code = "nothing_there"
