"""A held door is held again after a restart, and released when its hour has come."""

from functools import partial

from edge.access.holds import HoldKeeper, begin_hold, end_hold, end_overdue_holds
from tests.fakes.access_world import AccessWorld


def keeper(world: AccessWorld) -> HoldKeeper:
    """The keeper since the last start."""
    return world.site.holds


async def test_a_hold_is_applied_and_applied_again_after_a_restart(world: AccessWorld) -> None:
    until_ms = world.clock.at_ms + 60_000
    world.store.run_now(partial(begin_hold, door="gate", reason="moving", until_ms=until_ms, actor="chen"))
    assert await keeper(world).apply() == []
    assert world.pulser.held == {"gate": True}
    world.pulser.held.clear()
    await world.restart()
    assert await keeper(world).apply() == []
    assert world.pulser.held == {"gate": True}


async def test_a_hold_ends_at_its_hour_and_by_hand(world: AccessWorld) -> None:
    until_ms = world.clock.at_ms + 60_000
    begin = partial(begin_hold, reason="moving", until_ms=until_ms, actor="chen")
    world.store.run_now(partial(begin, door="gate"))
    held = world.store.run_now(partial(begin, door="building-3"))
    kept = keeper(world)
    await kept.apply()
    world.store.run_now(lambda unit: end_hold(unit, held.id, reason="done", actor="chen"))
    await kept.apply()
    assert world.pulser.held == {"gate": True, "building-3": False}
    world.clock.advance(seconds=60)
    assert world.store.run_now(end_overdue_holds) == 1
    await kept.apply()
    assert world.pulser.held == {"gate": False, "building-3": False}
    assert [event["reason"] for event in world.events("HoldEnded")] == ["done", "over"]


async def test_a_device_that_is_away_is_named_and_tried_again(world: AccessWorld) -> None:
    until_ms = world.clock.at_ms + 60_000
    world.store.run_now(partial(begin_hold, door="gate", reason="moving", until_ms=until_ms, actor="chen"))
    kept = keeper(world)
    world.pulser.mode = "refuses"
    assert await kept.apply() == ["gate"]
    world.pulser.mode = "fires"
    assert await kept.apply() == []
    assert world.pulser.held == {"gate": True}


async def test_a_hold_whose_answer_was_lost_is_let_go_at_its_hour(world: AccessWorld) -> None:
    until_ms = world.clock.at_ms + 60_000
    world.store.run_now(partial(begin_hold, door="gate", reason="moving", until_ms=until_ms, actor="chen"))
    kept = keeper(world)
    world.pulser.mode = "silent"
    assert await kept.apply() == ["gate"]
    assert world.pulser.held == {"gate": True}
    world.pulser.mode = "fires"
    world.clock.advance(seconds=61)
    assert await kept.apply() == []
    assert world.pulser.held == {"gate": False}
