"""`python -m tests.bench.compare_thingsboard_gateway`: a gateway's stores of unsent events, beside `uplink`.

Installs thingsboard-gateway from PyPI into a virtual environment of its own (`--folder`, kept for the next
run) and drives its two durable event stores through its own classes: events in, killed without farewell, what
is left, events out, and what comes twice when it is killed between reading and forgetting. The product's
figures are those of `uplink`, measured in the same run. See docs/comparison.md.
"""

import argparse
import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from edge.bench import uplink
from edge.bench.figures import Case, case

PACKAGE = "thingsboard-gateway==3.8.5"
EVENTS = 40_000
KINDS = ("sqlite", "file")
STEP_S = 300.0
_PROBE = Path(__file__).with_name("gateway_probe.py")


def install(folder: Path) -> Path:
    """Make the virtual environment once; returns its Python. Raises CalledProcessError without PyPI."""
    python = folder / "venv" / "bin" / "python"
    marker = folder / "installed"
    if not marker.exists():
        venv.create(folder / "venv", with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], check=True)
        marker.write_text(PACKAGE)
    return python


def measure(python: Path, folder: Path, events: int) -> list[Case]:
    """Both stores: in, lost, out, doubled."""
    cases: list[Case] = []
    for kind in KINDS:
        data = folder / f"store-{kind}"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()

        def step(name: str, kind: str = kind, data: Path = data) -> dict[str, float]:
            command = [str(part) for part in (python, _PROBE, name, kind, data, events)]
            text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=STEP_S).stdout
            found: dict[str, float] = json.loads(text.splitlines()[-1])
            return found

        put, twice, out = step("put"), step("doubled"), step("drain")
        doubled = max(0.0, twice["read"] + out["read"] - out["different"])
        cases += [
            _case(f"gateway-{kind}-in", put["taken"] / put["seconds"], "events/s", events),
            _case(f"gateway-{kind}-lost", put["taken"] - out["different"], "events", events),
            _case(f"gateway-{kind}-out", out["read"] / max(out["seconds"], 1e-9), "events/s", events),
            _case(f"gateway-{kind}-doubled", doubled, "events", events),
        ]
    return cases


def _case(name: str, value: float, unit: str, n: int) -> Case:
    return case(name, value, unit, target="reported", n=n)


def main() -> None:
    """Measure both and print a JSON object a case."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("bench/thingsboard-gateway"))
    parser.add_argument("--events", type=int, default=EVENTS)
    options = parser.parse_args()
    folder: Path = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        python = install(folder)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{PACKAGE} cannot be installed here: {error}")
    for one in (*measure(python, folder, options.events), *uplink.run(waiting=options.events)):
        sys.stdout.write(json.dumps(one) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
