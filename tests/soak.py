"""`make soak MINUTES=…`: run the proofs again and again with new seeds, and say how often each held.

State lies in `bench/out/soak.json`, so that the next soak goes on with the next seed. A proof that failed
stops the soak and names its seed. Zero failures in n trials bound the rate of failure by about 3/n (95 %).
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / "bench" / "out" / "soak.json"
PROOFS = {
    "state machines and wire forms (Hypothesis)": [
        "-m",
        "proof",
        "--ignore=tests/faults",
        "--hypothesis-profile=soak",
    ],
    "kill -9 of the real hub": ["tests/faults"],
}
"""What is repeated: name, and the arguments for pytest."""


def main() -> int:
    """Run until the time is over. Returns 1 when a proof failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    end = time.monotonic() + parser.parse_args().minutes * 60
    seed, held = _resume()
    while time.monotonic() < end:
        for name, arguments in PROOFS.items():
            seed += 1
            if not _holds(arguments, seed):
                sys.stderr.write(f"{name}: failed with seed {seed}\n")
                return 1
            held[name] += 1
            STATE.parent.mkdir(parents=True, exist_ok=True)
            STATE.write_text(json.dumps({"seed": seed, "held": held}, indent=1))
    for name, rounds in held.items():
        sys.stdout.write(
            f"{name}: {rounds} rounds, 0 failures, bound 3/n = {3 / max(1, rounds):.4f} a round\n"
        )
    return 0


def _resume() -> tuple[int, dict[str, int]]:
    state: dict[str, Any] = {"seed": 0, "held": {}}
    if STATE.exists():
        state = json.loads(STATE.read_text())
    return int(state["seed"]), {name: int(state["held"].get(name, 0)) for name in PROOFS}


def _holds(arguments: list[str], seed: int) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--hypothesis-seed={seed}", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
