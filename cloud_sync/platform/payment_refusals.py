"""Why the payment desk says no."""

from typing import ClassVar

from edge.errors import Refusal


class AttemptConflict(Refusal):
    """The attempt id is taken by another order, payee, amount, method or device."""

    code: ClassVar[str] = "attempt_conflict"


class AttemptUnknown(Refusal):
    """No such attempt of this device."""

    code: ClassVar[str] = "attempt_unknown"


class AttemptGivenUp(Refusal):
    """The device closed or reversed this attempt before its request arrived: it is not carried out."""

    code: ClassVar[str] = "attempt_given_up"


class ChannelAway(Refusal):
    """The channel did not answer; nothing was shown to anybody."""

    code: ClassVar[str] = "channel_silent"


class ChannelSaidNo(Refusal):
    """The channel refused to make a collection order; `reason` is a code of channels/port.py."""

    code: ClassVar[str] = "channel_refused"


class RefundUnknown(Refusal):
    """No such refund of this device."""

    code: ClassVar[str] = "refund_unknown"


class RefundConflict(Refusal):
    """The refund's identity is taken by another sum, attempt or device."""

    code: ClassVar[str] = "refund_conflict"


class RefundNotPaid(Refusal):
    """The attempt is not paid, or belongs to another order: nothing can go back."""

    code: ClassVar[str] = "refund_not_paid"


class RefundExceeds(Refusal):
    """The refunds of the attempt would be more than what was captured."""

    code: ClassVar[str] = "refund_exceeds"


class NoticeRefused(Refusal):
    """A notice that does not fit what we know: another amount, payee or an order that is none."""

    code: ClassVar[str] = "notice_refused"
