"""Commands fetched over HTTPS, beside the broker: what it does not bring, this does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from cloud_sync.commands import CommandSession
from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire.commands import PulledCommands
from cloud_sync.wire.feed import SILENCE_S
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task
from edge.trust.cose import NotCanonical, read_base64

log = logging.getLogger(__name__)

WAIT_S = 5
"""The platform calls a device away after eight seconds without a question."""
PATIENCE = Patience(connect_s=4.0, silence_s=SILENCE_S, total_s=WAIT_S + 5.0)
REPEAT_S = 1.0
"""Pause after a fetch that brought nothing new, so that what is under way is not asked for in a circle."""
BACKOFF_LIMIT_S = 15.0
"""Feed and uplink find out sooner that the platform is back, and end the rest."""


class CommandPull:
    """A role: keeps one long poll open, and a nonce at the platform while the broker's session has none."""

    def __init__(
        self,
        *,
        session: CommandSession,
        http: PlatformHttp,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._http = http
        self._sleep = sleep
        self._backoff = Backoff(first_s=0.2, limit_s=BACKOFF_LIMIT_S)

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            try:
                await self.fetch(wait_s=WAIT_S)
                self._backoff.reset()
            except PlatformUnreachable as error:
                log.info("commands: %s", error)
                await self._http.reach.rest(self._sleep(self._backoff.next_s()))
            except PlatformRejected as error:
                log.info("commands: %s", error)
                await self._sleep(self._backoff.next_s())

    async def fetch(self, *, wait_s: int) -> int:
        """Fetch once and hand on what came; returns how many commands were new. Raises PlatformError."""
        if self._session.nonce_lost.is_set():
            await self._session.post_nonce()
        page = await self._poll(wait_s)
        fresh = [await self._take(one.message) for one in page.commands]
        if page.commands and not any(fresh):
            await self._sleep(REPEAT_S)
        return sum(fresh)

    async def _take(self, message: str) -> bool:
        try:
            return await self._session.take_fetched(read_base64(message))
        except NotCanonical:
            log.warning("a fetched command is not base64")
            return False

    async def _poll(self, wait_s: int) -> PulledCommands:
        """One long poll, given up as soon as the nonce is void: what it would bring could not count."""
        asked = asyncio.create_task(
            self._http.ask(
                "GET",
                self._http.device_path + "/commands",
                PulledCommands,
                query={"wait_s": wait_s},
                patience=PATIENCE,
            )
        )
        lost = asyncio.create_task(self._session.nonce_lost.wait())
        try:
            await asyncio.wait({asked, lost}, return_when=asyncio.FIRST_COMPLETED)
            return await asked if asked.done() else PulledCommands([])
        finally:
            await end_task(lost)
            await end_task(asked)
            if not asked.cancelled():
                asked.exception()  # known here: one that came as the poll was given up concerns nobody
