"""More batches than can be answered in time: some are let in, the others are told when it is their turn."""

import asyncio
from contextlib import ExitStack

import pytest

from cloud_sync.http import PlatformBusy
from cloud_sync.platform import admission
from cloud_sync.platform.admission import ALWAYS, LONGEST_S, WAIT_S, Admission, TooBusy
from cloud_sync.uplink import Uplink
from tests.cloud_sync.conftest import World


async def test_as_many_are_let_in_as_are_answered_in_time_and_the_others_get_turns() -> None:
    gate, turns = Admission(), list[int]()
    with ExitStack() as inside:
        for _ in range(round(WAIT_S / admission.FIRST_GUESS_S) + 1):
            inside.enter_context(gate.entered())
        for _ in range(500):
            with pytest.raises(TooBusy) as refused:
                gate.require_room()
            turns.append(refused.value.retry_after_s)
    assert turns == sorted(turns), "who comes later is told to come later"
    assert (turns[0], turns[-1]) == (2, 12), "500 of 20 ms after the first 1.5 s"
    assert gate.inside == 0
    gate.require_room()


async def test_where_each_takes_long_few_are_let_in_and_nobody_waits_longer_than_a_minute() -> None:
    gate = Admission()
    for _ in range(20):
        with gate.entered():
            await asyncio.sleep(0.01)
            gate._last_s -= 1.0
    with ExitStack() as inside:
        for _ in range(ALWAYS):
            inside.enter_context(gate.entered())
        for _ in range(200):
            with pytest.raises(TooBusy) as refused:
                gate.require_room()
    assert refused.value.retry_after_s == LONGEST_S


async def test_a_batch_that_fails_leaves_the_room_too() -> None:
    gate = Admission()
    with pytest.raises(ValueError, match="damaged"), gate.entered():
        raise ValueError("damaged")
    assert gate.inside == 0


@pytest.mark.one_store
async def test_an_uplink_that_is_turned_away_comes_when_it_was_told_to(world: World) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        world.platform.admission.inside = 0

    uplink = Uplink(store=world.store, http=world.http, sleep=rest)
    await uplink.send_next()
    world.record(5)
    world.platform.admission.inside = 1_000
    with pytest.raises(PlatformBusy):
        await uplink.send_next()
    running = asyncio.create_task(uplink.run())
    async with asyncio.timeout(5):
        while uplink.waiting:
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert 2.0 <= rests[0] <= 2.5
