"""Why a door or a cell stays closed. Signatures, encodings and windows are refused in `edge.trust`."""

from edge.errors import DeviceFault, Refusal


class NotMoved(DeviceFault):
    """The device certainly did nothing: the request never left, or the device refused it.

    Every other DeviceError leaves it open whether something moved.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnknownDoor(Refusal):
    """No door of this name here."""

    code = "unknown_door"


class UnknownAction(Refusal):
    """The command asks for something that no door does."""

    code = "unknown_action"


class PassWrongSite(Refusal):
    """The pass is for another site."""

    code = "pass_wrong_site"


class PassWrongDoor(Refusal):
    """The pass, or the resident's grant, does not cover this door."""

    code = "pass_wrong_door"


class PassWrongKind(Refusal):
    """A pass of this kind opens nothing here: an order pass at a door, a visitor pass at the locker."""

    code = "pass_wrong_kind"


class PassRevoked(Refusal):
    """The pass is on the revocation list."""

    code = "pass_revoked"


class PassUsedUp(Refusal):
    """Every use of the pass was taken, or its order was collected."""

    code = "pass_used_up"


class CodeReplayed(Refusal):
    """A resident's code opens once; this one did already."""

    code = "code_replayed"


class ClockUnknown(Refusal):
    """The time is not known, and this door then lets in nobody by pass or command."""

    code = "clock_unknown"


class UnknownOrder(Refusal):
    """No parcel of this order waits in a cell here."""

    code = "unknown_order"


class OrderInProgress(Refusal):
    """Somebody else is collecting this order."""

    code = "order_in_progress"


class UnknownSession(Refusal):
    """No pickup session of this id."""

    code = "unknown_session"


class AttemptsUsedUp(Refusal):
    """The cell was tried twice; the counter helps."""

    code = "attempts_used_up"


class CellInUse(Refusal):
    """Another order is at this cell, or its parcel may still lie in it; the counter helps."""

    code = "cell_in_use"


class JournalStopped(Refusal):
    """Nothing can be written, and what was shown opens only with an entry on disk before it (I14).

    Residents' own codes and passes without a count still open their doors, as many as memory keeps.
    """

    code = "journal_stopped"


class AskAtCounter(Refusal):
    """The session ended with cells that did not open; the counter has the rest."""

    code = "ask_at_counter"
