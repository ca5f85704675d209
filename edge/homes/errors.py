"""Refusals of the homes room; the screen translates their codes."""

from edge.errors import Refusal


class ResidentUnknown(Refusal):
    """The roster has nobody by this id; the counter can help."""

    code = "resident_unknown"


class ResidentsAwaited(ResidentUnknown):
    """A backup was restored and the feed not read since: nobody is named who may have been erased."""

    code = "residents_awaited"


class RoomUnknown(Refusal):
    """The roster has no such room."""

    code = "room_unknown"


class FeeOrderUnknown(Refusal):
    """No fee order has this number."""

    code = "fee_order_unknown"


class NoBillChosen(Refusal):
    """There is nothing to pay."""

    code = "no_bill_chosen"


class BillUnknown(Refusal):
    """No such bill stands for this room."""

    code = "bill_unknown"


class BillAlreadyPaid(Refusal):
    """The bill has been paid."""

    code = "bill_already_paid"


class BillBeingPaid(Refusal):
    """A payment of this bill has no outcome yet; paying again could charge twice."""

    code = "bill_being_paid"


class BillsOfTwoPayees(Refusal):
    """The bills go to two payees; no payment mixes them."""

    code = "bills_of_two_payees"


class SumChanged(Refusal):
    """The sum changed since it was shown, for instance by a day's penalty; the payer has to see it first."""

    code = "sum_changed"


class SumNotPositive(Refusal):
    """A payment is at least one fen."""

    code = "sum_not_positive"


class SumTooLarge(Refusal):
    """The sum is more than the chosen bills ask for."""

    code = "sum_too_large"


class PartNotAllowed(Refusal):
    """The bill is paid whole or not at all."""

    code = "part_not_allowed"


class BillCodeUnknown(Refusal):
    """The code is not that of a bill here; a wrong token and a bill that never was sound the same."""

    code = "bill_code_unknown"


class OverpaymentUnknown(Refusal):
    """No bill that was paid twice waits for a choice under this id."""

    code = "overpayment_unknown"


class CreditNotAllowed(Refusal):
    """This money cannot become a prepayment: it was collected for others, or there is no such account."""

    code = "credit_not_allowed"
