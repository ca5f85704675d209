"""The disk fails at the N-th write, truncation or sync: a clear refusal each time, and nothing is lost.

EIO, ENOSPC and EROFS, for a few calls and for as long as the acts last. Afterwards the store works again by
itself, and holds all that was answered and nothing of what was refused; of what failed in COMMIT itself, all
or nothing. A power cut after the end may take only what was never answered: what a failed sync left behind
must not count as written.
"""

import errno
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from edge.errors import StoreError
from tests.faults.acts import Claim, audit
from tests.faults.disk import Disk, write_files
from tests.faults.fault_child import Answer, Order
from tests.faults.lines import Lines
from tests.faults.recorder import Record, build, environment, read_log
from tests.faults.store_child import open_store
from tests.proofs.planting import PlantedByName
from tests.proofs.proof import Proof, Trial

ROOT = Path(__file__).resolve().parents[2]
ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS)
COUNTS = (0, 1, 3)
"""How many calls fail: until the acts are over, one, a few."""

CALLS = 500
STRIDE = 37
"""Goes through all calls once in so many seeds, and all over them in a few."""

ANSWER_S = 60.0
CUTS = 4
SOON = 60
"""Every other cut comes so few records after a failed sync: while the store comes back from it."""

_PLANTED = PlantedByName()


@contextmanager
def _open() -> Iterator[Trial]:
    if build() is None:
        pytest.skip("no C compiler: disk errors cannot be made")
    folder = Path(tempfile.mkdtemp(prefix="nth-write-"))
    log = folder / "log"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.fault_child", str(folder / "disk"), *_PLANTED.arguments],
        cwd=ROOT,
        env=environment(folder / "disk", log),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        lines = Lines(child)
        ready = lines.read_or_none(ANSWER_S)
        if ready is None:
            raise RuntimeError("the child does not start")
        prepared = msgspec.json.decode(ready, type=list[Claim])
        yield partial(_trial, folder, lines, prepared, itertools.count())
    finally:
        child.kill()
        child.wait()
        shutil.rmtree(folder)


def _trial(folder: Path, lines: Lines, prepared: list[Claim], numbers: Iterator[int], seed: int) -> int:
    """The N-th call, by each error; how long it lasts goes round with the seeds."""
    first = seed * STRIDE % CALLS + 1
    rng = random.Random(seed)
    for place, error in enumerate(ERRORS):
        count = COUNTS[(seed + place) % len(COUNTS)]
        work = folder / "disk" / f"t{next(numbers)}"
        (folder / "log").write_bytes(b"")
        lines.write(msgspec.json.encode(Order(str(work), seed, first, count, error)))
        name = f"{errno.errorcode[error]} at call {first}, {count or 'all'} of them"
        answer = msgspec.json.decode(lines.read(ANSWER_S, name), type=Answer)
        # With a bug planted an act that breaks is no find: the books must show it.
        faults = [] if _PLANTED.name else _faults(answer)
        faults += _books(work, [*prepared, *answer.claims])
        faults += [fault for _ in range(CUTS) for fault in _after_cut(folder, work.name, prepared, rng)]
        assert not faults, f"seed {seed}: {name}: " + "; ".join(faults[:8]) + f" (told {answer.refusals[:4]})"
        shutil.rmtree(work)
    return len(ERRORS)


def _faults(answer: Answer) -> list[str]:
    faults = [f"not a clear refusal: {crash}" for crash in answer.crashes]
    return faults + ([] if answer.healed else ["the disk is well, the store is not"])


def _books(folder: Path, claims: list[Claim]) -> list[str]:
    """Open the database as it is with a store that has no faults."""
    try:
        store = open_store(folder)
    except StoreError as error:
        return [f"does not open: {error}"]
    try:
        return audit(store.executor.connection, claims)
    finally:
        store.close()


def _after_cut(folder: Path, name: str, prepared: list[Claim], rng: random.Random) -> list[str]:
    """The power fails some time later: what failed syncs left unsure may be gone."""
    cut = folder / "cut"
    shutil.rmtree(cut, ignore_errors=True)
    cut.mkdir()
    laid = [path for path in (folder / "disk" / "prepared").iterdir() if path.suffix != ".reserve"]
    disk = Disk({f"{name}/{path.name}": path.read_bytes() for path in laid})
    records = list(read_log(folder / "log"))
    claims = list(prepared)
    for record in records[: _point(records, rng)]:
        if record.kind == "A":
            claims.append(msgspec.json.decode(record.data, type=Claim))
        else:
            disk.follow(record)
    write_files(disk.cut(rng), cut)
    return [f"after a power cut: {fault}" for fault in _books(cut / name, claims)]


def _point(records: list[Record], rng: random.Random) -> int:
    """How many records the disk saw before the power failed."""
    failed = [number for number, record in enumerate(records, 1) if record.kind == "F"]
    if failed and rng.random() < 0.5:
        first = rng.choice(failed)
        return rng.randrange(first, min(len(records), first + SOON) + 1)
    return rng.randrange(1, len(records) + 1)


PROOF = Proof(
    name="nth-write",
    promise="A disk that fails at any call is told clearly, and loses nothing that was answered",
    open=_open,
    suite=60 * len(ERRORS),
    goal=CALLS * len(ERRORS),
    planted=_PLANTED.plants(
        "fsync error retried",
        "error swallowed",
    ),
    patience=180,
)
