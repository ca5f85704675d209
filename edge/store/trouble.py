"""What an error of sqlite3 says about the disk."""

import errno
import sqlite3
from enum import Enum

_PRIMARY_CODE = 0xFF
_FULL = {sqlite3.SQLITE_FULL}
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BROKEN = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_FULL_CALLS = {errno.ENOSPC, errno.EDQUOT}
_BROKEN_CALLS = {errno.EIO, errno.EROFS}


class Trouble(Enum):
    """A kind of disk trouble: no space, cannot write or read, pages that do not fit together."""

    FULL = "full"
    BROKEN = "broken"
    CORRUPT = "corrupt"


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Return the disk's trouble behind an error, or None when the disk has nothing to do with it.

    A shared-memory file that cannot grow is a full disk, too (SQLITE_IOERR_SHMSIZE, sqlite.org/rescode.html).
    """
    if isinstance(error, OSError) and error.errno in _FULL_CALLS | _BROKEN_CALLS:
        return Trouble.FULL if error.errno in _FULL_CALLS else Trouble.BROKEN
    extended = getattr(error, "sqlite_errorcode", None)
    if extended is None:
        return None if error is None or error.__cause__ is None else trouble_of(error.__cause__)
    code = extended & _PRIMARY_CODE
    if code in _FULL or extended == sqlite3.SQLITE_IOERR_SHMSIZE:
        return Trouble.FULL
    if code in _CORRUPT:
        return Trouble.CORRUPT
    return Trouble.BROKEN if code in _BROKEN else None
