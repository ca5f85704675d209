"""Why something is not done at a locker."""

from edge.errors import Refusal


class BankIsHalted(Refusal):
    """Another cell than the asked one opened; no cell of this bank opens until a person clears it."""

    code = "bank_halted"


class BankBusy(Refusal):
    """Another cell of this bank was asked for and has not answered yet; ask again in a moment."""

    code = "bank_busy"


class NoCellFree(Refusal):
    """No free, closed cell of this size or larger."""

    code = "no_cell_free"


class UnknownDeposit(Refusal):
    """No open deposit of this id."""

    code = "unknown_deposit"


class RecipientUnknown(Refusal):
    """No room of this number, or nobody lives there who could be told."""

    code = "recipient_unknown"


class CellStillOpen(Refusal):
    """A cell of this deposit, pickup or opening is open or asked for; close it first."""

    code = "cell_still_open"


class CellIsHeld(Refusal):
    """Something is being looked into at this cell; a person has to open it."""

    code = "cell_held"


class CellNotKnown(Refusal):
    """No cell of this name here."""

    code = "unknown_cell"


class CellNotEmpty(Refusal):
    """A parcel of somebody lies in this cell; it is not confirmed as empty without having been opened."""

    code = "cell_not_empty"


class TwoPeopleNeeded(Refusal):
    """An occupied, held or unknown cell is opened only by two different people, one of them in charge."""

    code = "two_people_needed"


class UnknownCase(Refusal):
    """No open case of this id."""

    code = "unknown_case"


class PickupCodeWrong(Refusal):
    """No parcel waits under this code. `left` attempts remain before the lock."""

    code = "pickup_code_wrong"


class PickupCodesLocked(Refusal):
    """Too many wrong codes at this screen; codes are taken again at `until_ms`."""

    code = "pickup_codes_locked"


class TooManyParcels(Refusal):
    """A deposit holds no more parcels than this; begin another."""

    code = "too_many_parcels"
