"""Why a form at the counter is not taken."""

from edge.errors import Refusal


class ReasonMissing(Refusal):
    """Doors and cells are opened by staff with a reason only."""

    code = "reason_missing"


class DoorNotThere(Refusal):
    """No door of this name."""

    code = "door_not_there"


class CellNotThere(Refusal):
    """No cell of this name."""

    code = "cell_not_there"
