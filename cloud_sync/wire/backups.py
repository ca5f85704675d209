"""Backups on the platform, and history read back from custody (docs/protocol.md, Backups).

A backup is a sealed file: the platform keeps it and cannot read it. It is put in pieces, so that a slow link
goes on where it broke off.
"""

from typing import Annotated

import msgspec

PIECE_BYTES = 4 * 1024 * 1024
"""The largest piece of one request; a device on a slow link sends smaller ones."""
BACKUP_LIMIT_BYTES = 2 * 1024 * 1024 * 1024
KEPT_BACKUPS = 7
"""Whole backups of a device; the eighth drops the oldest."""
HISTORY_EVENTS = 500
"""Events in one page read back from custody; a page has the form of a batch."""
BACKUP_MEDIA_TYPE = "application/octet-stream"
UPLOAD_OFFSET = "Upload-Offset"
UPLOAD_LENGTH = "Upload-Length"
CONTENT_DIGEST = "Backup-Digest"
"""Headers of a piece: where it begins, how long the whole is, SHA-256 of the whole in hex."""

BackupId = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,6}-[0-9]{1,15}-[0-9]{1,15}$")]
"""Epoch, seq and milliseconds of making."""
Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class BackupRow(msgspec.Struct, frozen=True, kw_only=True):
    """One backup as it is kept; `received_bytes` is less than `size_bytes` until it is whole."""

    id: BackupId
    size_bytes: int
    received_bytes: int
    digest: Hex32
    created_ms: int
    received_ms: int

    @property
    def is_whole(self) -> bool:
        """Whether every piece is here."""
        return self.received_bytes == self.size_bytes


class BackupList(msgspec.Struct, frozen=True):
    """The backups of a device, newest first; `limit_bytes` is the room for all of them."""

    backups: list[BackupRow]
    used_bytes: int
    limit_bytes: int


class RecoveryKey(msgspec.Struct, frozen=True, kw_only=True):
    """The public half of a site's recovery key, and the private half sealed for the operators' key (base64).

    Keys are 32 raw bytes of X25519 in hex.
    """

    public: Hex32
    wrapped: str = ""


class RecoveryStanding(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a site's recovery key is to be sealed, and the one that is kept, empty before the first."""

    operators: Hex32
    public: str = ""
