"""Journal events of the walk-test."""

from typing import ClassVar

from edge.store.events import Event


class BankProved(Event, frozen=True, kw_only=True):
    """A person walked along a bank: every door that was tested opened as itself and closed again."""

    TYPE: ClassVar[str] = "BankProved"
    bank: str
    wiring: str
    closed_level: str
    tested: list[str]
    skipped: list[str]


class BankProofFailed(Event, frozen=True, kw_only=True):
    """The walk ended at this cell: did_not_move, not_fired, wrong_cell, wrong_label, polarity or stopped.

    `voided`: a proof of before is no longer believed.
    """

    TYPE: ClassVar[str] = "BankProofFailed"
    bank: str
    cell: str
    reason: str
    voided: bool


EVENTS: tuple[type[Event], ...] = (BankProved, BankProofFailed)
