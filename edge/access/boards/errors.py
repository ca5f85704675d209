"""Why a bank is not walked along now."""

from edge.errors import Refusal


class UnknownBank(Refusal):
    """No bank of this name here."""

    code = "unknown_bank"


class BankInUse(Refusal):
    """Every cell of the bank holds or waits for something: none may be opened for a test."""

    code = "bank_in_use"


class BankSilent(Refusal):
    """The contacts of the bank cannot be read now."""

    code = "bank_silent"


class DoorsNotClosed(Refusal):
    """The walk begins with every door closed; `cells` read otherwise than the others."""

    code = "doors_not_closed"


class WalkElsewhere(Refusal):
    """The walk is not at this step, or another person leads it."""

    code = "walk_elsewhere"
