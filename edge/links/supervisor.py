"""Runs the hub's roles: one that fails is started again, and takes no other one down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from edge.links.backoff import Backoff
from edge.links.cancelling import end_task

log = logging.getLogger(__name__)

STEADY_S = 60.0
"""A role that ran this long has recovered: its next failure waits shortly again."""


class Role(NamedTuple):
    """A name and what runs until it is cancelled; one that returns has done its work."""

    name: str
    run: Callable[[], Awaitable[None]]


class Supervisor:
    """Runs roles under one TaskGroup. `restarts` counts by role; `running` names those that run."""

    def __init__(
        self,
        roles: Iterable[Role],
        *,
        backoff: Callable[[], Backoff] = lambda: Backoff(first_s=0.5, limit_s=30.0),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._roles = tuple(roles)
        self._backoff = backoff
        self._sleep = sleep
        self.restarts = {role.name: 0 for role in self._roles}
        self.running: set[str] = set()

    async def run(self) -> None:
        """Run every role until all have returned or this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for role in self._roles:
                group.create_task(self._keep(role), name=role.name)

    async def _keep(self, role: Role) -> None:
        backoff = self._backoff()
        loop = asyncio.get_running_loop()
        while True:
            started_s = loop.time()
            task = asyncio.create_task(_run(role), name=role.name)
            self.running.add(role.name)
            try:
                await asyncio.wait([task])
            finally:
                await end_task(task)
                self.running.discard(role.name)
            # Whatever a role did wrong, the other roles go on.
            error = None if task.cancelled() else task.exception()
            if error is None and not task.cancelled():
                return
            log.error("role %s failed", role.name, exc_info=error)
            if loop.time() - started_s >= STEADY_S:
                backoff.reset()
            self.restarts[role.name] += 1
            await self._sleep(backoff.next_s())


async def _run(role: Role) -> None:
    await role.run()
