"""Somebody is known now, by a code, a card, or room and PIN: where they go next."""

from typing import TYPE_CHECKING

from kiosk.desks.views import Resident
from kiosk.screens.accounts import show_receipt_code

if TYPE_CHECKING:
    from kiosk.session import Session


async def welcome(session: "Session", resident: Resident) -> None:
    """Go where the person wanted to; points just earned, or money that waits for a word, come first."""
    visit = session.visit
    visit.resident = resident
    session.knock("read")
    receipt = visit.receipt
    if visit.screen == "receipt" and receipt and receipt.points and not receipt.points_credited:
        await show_receipt_code(session, receipt.claim)
        return
    wanted = visit.wanted or ("pickup" if visit.screen == "pickup" else "")
    if wanted != "pickup" and await session.desks.accounts.doubles(resident):
        await session.show("doubles", remember=False)
        return
    visit.wanted = ""
    await session.show(wanted or "home", remember=False)
