"""In the guest: the fire contact opens on a real gpiochip, and the doors' lines go on."""

import asyncio
import tempfile
from pathlib import Path

import msgspec

from edge.access.inputs import InputState
from edge.store.migrate import bring_up_to_date
from tests.fakes.fire_hub import MIGRATIONS, Hub
from tests.fakes.power import Power
from tests.hardware.bench import DOORS, FIRE, INPUTS, LACKING, RUN, SLACK_MS, Bench, boot_ns

WITHIN_MS = 100.0
"""The target for holds after the input's edge as software sees it."""
STAYS_S = 0.4
SAFE = tuple(msgspec.structs.replace(door, fail="safe") for door in DOORS if door is not LACKING)
LINES = [door.line for door in SAFE if door.line is not None]


async def check_fire(bench: Bench) -> dict[str, object]:
    """Every door is held in time; nothing locks when the input is quiet again, until a person resets."""
    assert FIRE.line is not None
    folder = Path(tempfile.mkdtemp(dir=RUN))
    bring_up_to_date(folder / "edge.db", MIGRATIONS)
    bench.renew_chip()
    bench.wires.put(FIRE.line, 0)  # a loop that is whole
    bench.start_guard()
    hub = Hub(folder, guard_socket=bench.socket, doors=SAFE, inputs=INPUTS, power=Power())
    async with hub.running():
        await hub.until(lambda: hub.site.heard(FIRE.id) is InputState.IDLE)
        mark, began_ns = bench.wires.mark(), boot_ns()
        bench.wires.put(FIRE.line, 1)
        on_ns = [await asyncio.to_thread(_on_at, bench, line, mark) for line in LINES]
        (told_ns,) = hub.heard_ns
        bench.wires.put(FIRE.line, 0)
        await hub.until(lambda: hub.site.heard(FIRE.id) is InputState.IDLE)
        await asyncio.sleep(STAYS_S)
        assert not any(level == 0 for _, _, level in _moves(bench, mark)), (
            "the end of the signal locked a door"
        )
        (release,) = hub.desk.fires()
        await hub.desk.reset_fire(release.id, "guard-1")
        await hub.until(lambda: len(_moves(bench, mark)) == 2 * len(LINES))
    held_ms = (max(on_ns) - told_ns) / 1e6
    assert held_ms <= WITHIN_MS + SLACK_MS, f"held after {held_ms:.0f} ms"
    return {"told_ms": round((told_ns - began_ns) / 1e6, 1), "held_ms": round(held_ms, 1)}


def _on_at(bench: Bench, line: int, mark: int) -> int:
    at_ns = bench.wires.wait_for(line, 1, since=mark, within_s=5.0)
    assert at_ns is not None, f"line {line} is not held"
    return at_ns


def _moves(bench: Bench, mark: int) -> list[tuple[int, int, int]]:
    bench.wires.mark()
    return [move for move in bench.wires.edges[mark:] if move[1] in LINES]
