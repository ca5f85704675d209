"""What was erased leaves the file, too: the log that still holds it is emptied.

The writer's connection has `secure_delete` on: bytes that a deletion or a change frees are overwritten in
their page. The log of SQLite still holds the pages of before, until it is copied back and cut to nothing.
"""

import logging
import sqlite3

log = logging.getLogger(__name__)


def empty_log(connection: sqlite3.Connection) -> None:
    """Copy the log back and cut it to nothing; on the writer's thread, outside a transaction.

    A reader in its way is not waited for: then the next full checkpoint does it, and the log says so.
    """
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.execute("PRAGMA busy_timeout = 5000")
    except sqlite3.Error as error:
        log.warning("the log was not emptied: %s", error)
        return
    if busy:
        log.warning("the log was not emptied: a reader is in its way")
