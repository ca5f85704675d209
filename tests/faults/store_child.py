"""The process whose power fails: the product's store over one file, under the recorder.

`python -m tests.faults.store_child FOLDER --seed N [--plant BUG] [--grow] [--abandon]` opens the store, acts,
and closes it, or (`--abandon`) just ends, as a process that is killed does. `--grow` brings a later schema.
Claims go into the recorder's log.
"""

import argparse
import asyncio
import os
import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edge.store.connections import open_writer
from edge.store.migrate import Migration
from edge.store.store import Store, ThreadedStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.faults.acts import DEVICE, SITE, Claim, Ward
from tests.faults.plants import PLANTS
from tests.faults.recorder import Marks

DATABASE = "edge.db"
GROWN = (
    *MIGRATIONS,
    Migration(
        "test-001",
        """
        CREATE TABLE test_sums (day TEXT PRIMARY KEY, fen INTEGER NOT NULL) STRICT;
        INSERT INTO test_sums SELECT type, count(*) FROM journal GROUP BY type;
        CREATE INDEX test_orders ON sale_orders(placed_at_ms);
        """,
    ),
    Migration(
        "test-002",
        """
        ALTER TABLE test_sums ADD COLUMN pieces INTEGER;
        UPDATE test_sums SET pieces = 0;
        """,
    ),
)
"""The schema of a later program."""


def open_store(folder: Path, *, migrations: Sequence[Migration] = MIGRATIONS, log_pages: int = 2000) -> Store:
    """Open the product's store the way `edge run` does; `log_pages` is when it checkpoints."""

    def connect(path: Path) -> sqlite3.Connection:
        connection = open_writer(path)
        connection.execute(f"PRAGMA wal_autocheckpoint = {log_pages}")
        return connection

    return ThreadedStore(
        folder / DATABASE,
        site=SITE,
        device=DEVICE,
        clock=FakeClock(),
        migrations=migrations,
        connect=connect,
    )


async def _work(asked: argparse.Namespace, rng: random.Random) -> None:
    marks = Marks()

    def tell(claim: Claim) -> None:
        marks(msgspec.json.encode(claim))

    store = open_store(
        asked.folder,
        migrations=GROWN if asked.grow else MIGRATIONS,
        log_pages=rng.choice((40, 200, 2000)),
    )
    ward = Ward(store, tell, rng, f"{asked.seed}-{os.getpid()}")
    await ward.stock()
    await ward.act(asked.rounds)
    if asked.abandon:
        os._exit(0)
    store.close()


def main() -> None:
    """Run once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--plant")
    parser.add_argument("--grow", action="store_true")
    parser.add_argument("--abandon", action="store_true")
    asked = parser.parse_args()
    if asked.plant:
        PLANTS[asked.plant]()
    asyncio.run(_work(asked, random.Random(asked.seed)))


if __name__ == "__main__":
    main()
