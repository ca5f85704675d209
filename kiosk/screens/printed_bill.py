"""代缴: a bill of parents or a neighbour by the code on its paper: masked name, item, period and sum only."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kiosk.bill_words import dated_name
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.paying import begin_payment
from kiosk.visit import PartPayment

if TYPE_CHECKING:
    from kiosk.session import Session


class PrintedBillScreen(Screen):
    """One bill, whoever pays it. Nobody has to say who they are, and nothing of the room is shown."""

    name = "printed_bill"
    template = "printed_bill.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {"pay": _pay, "part": _part}

    async def enter(self, session: "Session") -> None:
        """Read the bill again: it may have been paid meanwhile."""
        printed = session.visit.printed
        if printed is not None:
            session.visit.printed = await session.desks.fees.printed_bill(printed.code)

    def view(self, session: "Session") -> dict[str, object]:
        """The bill."""
        printed = session.visit.printed
        return {"bill": printed, "name": dated_name(printed.item, printed.period) if printed else None}


async def show_printed_bill(session: "Session", code: str) -> None:
    """The code of a printed bill was shown on any page that does not hold the person."""
    if session.screen.holds(session):
        return
    session.visit.printed = await session.desks.fees.printed_bill(code)
    session.knock("read")
    await session.show("printed_bill")


async def _pay(session: "Session", value: str) -> None:
    del value
    visit, printed = session.visit, session.visit.printed
    if printed is None or printed.to_pay_fen == 0:
        return
    order = await session.desks.till.place_printed_bill(printed.code, visit.resident, printed.to_pay_fen)
    await begin_payment(session, order, origin="printed_bill")


async def _part(session: "Session", value: str) -> None:
    del value
    printed = session.visit.printed
    if printed is not None and printed.part_allowed:
        session.visit.part = PartPayment((printed.bill_id,), printed.to_pay_fen, code=printed.code)
        await session.show("fee_part")
