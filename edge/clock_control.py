"""The clock on the control socket: how it stands, and a person's word for a time that jumped."""

from collections.abc import Iterable

import msgspec
from aiohttp import web

from cloud_sync.timesync import TimeSync
from edge.control import KEEPERS, Credentials, answer
from edge.staff.accounts import StaffDesk
from edge.trust.clock import Clock


class ClockControl:
    """The handlers; `routes()` goes to `edge.links.control.build_control`."""

    def __init__(self, *, clock: Clock, timesync: TimeSync, staff: StaffDesk) -> None:
        self._clock = clock
        self._timesync = timesync
        self._staff = staff

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """All routes."""
        return (web.get("/clock", answer(self.show)), web.post("/clock/accept", answer(self.accept)))

    async def show(self, request: web.Request) -> object:
        """The clock's reading, and the platform's time that waits for a person (None: none does)."""
        reading = self._clock.now()
        return {
            "at_ms": reading.at_ms,
            "time_trust": reading.trust.value,
            "doubted_ms": self._timesync.doubted_ms,
        }

    async def accept(self, request: web.Request) -> object:
        """Believe the platform's time that jumped; asks for a person's PIN."""
        asked = msgspec.json.decode(await request.read(), type=Credentials)
        person = await self._staff.check(asked.login, asked.pin, roles=KEEPERS)
        await self._timesync.accept_jump(person.id)
        return await self.show(request)
