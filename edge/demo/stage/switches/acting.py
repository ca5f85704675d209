"""What all switches on the site have in common: one act at a time, and the truth about it afterwards."""

import asyncio

import aiohttp

from edge.demo.actors import Hands, NotSeen
from edge.demo.processes import ProcessEnded
from edge.demo.stage.switches.eyes import Eyes
from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.words import CannotNow, Said

UNDER_WAY = Said("还没做完，等一下。", "Still under way, wait a moment.")


class SiteSwitch:
    """A switch of the stage over the running world: says what it does by itself, never twice at once.

    `act` does it and waits until it is seen; `look` tells what can be seen of it at this moment.
    """

    id: str
    group: Group
    words: Said
    help: Said
    one_shot = False

    def __init__(self, reach: Reach) -> None:
        self.world = reach.world
        self.http = reach.http
        self.hands = Hands(reach.http, reach.world.layout)
        self.eyes = Eyes(reach.world.layout, reach.http)
        self._acting = asyncio.Lock()

    async def press(self, on: bool) -> Said:
        """Act, and say what was seen of it. Raises CannotNow, also where nothing was seen."""
        if self._acting.locked():
            raise CannotNow(UNDER_WAY)
        async with self._acting:
            try:
                return await self.act(on)
            except (NotSeen, ProcessEnded, aiohttp.ClientError, TimeoutError, OSError) as error:
                raise CannotNow(
                    Said(f"没有看到该发生的事：{error}", f"Not seen to happen: {error}")
                ) from error

    async def observed(self) -> SwitchState:
        """Busy while it acts, else what `look` sees."""
        return "busy" if self._acting.locked() else await self.look()

    async def act(self, on: bool) -> Said:
        """Do it, wait until it is seen, say it."""
        raise NotImplementedError

    async def look(self) -> SwitchState:
        """What can be seen of it now; a one-shot is always off."""
        return "off"

    def runs(self, process: str) -> bool:
        """Whether a process of the world runs."""
        found = self.world.processes.running.get(process)
        return found is not None and found.poll() is None
