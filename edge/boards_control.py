"""The walk-test on the control socket: each step asks for the PIN of who leads it."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Literal

import msgspec
from aiohttp import web

from edge.access.boards.course import Walk
from edge.access.boards.walk import WalkDesk
from edge.control import answer
from edge.staff.accounts import StaffDesk
from edge.staff.records import Role

WALKERS = {Role.TECHNICIAN, Role.MANAGER}


class StepAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a walk along a bank, and who leads it."""

    login: str
    pin: str
    step: Literal["begin", "open", "right", "wrong", "look", "stop"]


class BoardsControl:
    """The handlers."""

    def __init__(self, *, walks: WalkDesk, staff: StaffDesk) -> None:
        self._staff = staff
        self._walks = walks
        self._steps: dict[str, Callable[[str, str], Awaitable[Walk]]] = {
            "begin": walks.begin,
            "open": walks.open_next,
            "right": lambda bank, account: walks.say_label(bank, account, right=True),
            "wrong": lambda bank, account: walks.say_label(bank, account, right=False),
            "look": walks.look,
            "stop": walks.stop,
        }

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """All routes."""
        return (
            web.get("/lockers/proofs", answer(self.proofs)),
            web.post("/lockers/{bank}/walk", answer(self.step)),
        )

    async def proofs(self, request: web.Request) -> object:
        """What is proved, by bank."""
        return await self._walks.proofs()

    async def step(self, request: web.Request) -> object:
        """One step; answers how the walk stands then."""
        asked = msgspec.json.decode(await request.read(), type=StepAsked)
        person = await self._staff.check(asked.login, asked.pin, roles=WALKERS)
        return await self._steps[asked.step](request.match_info["bank"], person.id)
