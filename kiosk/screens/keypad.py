"""Figures on a keypad: the eight digits of a pickup code, a room and its PIN."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kiosk.screens.base import Gesture, Screen
from kiosk.screens.pickup import begin_pickup
from kiosk.screens.welcome import welcome

if TYPE_CHECKING:
    from kiosk.session import Session

CODE_DIGITS = 8
"""Length of a pickup code 取件码."""
ROOM_LONGEST = 12
PIN_SHORTEST, PIN_LONGEST = 4, 12
FIGURES = frozenset("0123456789")
ROWS_WITH_DASH = ("123", "456", "789", "-0")
ROWS = ("123", "456", "789", " 0")


class PickupCodeScreen(Screen):
    """The pickup code is typed; the eighth figure does not send it, so that a slip can be put right."""

    name = "pickup_code"
    template = "pickup_code.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {
            "type": _type_code,
            "rub": _rub_code,
            "send": _send_code,
        }

    async def enter(self, session: "Session") -> None:
        """Nothing typed yet."""
        session.visit.typed.code = ""

    def view(self, session: "Session") -> dict[str, object]:
        """The figures so far, in two groups of four."""
        code = session.visit.typed.code
        return {
            "shown": [code[place : place + 1] for place in range(CODE_DIGITS)],
            "whole": len(code) == CODE_DIGITS,
            "keys": ROWS,
        }


class RoomPinScreen(Screen):
    """Room and PIN, for those without a phone. Neither is told which of the two was wrong."""

    name = "room_pin"
    template = "room_pin.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {
            "type": _type,
            "rub": _rub,
            "field": _field,
            "send": _send,
        }

    async def enter(self, session: "Session") -> None:
        """Nothing typed yet."""
        typed = session.visit.typed
        typed.room, typed.pin, typed.field = "", "", "room"

    def view(self, session: "Session") -> dict[str, object]:
        """The room as typed, the PIN as dots."""
        typed = session.visit.typed
        return {
            "room": typed.room,
            "dots": "•" * len(typed.pin),
            "field": typed.field,
            "ready": bool(typed.room) and len(typed.pin) >= PIN_SHORTEST,
            "keys": ROWS_WITH_DASH,
        }


async def _type_code(session: "Session", value: str) -> None:
    typed = session.visit.typed
    if value in FIGURES and len(typed.code) < CODE_DIGITS:
        typed.code += value


async def _rub_code(session: "Session", value: str) -> None:
    del value
    session.visit.typed.code = session.visit.typed.code[:-1]


async def _send_code(session: "Session", value: str) -> None:
    del value
    code, session.visit.typed.code = session.visit.typed.code, ""
    if len(code) == CODE_DIGITS:
        await begin_pickup(session, await session.desks.lockers.begin_by_code(code))


async def _type(session: "Session", value: str) -> None:
    typed = session.visit.typed
    if typed.field == "room" and value in FIGURES | {"-"} and len(typed.room) < ROOM_LONGEST:
        typed.room += value
    elif typed.field == "pin" and value in FIGURES and len(typed.pin) < PIN_LONGEST:
        typed.pin += value


async def _rub(session: "Session", value: str) -> None:
    del value
    typed = session.visit.typed
    if typed.field == "room":
        typed.room = typed.room[:-1]
    else:
        typed.pin = typed.pin[:-1]


async def _field(session: "Session", value: str) -> None:
    if value in ("room", "pin"):
        session.visit.typed.field = "pin" if value == "pin" else "room"


async def _send(session: "Session", value: str) -> None:
    """With the room alone typed, the PIN comes next; the PIN never stays on the screen."""
    del value
    typed = session.visit.typed
    if typed.room and typed.field == "room" and not typed.pin:
        typed.field = "pin"
        return
    pin, typed.pin = typed.pin, ""
    if typed.room and len(pin) >= PIN_SHORTEST:
        await welcome(session, await session.desks.home.identify_by_pin(typed.room, pin))
