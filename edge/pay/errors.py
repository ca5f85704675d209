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


class AmountInvalid(Refusal):
    """The sum is not a whole number of fen above zero, or larger than any payment here."""

    code = "amount_invalid"


class ChannelUnsupported(Refusal):
    """No such channel can be asked for money here."""

    code = "channel_unsupported"


class PaymentCodeUnknown(Refusal):
    """The scanned text has not the shape of any payment code; its digits are not repeated."""

    code = "payment_code_unknown"


class PaymentCodeUnsupported(Refusal):
    """The code belongs to a channel that is not supported here."""

    code = "payment_code_unsupported"


class RefundAboveCaptured(Refusal):
    """More would go back than was paid and has not gone back yet; `left_fen` is what may."""

    code = "refund_above_captured"


class NothingToRefund(Refusal):
    """The order has no payment that anything could go back from."""

    code = "nothing_to_refund"


class RefundPartUnknown(Refusal):
    """No part of a refund has this id."""

    code = "refund_part_unknown"


class ReleaseNotPossible(Refusal):
    """Goods are released on an open payment only, and once; `reason` says what stands against it."""

    code = "release_not_possible"


class ReceiptUnknown(Refusal):
    """No receipt belongs to this order."""

    code = "receipt_unknown"


class AccountUnknown(Refusal):
    """No account of this kind, or one of somebody else."""

    code = "account_unknown"


class TenderNotAllowed(Refusal):
    """This order is not paid with this `kind` of account: collected for others, restricted, not its own."""

    code = "tender_not_allowed"


class OtherIssuer(Refusal):
    """The money of this account is for the bills and goods of its own `issuer` only."""

    code = "other_issuer"


class TendersDiffer(Refusal):
    """The parts of a payment do not add up to its order, or one of them is no amount."""

    code = "tenders_differ"


class BalanceExceeded(Refusal):
    """The account has less than that; `free_fen` says how much."""

    code = "balance_exceeded"


class LeaseExceeded(Refusal):
    """More than the platform let this device spend for now; `left_fen` says what is left without it."""

    code = "lease_exceeded"


class ClaimRefused(Refusal):
    """Points cannot be claimed with this receipt; `reason` says why."""

    code = "claim_refused"


class TopUpRefused(Refusal):
    """This sum cannot be added to the account; `reason` says why, `limit_fen` what it may hold."""

    code = "top_up_refused"
