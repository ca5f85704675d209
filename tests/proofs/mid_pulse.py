"""Kill hub, guard or broker in the middle of a pulse or a hold; the line itself says when it went off.

A round runs many crashes at once, each lane with a guard, pins and (for the broker) a satellite of its own;
the seed draws what runs and when the crash comes. `tests/fakes/mid_pulse_rig.py` says how.
"""

import os
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

from devices.mqtt.door_node import DoorNode
from tests.fakes import guard_on_chip
from tests.fakes.forking import Forked
from tests.fakes.guard_on_chip import PLANTED, Chip
from tests.fakes.mid_pulse_rig import Rig
from tests.proofs.proof import Proof, Trial

LINE = 17
ROUND_S = 240.0
BUG = ""

LANES: tuple[tuple[str, ...], ...] = (
    *[("hub killed", "guard killed") * 10] * 3,
    ("hub stopped", "hub silent") * 2,
    *[("broker killed",) * 6] * 5,
    ("remote hub killed",) * 2,
)
"""The crashes of each lane of a round: hub, guard and broker killed 30 times each, six of other kinds."""
ROUND = sum(map(len, LANES))
BROKER_LOSS_IGNORED = "a satellite that lost its broker holds on"


def _run_lane(folder: Path, seed: int, endings: tuple[str, ...]) -> int:
    """Run crashes one after another; what is violated stands in the file `violation`."""
    os.setsid()  # so that whoever ends the lane ends all of it
    chip = Chip(folder / "chip.sock")
    rig = Rig(
        folder,
        wires=chip,
        run_guard=partial(guard_on_chip.run, chip.path, BUG),
        line=LINE,
        remote=any("broker" in ending or "remote" in ending for ending in endings),
    )
    try:
        rig.start()
        for number, ending in enumerate(endings):
            rig.try_once(seed + number, ending)
    except AssertionError as violation:
        (folder / "violation").write_text(str(violation) or "violated")
        return 1
    except BaseException:
        (folder / "violation").write_text(f"a lane broke:\n{traceback.format_exc()}")
        raise
    finally:
        rig.close()
        chip.close()
    return 0


def _round(folder: Path, seed: int) -> int:
    lanes: list[tuple[Path, Forked]] = []
    for number, endings in enumerate(LANES):
        place = folder / f"{seed}-{number}"
        place.mkdir()
        lanes.append((place, Forked(partial(_run_lane, place, (seed * len(LANES) + number) * 1000, endings))))
    end = time.monotonic() + ROUND_S
    try:
        while any(lane.poll() is None for _, lane in lanes):
            assert time.monotonic() < end, "a lane does not end"
            for place, lane in lanes:
                if lane.poll():
                    violation = place / "violation"
                    raise AssertionError(violation.read_text() if violation.exists() else "a lane broke")
            time.sleep(0.02)
        assert not any(lane.poll() for _, lane in lanes), "a lane broke"
    finally:
        for _, lane in lanes:
            lane.kill_group()
    return ROUND


@contextmanager
def _open() -> Iterator[Trial]:
    with tempfile.TemporaryDirectory() as folder:
        yield partial(_round, Path(folder))


def _planted(bug: str) -> AbstractContextManager[None]:
    @contextmanager
    def plant() -> Iterator[None]:
        with patch(f"{__name__}.BUG", bug):
            yield

    return plant()


@contextmanager
def _broker_loss_ignored() -> Iterator[None]:
    with patch.object(DoorNode, "lose_hub", lambda self: None):
        yield


PROOF = Proof(
    name="mid-pulse",
    promise="A hub, guard or broker that dies in mid-pulse or mid-hold leaves no line on for more than 2 s",
    open=_open,
    suite=ROUND,
    goal=500,
    planted={
        **{bug: partial(_planted, bug) for bug in PLANTED},
        BROKER_LOSS_IGNORED: _broker_loss_ignored,
    },
)
