"""How a simulated channel misbehaves on request: one name a behaviour, for every trade or for the next one.

A trade takes the behaviours that hold when it is made and keeps them for life; a refund and a day's bill do
the same with theirs.
"""

from enum import StrEnum
from typing import Literal, NamedTuple

Kind = Literal["trade", "refund", "bill"]


class Fault(StrEnum):
    """One misbehaviour; what each does stands in FAULTS."""

    USER_PAYING = "user_paying"
    PASSWORD = "password"  # noqa: S105 - the name of a behaviour
    TIMEOUT_PAID = "timeout_paid"
    TIMEOUT_UNPAID = "timeout_unpaid"
    SERVER_ERROR = "server_error"
    HANG = "hang"
    SILENT = "silent"
    DECLINED = "declined"
    WRONG_AMOUNT = "wrong_amount"
    ORDER_EXISTS = "order_exists"
    NOT_THERE = "not_there"
    LATE_SUCCESS = "late_success"
    CLOSE_PAID = "close_paid"
    AUTO = "auto"
    NOTICE_NEVER = "notice_never"
    NOTICE_LATE = "notice_late"
    NOTICE_TWICE = "notice_twice"
    NOTICE_EARLY = "notice_early"
    NOTICE_FORGED = "notice_forged"
    NOTICE_WRONG_AMOUNT = "notice_wrong_amount"
    NOTICE_WRONG_ORDER = "notice_wrong_order"
    SLOW_REFUND = "slow_refund"
    REFUND_TIMEOUT = "refund_timeout"
    REFUND_DECLINED = "refund_declined"
    BILL_NOW = "bill_now"
    BILL_LATE = "bill_late"
    BILL_EXTRA = "bill_extra"
    BILL_MISSING = "bill_missing"
    BILL_DIFFERS = "bill_differs"


class Behaviour(NamedTuple):
    """What takes a fault, what it does, and its figure's unit and usual value (empty unit: no figure)."""

    kind: Kind
    does: str
    unit: Literal["", "s", "fen"] = ""
    usual: int = 0


_F = Fault
FAULTS: dict[Fault, Behaviour] = {
    _F.USER_PAYING: Behaviour("trade", "a charge is USERPAYING so long, then paid", "s", 10),
    _F.PASSWORD: Behaviour("trade", "a charge waits for the payer's password on the phone"),
    _F.TIMEOUT_PAID: Behaviour("trade", "no answer to the request, the payment is made"),
    _F.TIMEOUT_UNPAID: Behaviour("trade", "no answer to the request, nothing is made"),
    _F.SERVER_ERROR: Behaviour("trade", "status 5xx to the request, nothing is made"),
    _F.HANG: Behaviour("trade", "no answer to anything while it is on"),
    _F.SILENT: Behaviour("trade", "the money is taken, questions get no outcome until all is cleared"),
    _F.DECLINED: Behaviour("trade", "the payer's bank says no"),
    _F.WRONG_AMOUNT: Behaviour("trade", "so much more (or less) is taken than was asked for", "fen", -1),
    _F.ORDER_EXISTS: Behaviour("trade", "the request is carried out and answered 'order exists'"),
    _F.NOT_THERE: Behaviour("trade", "a collection QR 'does not exist' until somebody pays it"),
    _F.LATE_SUCCESS: Behaviour("trade", "paid so long after it was closed or reversed", "s", 20),
    _F.CLOSE_PAID: Behaviour("trade", "the payer pays just before the close arrives"),
    _F.AUTO: Behaviour("trade", "a collection QR is paid by itself when it is asked about the second time"),
    _F.NOTICE_NEVER: Behaviour("trade", "no notice"),
    _F.NOTICE_LATE: Behaviour("trade", "the notice comes so much later", "s", 30),
    _F.NOTICE_TWICE: Behaviour("trade", "the notice comes twice"),
    _F.NOTICE_EARLY: Behaviour("trade", "the notice comes before the answer to the request"),
    _F.NOTICE_FORGED: Behaviour("trade", "the notice has a wrong signature"),
    _F.NOTICE_WRONG_AMOUNT: Behaviour("trade", "the notice names so much more (or less)", "fen", 100),
    _F.NOTICE_WRONG_ORDER: Behaviour("trade", "the notice names an order that nobody made"),
    _F.SLOW_REFUND: Behaviour("refund", "a refund takes so long", "s", 30),
    _F.REFUND_TIMEOUT: Behaviour("refund", "no answer to the request, the refund is made"),
    _F.REFUND_DECLINED: Behaviour("refund", "the refund fails"),
    _F.BILL_NOW: Behaviour("bill", "bills can be had at once, also of today"),
    _F.BILL_LATE: Behaviour("bill", "no bill while it is on"),
    _F.BILL_EXTRA: Behaviour("bill", "a line that nobody knows"),
    _F.BILL_MISSING: Behaviour("bill", "the first line is missing"),
    _F.BILL_DIFFERS: Behaviour("bill", "the last line is one fen more"),
}
assert set(FAULTS) == set(Fault)


class FaultSwitch(NamedTuple):
    """A switch that is on: for every trade ("always") or for the next one."""

    fault: Fault
    scope: Literal["always", "next"]
    value: int
