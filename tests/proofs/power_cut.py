"""Power cuts at any point of the store's work: what was answered is there, whole, and nothing else.

A child process works with the product's own store under a recorder of its writes and syncs: it makes the
database, sells, opens, is ended or abandoned, comes again with a later schema. The log is then cut at many
points; what the disk may hold at each is opened by the product's store and held against what was answered.
Some recoveries are recorded themselves, and cut again.
"""

import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from edge.errors import StoreError
from edge.store.migrate import Migration
from edge.store.unit import Unit
from edge.tables import MIGRATIONS
from tests.faults.acts import Claim, audit, next_identity_faults
from tests.faults.disk import Disk, write_files
from tests.faults.recorder import Record, build, environment, read_log
from tests.faults.store_child import DATABASE, GROWN, open_store
from tests.proofs.planting import PlantedByName
from tests.proofs.proof import Proof, Trial

ROOT = Path(__file__).resolve().parents[2]
CUTS = 75
CUTS_OF_RECOVERY = 25
CUTS_OF_SCHEMA = 3
"""Of each: while the schema is made or changed. The next start then needs a process that goes on with it."""

_PLANTED = PlantedByName()


@contextmanager
def _open() -> Iterator[Trial]:
    if build() is None:
        pytest.skip("no C compiler: power cuts cannot be recorded")
    folder = Path(tempfile.mkdtemp(prefix="power-cut-"))
    try:
        yield partial(_trial, folder)
    finally:
        shutil.rmtree(folder)


def _trial(folder: Path, seed: int) -> int:
    rng = random.Random(seed)
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    log = folder / "log"
    log.unlink(missing_ok=True)
    _run_child(work, log, "--seed", str(seed), *rng.choice(((), ("--abandon",))))
    first = len(list(read_log(log)))
    _run_child(work, log, "--seed", str(seed), "--grow", "--rounds", "2")
    records = list(read_log(log))
    claims, files = _cut(records, CUTS, folder, rng, Disk(), [], f"seed {seed}", grown_from=first)
    again = folder / "again"
    shutil.rmtree(again, ignore_errors=True)
    again.mkdir()
    write_files(files, again)
    log.unlink()
    _run_child(again, log, "--seed", str(seed + 1), "--grow", "--rounds", "1")
    records = list(read_log(log))
    _cut(records, CUTS_OF_RECOVERY, folder, rng, Disk(files), claims, f"seed {seed}, second cut")
    return CUTS + CUTS_OF_RECOVERY


def _run_child(work: Path, log: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.store_child", str(work), *arguments, *_PLANTED.arguments],
        cwd=ROOT,
        env=environment(work, log),
        capture_output=True,
        text=True,
        check=False,
    )
    if _PLANTED.name and done.returncode != 0:
        # With a bug planted this would not be a find: it is the cut that must show it.
        raise RuntimeError(done.stderr[-3000:])
    assert done.returncode == 0, f"the store failed without a fault: {done.stderr[-3000:]}"


def _cut(
    records: Sequence[Record],
    cuts: int,
    folder: Path,
    rng: random.Random,
    disk: Disk,
    claims: list[Claim],
    trial: str,
    *,
    grown_from: int = 0,
) -> tuple[list[Claim], dict[str, bytes]]:
    """Cut at some points; return what was claimed, and the files found, at one of them.

    Up to the record `grown_from` the program with the earlier schema comes back, then the later one.
    """
    claims = list(claims)
    points = _points(records, cuts, rng, grown_from)
    position = 0
    chosen = (claims, dict[str, bytes]())
    keep_at = rng.randrange(len(points))
    for number, point in enumerate(points):
        for record in records[position:point]:
            if record.kind == "A":
                claims.append(msgspec.json.decode(record.data, type=Claim))
            else:
                disk.follow(record)
        position = point
        files = disk.cut(rng)
        faults = _faults_after(files, claims, folder / "cut", GROWN if point > grown_from else MIGRATIONS)
        assert not faults, f"{trial}, cut after record {point} of {len(records)}: " + "; ".join(faults[:8])
        if number == keep_at:
            chosen = (list(claims), files)
    return chosen


def _points(records: Sequence[Record], cuts: int, rng: random.Random, grown_from: int) -> list[int]:
    """So many numbers of records to cut after, a few of them while a schema is made."""
    of_schema: list[int] = []
    of_work: list[int] = []
    working = False
    for number, record in enumerate(records, 1):
        working = (working or record.kind == "A") and number != grown_from + 1
        (of_work if working else of_schema).append(number)
    few = rng.choices(of_schema, k=CUTS_OF_SCHEMA)
    return sorted(few + rng.choices(of_work, k=cuts - CUTS_OF_SCHEMA))


def _faults_after(
    files: dict[str, bytes], claims: list[Claim], folder: Path, migrations: Sequence[Migration]
) -> list[str]:
    """Open what the disk holds with the product's store, as the next start does."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_files(files, folder)
    answered = [claim for claim in claims if claim.what == "answered"]
    if not (folder / DATABASE).exists():
        return [f"no database, though {len(answered)} acts were answered"] if answered else []
    try:
        store = open_store(folder, migrations=migrations)
    except StoreError as error:
        return [f"does not open: {error}"]
    try:
        connection = store.executor.connection
        faults = audit(connection, claims)
        if faults:
            return faults
        outcome = store.executor.run_batch([Unit.next_id])[0]
        if outcome.error is not None:
            return [f"does not work: {outcome.error}"]
        return next_identity_faults(outcome.value, connection, claims)
    except sqlite3.DatabaseError as error:
        return [f"cannot be read: {error}"]
    finally:
        store.close()


PROOF = Proof(
    name="power-cut",
    promise="Whatever was answered survives a power cut at any point, whole, and nothing else is there",
    open=_open,
    suite=200,
    goal=10_000,
    planted=_PLANTED.plants(
        "synchronous=NORMAL",
        "journal_mode=MEMORY",
        "answered before the COMMIT",
        "identities handed out before their block is on disk",
        "a migration's statements commit one by one",
    ),
    patience=400,
)
