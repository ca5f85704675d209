"""Sealed backups of devices: rows in the store, contents in files that only the recovery key opens.

The row is the truth of how much has come; a file that is longer was cut off between its write and the row.
"""

import asyncio
import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import ClassVar

import msgspec

from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.backups import BACKUP_LIMIT_BYTES, KEPT_BACKUPS, BackupList, BackupRow
from edge.errors import Refusal

_ID = re.compile(r"[0-9]{1,6}-[0-9]{1,15}-[0-9]{1,15}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class BackupUnknown(Refusal):
    """No backup of this name."""

    code: ClassVar[str] = "not_found"


class BackupOffset(Refusal):
    """The piece does not begin where the last one ended; `received_bytes` says where to go on."""

    code: ClassVar[str] = "backup_offset"


class BackupConflict(Refusal):
    """Another content has this name."""

    code: ClassVar[str] = "backup_conflict"


class BackupTooLarge(Refusal):
    """There is no room for it within `limit_bytes`."""

    code: ClassVar[str] = "backup_too_large"


class BackupDamaged(Refusal):
    """Every piece came and the whole is not what it was to be; it is to be sent anew."""

    code: ClassVar[str] = "backup_damaged"


class BackupPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece on its way in: where it begins in a whole of this length and SHA-256 (hex)."""

    id: str
    offset: int
    size_bytes: int
    digest: str
    created_ms: int

    @classmethod
    def read(cls, id: str, offset: str, length: str, digest: str) -> "BackupPiece | None":
        """A piece as its address and headers name it; None when they do not."""
        numbers = all(text.isascii() and text.isdecimal() and len(text) <= 15 for text in (offset, length))
        if not numbers or not _ID.fullmatch(id) or not _DIGEST.fullmatch(digest) or not int(length):
            return None
        created_ms = int(id.rpartition("-")[2])
        return cls(id=id, offset=int(offset), size_bytes=int(length), digest=digest, created_ms=created_ms)


def begin_piece(
    connection: Connection, device: str, piece: BackupPiece, length: int, *, now_ms: int
) -> BackupRow:
    """Check a piece of this length against what is here and return the row as it stands.

    Raises BackupOffset, BackupConflict, BackupTooLarge.
    """
    row = find_backup(connection, device, piece.id)
    if row is None:
        used = sum(each.size_bytes for each in _rows(connection, device)[: KEPT_BACKUPS - 1] if each.is_whole)
        if piece.size_bytes + used > BACKUP_LIMIT_BYTES:
            raise BackupTooLarge(limit_bytes=BACKUP_LIMIT_BYTES)
        connection.execute(
            "INSERT INTO backups (device, id, size_bytes, received_bytes, digest, created_ms, received_ms)"
            " VALUES (?,?,?,0,?,?,?) ON CONFLICT (device, id) DO NOTHING",
            (device, piece.id, piece.size_bytes, piece.digest, piece.created_ms, now_ms),
        )
        row = find_backup(connection, device, piece.id)
        assert row is not None
    if (row.size_bytes, row.digest) != (piece.size_bytes, piece.digest):
        raise BackupConflict(received_bytes=row.received_bytes)
    if row.is_whole:
        return row
    if piece.offset != row.received_bytes or piece.offset + length > row.size_bytes:
        raise BackupOffset(received_bytes=row.received_bytes)
    return row


def note_piece(
    connection: Connection, device: str, piece: BackupPiece, length: int, *, now_ms: int
) -> BackupRow:
    """The piece is on disk, perhaps by its twin that came at once.

    Raises BackupOffset when another was quicker, BackupUnknown when it is gone.
    """
    row = find_backup(connection, device, piece.id)
    if row is None:
        raise BackupUnknown()
    if row.received_bytes == piece.offset + length:
        return row
    if row.received_bytes != piece.offset:
        raise BackupOffset(received_bytes=row.received_bytes)
    connection.execute(
        "UPDATE backups SET received_bytes=?, received_ms=? WHERE device=? AND id=?",
        (piece.offset + length, now_ms, device, piece.id),
    )
    return msgspec.structs.replace(row, received_bytes=piece.offset + length, received_ms=now_ms)


def drop_backup(connection: Connection, device: str, id: str) -> None:
    """Forget a backup."""
    connection.execute("DELETE FROM backups WHERE device=? AND id=?", (device, id))


def thin_out(connection: Connection, device: str, newest: BackupRow) -> list[str]:
    """Keep the newest whole backups, drop older ones and older beginnings; returns the names dropped."""
    rows = _rows(connection, device)
    kept = [row.id for row in rows if row.is_whole][:KEPT_BACKUPS]
    gone = [r.id for r in rows if r.id not in kept and (r.is_whole or r.created_ms < newest.created_ms)]
    for id in gone:
        drop_backup(connection, device, id)
    return gone


def find_backup(connection: Connection, device: str, id: str) -> BackupRow | None:
    """One backup's row, or None."""
    return next((row for row in _rows(connection, device) if row.id == id), None)


def list_backups(connection: Connection, device: str) -> BackupList:
    """All backups of a device, newest first."""
    rows = _rows(connection, device)
    return BackupList(rows, sum(row.received_bytes for row in rows), BACKUP_LIMIT_BYTES)


def _rows(connection: Connection, device: str) -> list[BackupRow]:
    rows = connection.execute(
        "SELECT id, size_bytes, received_bytes, digest, created_ms, received_ms FROM backups"
        " WHERE device=? ORDER BY created_ms DESC, id DESC",
        (device,),
    )
    return [msgspec.convert(dict(row), BackupRow) for row in rows]


class BackupFiles:
    """The contents: one file a backup, in a folder of its device."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, device: str, id: str) -> Path:
        assert _ID.fullmatch(id), id
        return self._folder / device / f"{id}.sealed"

    async def write(self, device: str, piece: BackupPiece, content: bytes) -> None:
        """Bring a piece to the disk at its place; whatever lay behind that is cut off. Raises OSError."""
        await asyncio.to_thread(self._write, self._path(device, piece.id), piece.offset, content)

    def _write(self, path: Path, offset: int, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.truncate(offset)
            file.seek(offset)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    async def read(self, device: str, id: str, offset: int, length: int) -> bytes:
        """Bytes of a backup from an offset on; empty at its end. Raises BackupUnknown."""
        return await asyncio.to_thread(self._read, self._path(device, id), offset, length)

    def _read(self, path: Path, offset: int, length: int) -> bytes:
        try:
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError as error:
            raise BackupUnknown() from error

    async def is_intact(self, device: str, row: BackupRow) -> bool:
        """Whether the whole has the hash that it was announced with."""
        return await asyncio.to_thread(self._digest, self._path(device, row.id)) == row.digest

    def _digest(self, path: Path) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    async def remove(self, device: str, ids: list[str]) -> None:
        """Remove contents whose rows are gone."""
        for id in ids:
            await asyncio.to_thread(self._path(device, id).unlink, missing_ok=True)

    def free_bytes(self) -> int:
        """Room on the disk."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self._folder).free
