"""What devices ask about backups: pieces in and out, the recovery key, history read back from custody."""

import base64
import binascii

from aiohttp import web

from cloud_sync.platform import backups, history, recovery
from cloud_sync.platform.backups import BackupFiles, BackupPiece
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import Access, Malformed, Route, read_body, read_number, reply
from cloud_sync.wire.backups import (
    BACKUP_MEDIA_TYPE,
    CONTENT_DIGEST,
    PIECE_BYTES,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
    BackupList,
    BackupRow,
    RecoveryKey,
    RecoveryStanding,
)
from cloud_sync.wire.batches import MEDIA_TYPE, encode_lines
from edge.trust.sealing import MAGIC

WRAPPED_LIMIT_BYTES = 8_192


async def put_backup(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take a piece of a sealed backup; the answer says how much is here."""
    device, now_ms, files = request.match_info["device"], platform.clock_ms(), _files(platform)
    headers = request.headers
    piece = BackupPiece.read(
        request.match_info["id"],
        headers.get(UPLOAD_OFFSET, ""),
        headers.get(UPLOAD_LENGTH, ""),
        headers.get(CONTENT_DIGEST, ""),
    )
    content = await request.read()
    if piece is None or not content or len(content) > PIECE_BYTES:
        raise Malformed(parameter=f"{UPLOAD_OFFSET},{UPLOAD_LENGTH},{CONTENT_DIGEST}")
    if piece.offset == 0 and not MAGIC.startswith(content[: len(MAGIC)]):
        raise Malformed(reason="no sealed file")
    if files.free_bytes() < 2 * piece.size_bytes:
        raise backups.BackupTooLarge(limit_bytes=files.free_bytes() // 2)
    length = len(content)
    row = await platform.database.write(
        lambda c: backups.begin_piece(c, device, piece, length, now_ms=now_ms)
    )
    if not row.is_whole:
        await files.write(device, piece, content)
        row = await platform.database.write(
            lambda c: backups.note_piece(c, device, piece, length, now_ms=now_ms)
        )
        if row.is_whole:
            await _finish(platform, device, row)
    return reply(row)


async def _finish(platform: Platform, device: str, row: BackupRow) -> None:
    """The last piece came: the whole is checked, older ones go. Raises BackupDamaged."""
    files = _files(platform)
    if not await files.is_intact(device, row):
        await platform.database.write(lambda c: backups.drop_backup(c, device, row.id))
        await files.remove(device, [row.id])
        raise backups.BackupDamaged()
    gone = await platform.database.write(lambda c: backups.thin_out(c, device, row))
    await files.remove(device, gone)


async def get_backups(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The backups of a device."""
    device = request.match_info["device"]
    return reply(await platform.database.read(lambda c: backups.list_backups(c, device)))


async def get_backup(request: web.Request, platform: Platform) -> web.StreamResponse:
    """A piece of a backup from an offset on; an empty one is past its end."""
    device, id = request.match_info["device"], request.match_info["id"]
    offset = read_number(request, "offset", 0, low=0, high=2**53)
    row = await platform.database.read(lambda c: backups.find_backup(c, device, id))
    if row is None or not row.is_whole:
        raise backups.BackupUnknown()
    content = await _files(platform).read(device, id, offset, PIECE_BYTES)
    return web.Response(body=content, content_type=BACKUP_MEDIA_TYPE)


async def get_recovery_key(request: web.Request, platform: Platform) -> web.StreamResponse:
    """For whom a site's recovery key is to be sealed, and which one is kept."""
    site, operators = request.match_info["site"], recovery.load_operators_public(platform.settings.keys)
    return reply(await platform.database.read(lambda c: recovery.read_standing(c, site, operators)))


async def put_recovery_key(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Keep a site's recovery key, sealed for the operators."""
    site, key, now_ms = request.match_info["site"], await read_body(request, RecoveryKey), platform.clock_ms()
    try:
        sealed = base64.b64decode(key.wrapped, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Malformed(parameter="wrapped") from error
    if not sealed.startswith(MAGIC) or len(sealed) > WRAPPED_LIMIT_BYTES:
        raise Malformed(parameter="wrapped")
    await platform.database.write(lambda c: recovery.keep_key(c, site, key, now_ms=now_ms))
    return web.Response(status=204)


async def get_history(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Entries out of custody from a seq on, in the form of a batch; an empty answer is the end."""
    device, previous_hash = request.match_info["device"], request.query.get("hash", "")
    from_seq = read_number(request, "from", 1, low=1, high=2**53)
    page = await platform.database.read(
        lambda c: history.read_history(c, device, from_seq=from_seq, previous_hash=previous_hash)
    )
    body = b"" if page is None else encode_lines(page.header, page.lines)
    response = web.Response(body=body, content_type=MEDIA_TYPE)
    response.enable_compression()
    return response


def _files(platform: Platform) -> BackupFiles:
    return BackupFiles(platform.settings.data / "backups")


_DEVICE = "/v1/sites/{site}/devices/{device}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_DEVICE}/events",
        get_history,
        Access.DEVICE,
        "Entries out of custody, for a successor",
        answer=str,
        media=MEDIA_TYPE,
        codes=("link_unknown", "malformed"),
    ),
    Route("GET", f"{_DEVICE}/backups", get_backups, Access.DEVICE, "Backups kept here", answer=BackupList),
    Route(
        "PUT",
        _DEVICE + "/backups/{id}",
        put_backup,
        Access.DEVICE,
        "Take a piece of a sealed backup",
        body=bytes,
        answer=BackupRow,
        media=BACKUP_MEDIA_TYPE,
        codes=("backup_offset", "backup_conflict", "backup_too_large", "backup_damaged", "not_found"),
    ),
    Route(
        "GET",
        _DEVICE + "/backups/{id}",
        get_backup,
        Access.DEVICE,
        "A piece of a sealed backup",
        answer=str,
        media=BACKUP_MEDIA_TYPE,
        codes=("not_found", "malformed"),
    ),
    Route(
        "GET",
        "/v1/sites/{site}/recovery-key",
        get_recovery_key,
        Access.SITE,
        "For whom a recovery key is sealed, and which one is kept",
        answer=RecoveryStanding,
    ),
    Route(
        "PUT",
        "/v1/sites/{site}/recovery-key",
        put_recovery_key,
        Access.SITE,
        "Keep a site's recovery key, sealed for the operators",
        body=RecoveryKey,
    ),
)
