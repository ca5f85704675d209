"""Sealed backups on their way to the platform and back, in pieces that resume; the recovery key's way up."""

import asyncio
import base64
import hashlib
import io
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from cloud_sync.http import DetailedRejection, Patience, PlatformHttp
from cloud_sync.link_use import LinkUse
from cloud_sync.wire.backups import (
    BACKUP_MEDIA_TYPE,
    CONTENT_DIGEST,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
    BackupList,
    BackupRow,
    RecoveryKey,
    RecoveryStanding,
)
from edge.errors import PlatformUnreachable, StoreError
from edge.trust.sealing import Sealer

SENT_BYTES = 512 * 1024
"""A piece: small enough for a slow link's patience, large enough that its round trip does not count."""
LEAST_BYTES = 16 * 1024
USUAL_USE = LinkUse()
PATIENCE = Patience(connect_s=4.0, silence_s=60.0, total_s=300.0)
RESUMES = 3
"""How often the platform may correct where a piece begins, before somebody else is thought to send it."""

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all."""


class BackupClient:
    """What a device asks of the platform about backups, within its `use` of the link. Raises PlatformError.

    Below a bandwidth limit a piece is what the line carries in about a second.
    """

    def __init__(
        self,
        http: PlatformHttp,
        use: LinkUse = USUAL_USE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = http
        self._use = use
        self._sleep = sleep
        second_bytes = use.kbps * 125
        self._piece_bytes = max(LEAST_BYTES, min(SENT_BYTES, second_bytes)) if use.kbps else SENT_BYTES

    async def list(self) -> BackupList:
        """What is kept there of this device."""
        return await self._http.ask("GET", self._http.device_path + "/backups", BackupList)

    async def send(self, path: Path, id: str, progress: Progress) -> BackupRow:
        """Send a backup, from where an earlier attempt ended. Raises OSError, too."""
        digest, size_bytes = await asyncio.to_thread(_measure, path)
        with path.open("rb") as file:
            known = next((row for row in (await self.list()).backups if row.id == id), None)
            offset = 0 if known is None else known.received_bytes
            if known is not None and known.is_whole:
                return known
            corrected = 0
            while True:
                file.seek(offset)
                headers = {
                    "Content-Type": BACKUP_MEDIA_TYPE,
                    UPLOAD_OFFSET: str(offset),
                    UPLOAD_LENGTH: str(size_bytes),
                    CONTENT_DIGEST: digest,
                }
                piece, began_s = file.read(self._piece_bytes), time.monotonic()
                try:
                    row = await self._put(id, piece, headers)
                except DetailedRejection as rejected:
                    corrected += 1
                    if rejected.code != "backup_offset" or corrected > RESUMES:
                        raise
                    offset = int(rejected.details.get("received_bytes", 0))
                    if offset >= size_bytes:
                        return await self._whole(id)
                    continue
                offset = row.received_bytes
                progress(offset, size_bytes)
                if row.is_whole:
                    return row
                await self._sleep(self._use.rest_s(len(piece), time.monotonic() - began_s))

    async def _whole(self, id: str) -> BackupRow:
        """A backup whose last piece came though its answer did not. Raises PlatformUnreachable."""
        for row in (await self.list()).backups:
            if row.id == id and row.is_whole:
                return row
        raise PlatformUnreachable("the backup is not whole yet")

    async def _put(self, id: str, content: bytes, headers: dict[str, str]) -> BackupRow:
        path = f"{self._http.device_path}/backups/{id}"
        return await self._http.ask_raw(
            "PUT", path, BackupRow, body=content, headers=headers, patience=PATIENCE
        )

    async def fetch(self, row: BackupRow, target: Path, progress: Progress) -> None:
        """Fetch a backup into a file, from where an earlier attempt ended. Raises StoreError."""
        path = f"{self._http.device_path}/backups/{row.id}"
        with target.open("ab") as file:
            while (offset := file.tell()) < row.size_bytes:
                content = await self._http.exchange("GET", path, query={"offset": offset}, patience=PATIENCE)
                if not content:
                    raise PlatformUnreachable("the backup ended too early")
                file.write(content)
                progress(file.tell(), row.size_bytes)
        if await asyncio.to_thread(_measure, target) != (row.digest, row.size_bytes):
            await asyncio.to_thread(target.unlink)
            raise StoreError(f"the backup {row.id} came damaged; ask for it again")

    async def recovery_standing(self) -> RecoveryStanding:
        """For whom the recovery key is sealed, and which one the platform keeps."""
        return await self._http.ask("GET", self._http.site_path + "/recovery-key", RecoveryStanding)

    async def keep_recovery_key(self, private: bytes, public: str, operators: str) -> None:
        """Give the platform the recovery key, readable by its operators only."""
        sealed = io.BytesIO()
        sealer = Sealer(sealed, bytes.fromhex(operators), {"kind": "recovery-key", "public": public})
        sealer.write(private)
        sealer.close()
        key = RecoveryKey(public=public, wrapped=base64.b64encode(sealed.getvalue()).decode())
        await self._http.exchange(
            "PUT",
            self._http.site_path + "/recovery-key",
            body=msgspec.json.encode(key),
            headers={"Content-Type": "application/json"},
        )


def _measure(path: Path) -> tuple[str, int]:
    """SHA-256 in hex, and length in bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
