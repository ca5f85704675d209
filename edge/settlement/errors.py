"""Refusals of the settlement room."""

from edge.errors import Refusal


class ShiftAlreadyOpen(Refusal):
    """A shift is open; it is closed before the next one begins."""

    code = "shift_already_open"


class NoOpenShift(Refusal):
    """No shift is open."""

    code = "no_open_shift"
