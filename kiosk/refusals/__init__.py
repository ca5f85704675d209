"""Refusal codes in the neighbour's words: fact, then what it means for you, then what to do."""

from kiosk.refusals.boards import BOARDS
from kiosk.refusals.doors import DOORS
from kiosk.refusals.goods import GOODS
from kiosk.refusals.homes import HOMES
from kiosk.refusals.hub import HUB
from kiosk.refusals.lockers import LOCKERS
from kiosk.refusals.pay import PAY, REASONS
from kiosk.refusals.phrases import AGAIN, Words
from kiosk.refusals.staff import STAFF

__all__ = ["REASONS", "REFUSALS", "Words"]

REFUSALS: dict[str, Words] = {
    "refused": AGAIN,
    **GOODS,
    **PAY,
    **HOMES,
    **DOORS,
    **LOCKERS,
    **BOARDS,
    **STAFF,
    **HUB,
}
"""Every code's words."""
