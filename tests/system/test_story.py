"""The story check through the command line: green when all is well, red when a step is broken."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.demo import actors
from edge.demo.layout import Layout, Ports
from edge.demo.story import play
from edge.demo.world import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


def test_the_story_holds_from_the_command_line() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "edge", "demo", "--check", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    result = json.loads(finished.stdout)
    assert finished.returncode == 0, result
    assert result["ok"]
    assert [step["name"] for step in result["steps"] if not step["ok"]] == []
    counts = result["counts"]
    assert (counts["sales"], counts["collected"], counts["cells_opened"], counts["doors_opened"]) == (
        1,
        1,
        2,
        3,
    )
    assert counts["fees"] >= 1
    assert counts["refused"] == 1


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Layout(folder=tmp_path, ports=Ports.free()))


def jam_gate_and_cells(world: World) -> None:
    asyncio.run(actors.Hands._tell(world.layout.site / "run" / "doors.sock", "/doors/gate", {"jammed": True}))
    hand = world.layout.site / "run" / "lockers.sock"
    for cell in ("B03", "C04"):
        asyncio.run(actors.Hands._tell(hand, f"/cells/{cell}", {"jammed": True}))


def unplug_the_cameras(world: World) -> None:
    world.processes.kill("vision")


BROKEN: dict[str, tuple[Callable[[World], None], set[str]]] = {
    "a gate whose contact never moves, and cells that do not open": (
        jam_gate_and_cells,
        {"open the gate from the phone", "let a visitor in", "collect an order"},
    ),
    "no camera": (unplug_the_cameras, {"buy soy sauce", "collect an order", "pay a fee", "let a visitor in"}),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_story_turns_red_when_a_step_is_broken(
    world: World, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurt, expected = BROKEN[what]
    monkeypatch.setattr(actors, "PATIENCE_S", 10.0)
    try:
        world.prepare()
        world.start()
        world.stock_shelves()
        hurt(world)
        result = play(world)
    finally:
        world.stop()
    broken = {step["name"] for step in result["steps"] if not step["ok"]}
    assert not result["ok"]
    assert expected <= broken
