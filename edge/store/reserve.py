"""The reserve: a preallocated file beside the database, given back when the disk is full."""

import contextlib
import os
from pathlib import Path

from edge.durable import sync_folder

RESERVE_BYTES = 16 * 1024 * 1024
"""One log at its usual full length (2,000 pages, 8 MB) and as much growth of the database: hours of doors,
closing and settling at some 10 KB a unit."""

ROOM_FACTOR = 2
"""A reserve that was given back is taken again only when this many times its size is free, so that a disk at
its limit does not make the hub open and stop trade by turns."""


class Reserve:
    """Holds blocks of the disk for the store. Used on the writer's thread only."""

    def __init__(self, database: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._path = database.with_name(database.name + ".reserve")
        self._size_bytes = size_bytes

    @property
    def held(self) -> bool:
        """Whether the reserve lies on the disk at its full size, really allocated."""
        try:
            status = self._path.stat()
        except OSError:
            return False
        return status.st_size == self._size_bytes and status.st_blocks * 512 >= self._size_bytes

    def take(self) -> bool:
        """Hold the reserve if there is room for it; tell whether it is held."""
        if self.held:
            return True
        try:
            room = os.statvfs(self._path.parent)
            if room.f_bavail * room.f_frsize < ROOM_FACTOR * self._size_bytes:
                return False
            self._allocate()
        except OSError:
            self.give_back()
            return False
        return self.held

    def give_back(self) -> bool:
        """Free the blocks; tell whether any were held."""
        try:
            held = self._path.stat().st_blocks > 0
            os.truncate(self._path, 0)
            self._path.unlink()
        except OSError:
            return False
        with contextlib.suppress(OSError):
            # Freed blocks can be used for certain once the file system's own journal has them.
            sync_folder(self._path.parent)
        return held

    def _allocate(self) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
