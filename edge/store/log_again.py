"""After a sync that failed: make the write-ahead log sure, or find out that it cannot be.

The system takes pages whose sync failed for clean, so that later syncs succeed without writing them; what is
committed after them would be lost with them at the next power cut. Written once more they are dirty again.
"""

import os
from pathlib import Path

_PIECE_BYTES = 1 << 20


def write_log_again(database: Path) -> None:
    """Write the log's own bytes over themselves and sync them; the caller is the only writer. OSError.

    What the log holds is what it held: readers and SQLite's recovery see no difference. SQLite takes no locks
    on this file, so that opening it beside SQLite breaks none.
    """
    path = database.with_name(database.name + "-wal")
    try:
        log = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        position = 0
        while piece := os.pread(log, _PIECE_BYTES, position):
            position += os.pwrite(log, piece, position)
        os.fsync(log)
    finally:
        os.close(log)
