"""kill -9 of the real hub, in a world of real processes, and what all books say after it came back.

One world for all trials of a run. In each, somebody buys or collects at the kiosk while somebody opens the
gate; the hub dies at a named point, at the N-th sync or write of a thread (strace), at any moment, or in the
midst of coming back from that. Then it starts as systemd would start it, and when every payment has come to
its end, journal, ledger, trace, channel and platform are compared: nothing lost, doubled, fired twice.
"""

import asyncio
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from edge.demo.layout import Layout, Ports
from edge.errors import EdgeError
from tests.faults.killing import POINTS, Books, KilledWorld, Killer, People, ended_by_kill
from tests.proofs.planting import PlantedByName
from tests.proofs.proof import Proof, Trial

CALLS = {"fdatasync": 16, "pwrite64": 240}
"""System calls of the writer's thread, and up to which number one is chosen."""

CALLS_OF_START = {"fdatasync": 5, "pwrite64": 40}
START_S = 20.0
NEAREST = {
    "recovery fires an unknown opening again": "gate.after_intent",
    "payment created anew after a restart": "checkout.after_sent",
}
"""The point that reaches a planted bug: its run begins there."""

_PLANTED = PlantedByName()


@contextmanager
def _open() -> Iterator[Trial]:
    if shutil.which("strace") is None:
        pytest.skip("no strace: kills at the N-th call cannot be made")
    folder = Path(tempfile.mkdtemp(prefix="kill-"))
    world = KilledWorld(Layout(folder=folder, ports=Ports.free()))
    try:
        world.prepare()
        world.fill_cells()
        world.start(whole=False)
        world.stock_shelves()
        if _PLANTED.name:
            world.processes.end("hub")
            world.bug = _PLANTED.name
            world.start_hub()
        yield partial(_run, world, [])
    finally:
        world.stop()
        shutil.rmtree(folder)


def _run(world: KilledWorld, told: list[str], seed: int) -> int:
    try:
        asyncio.run(_trial(world, told, seed))
    except EdgeError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    return 1


async def _trial(world: KilledWorld, told: list[str], seed: int) -> None:
    rng = random.Random(seed)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        people = People(world, http, rng)
        await people.sign_in()
        how = await _kill(world, people, rng, seed)
        told += people.told
        await people.finish()
        assert ended_by_kill(world), f"seed {seed}: {how}: the hub ended by itself"
        pulses = len(world.pulses())
        if rng.random() < 0.2:
            how += await asyncio.to_thread(_kill_while_starting, world, rng)
        await asyncio.to_thread(world.start_hub)
        faults = await Books(world, http).faults(told, people, pulses)
    assert not faults, f"seed {seed}: {how}: " + "; ".join(faults[:8])


async def _kill(world: KilledWorld, people: People, rng: random.Random, seed: int) -> str:
    """Let the people act until the hub is dead; return how it died."""
    points = sorted(POINTS, key=lambda point: point != NEAREST.get(_PLANTED.name or ""))
    if seed < len(points) or rng.random() < 0.3:
        point = points[seed] if seed < len(points) else rng.choice(points)
        await asyncio.to_thread(world.crash_at, point)
        await people.act_until_dead(POINTS[point])
        assert world.hub_is_dead, f"seed {seed}: {point} was not reached"
        return point
    wanted = rng.choice(("buy", "buy", "collect"))
    hub = world.processes.running["hub"]
    call = rng.choice((*CALLS, "any moment"))
    if call in CALLS:
        number = rng.randrange(1, CALLS[call])
        killer = Killer(hub.pid, call, number)
        await people.act_until_dead(wanted)
        killer.let_go()
        how = f"{call} {number}"
    else:
        after_s = rng.uniform(0.0, 6.0)
        how = f"{after_s:.2f} s"
        asyncio.get_running_loop().call_later(after_s, hub.send_signal, signal.SIGKILL)
        await people.act_until_dead(wanted)
    if hub.poll() is None:
        hub.send_signal(signal.SIGKILL)
    return f"{wanted} and gate, killed at {how}"


def _kill_while_starting(world: KilledWorld, rng: random.Random) -> str:
    """The next start is killed, too, while it brings things to their end."""
    call = rng.choice(list(CALLS_OF_START))
    number = rng.randrange(1, CALLS_OF_START[call])
    world.start_hub(wait=False)
    hub = world.processes.running["hub"]
    killer = Killer(hub.pid, call, number)
    end = time.monotonic() + START_S
    while time.monotonic() < end and hub.poll() is None and not world.hub_ready():
        time.sleep(0.05)
    killer.let_go()
    if hub.poll() is None:
        hub.send_signal(signal.SIGKILL)
    assert ended_by_kill(world), "the hub ended by itself while it started"
    return f", then at {call} {number} of the start"


PROOF = Proof(
    name="kill-9",
    promise="A hub that is killed at any point loses nothing, doubles nothing and fires nothing twice",
    open=_open,
    suite=40,
    goal=2_000,
    planted=_PLANTED.plants(
        "fired before the intent is committed",
        "payment created anew after a restart",
        "recovery fires an unknown opening again",
    ),
    patience=12,
    share=4.0,
)
