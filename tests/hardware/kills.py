"""`python -m tests.hardware.kills N`, in the guest: hub, guard and broker die on a real gpiochip.

In mid-pulse or mid-hold, each N times; every report has how long the line stayed on.
"""

import sys
import traceback
from pathlib import Path

from tests.fakes.mid_pulse_rig import Rig
from tests.hardware.bench import RUN, Bench, switch_off
from tests.hardware.guest import report
from tests.hardware.pi_guard import run_on_a_pi

LINE = 0
ENDINGS = ("hub killed", "guard killed", "broker killed")


def run(bench: Bench, ending: str, times: int) -> None:
    """Crash so many times in one way, and report each."""
    folder = RUN / ending.replace(" ", "-")
    folder.mkdir()
    remote = ending == "broker killed"
    rig = Rig(
        folder,
        wires=bench.wires,
        run_guard=run_on_a_pi,
        line=LINE,
        remote=remote,
        after_guard=_switch_off,
    )
    rig.start()
    for seed in range(times):
        try:
            off_ns = rig.try_once(seed, ending)
        except AssertionError:
            report(ending=ending, seed=seed, ok=False, why=traceback.format_exc()[-1500:])
        else:
            report(ending=ending, seed=seed, ok=True, off_ms=round(off_ns / 1e6, 1))
    rig.close()


def _switch_off(site: Path) -> None:
    """By this program the line must go off, and not only by the guard's next start."""
    code = switch_off(site)
    assert code == 0, f"the program after the guard's end ended with {code}"


def main() -> None:
    """Crash in every way."""
    bench = Bench()
    for ending in ENDINGS:
        run(bench, ending, int(sys.argv[1]))
    bench.close()


if __name__ == "__main__":
    main()
