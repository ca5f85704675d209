"""Why a member of staff is refused."""

from edge.errors import Refusal


class PinRefused(Refusal):
    """Login name and PIN do not belong together; which of the two is wrong is never said."""

    code = "pin_refused"


class StaffLocked(Refusal):
    """Too many wrong PINs: the account waits until ``until_ms``."""

    code = "staff_locked"


class RoleMissing(Refusal):
    """The person's role does not cover this."""

    code = "role_missing"


class PinTooSimple(Refusal):
    """The PIN is too short, not all digits, or one digit throughout."""

    code = "pin_too_simple"


class LoginTaken(Refusal):
    """Another account has this login name."""

    code = "login_taken"
