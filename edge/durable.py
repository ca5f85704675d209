"""Files that survive a power cut: their content, and that they are there at all."""

import os
from collections.abc import Callable
from pathlib import Path


def sync_file(path: Path) -> None:
    """Bring what was written to a file to the disk. Raises OSError."""
    _sync(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder sure: who is there, who is gone. Raises OSError."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def write_whole(
    path: Path, content: bytes, *, mode: int | None = None, before: Callable[[Path], None] | None = None
) -> None:
    """Write a file so that after a power cut it is the old one or the new one, whole. Raises OSError.

    Folders on the way to it are made (0700). The file is its owner's alone (0600), or gets `mode` once it is
    whole; `before` is done to it just before it takes its place.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        # Not for every file: a stick's file system (FAT) knows no modes.
        fresh.chmod(mode)
    if before is not None:
        before(fresh)
    fresh.replace(path)
    sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> None:
    """Write a file (0600) that is there whole or not at all. Raises FileExistsError, OSError."""
    if os.path.lexists(path):
        raise FileExistsError(f"{path} is there already")
    write_whole(path, content)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
