"""The hub's process as the kernel sees it: what it may write, and its end and new beginning."""

import asyncio
import resource
from collections.abc import Mapping

from edge.demo.stage.switches.lies import lies_of
from edge.demo.stage.words import CannotNow, Said
from edge.demo.world import World

NOTHING_BYTES = 0
NO_HUB = Said("主机没有在运行。", "The hub is not running.")
DISK_FIRST = Said(
    "磁盘一个字节也写不进时断电，主机要等磁盘好了才起得来。先让磁盘能写。",
    "Without power while its disk takes nothing, the hub comes up only when that is well. Undo it first.",
)


def hub_pid(world: World) -> int | None:
    """The hub's process, or None where none runs."""
    found = world.processes.running.get("hub")
    return None if found is None or found.poll() is not None else found.pid


def may_write(pid: int) -> bool:
    """Whether the kernel lets a process write to files (setrlimit(2), RLIMIT_FSIZE)."""
    try:
        return resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] != NOTHING_BYTES
    except ProcessLookupError:
        return True


def let_write(pid: int, allowed: bool) -> None:
    """Let a process write to files, or refuse it every byte; the hard limit stays, so this can be undone."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if allowed else NOTHING_BYTES, hard))


async def cut_power(world: World, *, for_s: float, lies: Mapping[str, str] | None) -> None:
    """kill -9 of the hub, and its new start under `lies` (None: those that it has). It does not answer yet.

    Raises CannotNow where no hub runs, and where its disk takes nothing: it would not come up until it does.
    """
    pid = hub_pid(world)
    if pid is None:
        raise CannotNow(NO_HUB)
    if not may_write(pid):
        raise CannotNow(DISK_FIRST)
    kept = lies_of(pid) if lies is None else lies
    await asyncio.to_thread(world.processes.kill, "hub")
    await asyncio.sleep(for_s)
    await asyncio.to_thread(lambda: world.start_hub(wait=False, env=kept))
