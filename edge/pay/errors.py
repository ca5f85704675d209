"""Refusals of the payment room; the screen translates their codes."""

from edge.errors import Refusal


class AttemptUnknown(Refusal):
    """No attempt has this id."""

    code = "attempt_unknown"


class AttemptStillOpen(Refusal):
    """The order has an attempt whose outcome is not known yet; a second one could charge twice."""

    code = "attempt_still_open"


class OrderAlreadyPaid(Refusal):
    """The order has been paid by an earlier attempt."""

    code = "order_already_paid"


class OrderNotPayable(Refusal):
    """The order is not waiting for money: paid, cancelled or unknown."""

    code = "order_not_payable"


class PaymentRefused(Refusal):
    """The platform or the channel declined the request; `reason` says why."""

    code = "payment_refused"


class ReceiptUnknown(Refusal):
    """No receipt belongs to this order."""

    code = "receipt_unknown"
