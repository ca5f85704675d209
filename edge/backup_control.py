"""What a running hub answers about backups on its control socket."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from aiohttp import web

from edge.backing_up import Backups
from edge.control import KEEPERS, JobFailed, answer
from edge.errors import StoreError
from edge.staff.accounts import StaffDesk


class SealedAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sealed backup in a folder of this machine, and who asks for it."""

    login: str
    pin: str
    folder: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class BackupControl:
    """The handlers. `routes()` goes to `edge.links.control.build_control`."""

    def __init__(self, backups: Backups, staff: StaffDesk) -> None:
        self._backups = backups
        self._staff = staff

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """All routes."""
        return (web.get("/backup", answer(self.standing)), web.post("/backup", answer(self.make)))

    async def standing(self, request: web.Request) -> object:
        """What was last brought to each place, and how far the one is that is under way."""
        return {"places": await self._backups.standing(), "doing": self._backups.progress.doing}

    async def make(self, request: web.Request) -> object:
        """Make a sealed backup in a folder; asks for a person's PIN."""
        asked = msgspec.json.decode(await request.read(), type=SealedAsked)
        person = await self._staff.check(asked.login, asked.pin, roles=KEEPERS)
        try:
            made = await self._backups.make(Path(asked.folder))
        except StoreError as error:
            raise JobFailed(reason=str(error)) from error
        await self._backups.arrived(made, "file", actor=person.id)
        return made
