"""The state machines of single rooms (Hypothesis tests marked `proof`), each a pytest run of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proofs.proof import Proof, Trial

ROOT = Path(__file__).resolve().parents[2]


def _trial(seed: int) -> int:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        "proof and not slow",
        f"--hypothesis-seed={seed}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return 1


@contextmanager
def _open() -> Iterator[Trial]:
    yield _trial


PROOF = Proof(
    name="rooms",
    promise="State machines and wire forms of single rooms hold",
    open=_open,
    suite=0,
    goal=500,
)
"""`make test` runs these tests anyway, hence no suite trials here."""
