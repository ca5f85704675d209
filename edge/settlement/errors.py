"""Refusals of the settlement room."""

from edge.errors import Refusal


class ShiftAlreadyOpen(Refusal):
    """A shift is open; it is closed before the next one begins."""

    code = "shift_already_open"


class NoOpenShift(Refusal):
    """No shift is open."""

    code = "no_open_shift"


class CaseUnknown(Refusal):
    """There is no case of this number."""

    code = "case_unknown"


class CaseAlreadyClosed(Refusal):
    """The case was closed already."""

    code = "case_already_closed"


class CaseReasonMissing(Refusal):
    """A case is closed with one of the reasons of the list and some words of one's own."""

    code = "case_reason_missing"


class DayNotOver(Refusal):
    """Only a day that is over can be matched, and only while the device knows the time."""

    code = "day_not_over"
