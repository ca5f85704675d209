"""What devices ask: custody of batches, the feed, time, key set, nonces."""

import json
from typing import Any

import msgspec
from aiohttp import web

from cloud_sync.platform import commands, custody, feed, telemetry
from cloud_sync.platform.context import Platform
from cloud_sync.platform.database import Database
from cloud_sync.platform.exchange import (
    DEVICE,
    Access,
    Malformed,
    Route,
    read_body,
    read_number,
    reply,
)
from cloud_sync.platform.figures import SiteFigures, compute_figures
from cloud_sync.wire.batches import (
    MAX_BATCH_BYTES,
    MEDIA_TYPE,
    BatchAccepted,
    BatchDamaged,
    BatchMalformed,
    BatchTooLarge,
    StreamStanding,
    decode_batch,
)
from cloud_sync.wire.clock import COSE_MEDIA_TYPE, SignedTime, TimeQuestion
from cloud_sync.wire.commands import NonceNotice
from cloud_sync.wire.feed import MAX_PAGE_CHANGES, MAX_WAIT_S, FeedPage
from cloud_sync.wire.schemas import read_schemas
from cloud_sync.wire.telemetry import TelemetryPosting, TelemetryTaken
from edge.errors import Refusal
from edge.trust.checkpoint import Checkpoint, sign_checkpoint
from edge.trust.cose import sign

_FAULTS = (
    custody.StreamForked,
    custody.StreamGap,
    custody.StreamSuperseded,
    custody.WrongStream,
    BatchDamaged,
    BatchMalformed,
)
"""What an honest device never sends: the people of the fleet are told."""


async def post_batch(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take a batch into custody, unless too many wait for that."""
    platform.admission.require_room()
    body = await request.read()
    if len(body) > MAX_BATCH_BYTES:
        raise BatchTooLarge(limit_bytes=MAX_BATCH_BYTES)
    with platform.admission.entered():
        accepted = await _take_batch(request, platform, body)
    platform.ingested.set()
    return reply(accepted)


async def _take_batch(request: web.Request, platform: Platform, body: bytes) -> BatchAccepted:
    site, device = request.match_info["site"], request.match_info["device"]
    now_ms = platform.clock_ms()
    batch = decode_batch(body, encoding=request.headers.get("Content-Encoding", "identity").lower())
    try:
        hashes, envelopes = custody.check_batch(batch, site=site, device=device)
        return await platform.database.of(site).take(
            lambda c: custody.take_custody(c, batch, hashes, envelopes, now_ms=now_ms)
        )
    except _FAULTS as refusal:
        await _keep_incident(platform.database.of(site), device, batch.header.epoch, refusal, now_ms)
        raise


async def _keep_incident(database: Database, device: str, epoch: int, refusal: Refusal, now_ms: int) -> None:
    found = (refusal.details.get(name) for name in ("seq", "expected_seq", "first_seq"))
    seq = next((int(number) for number in found if number is not None), 0)

    def keep(connection: Any) -> None:
        custody.note_incident(connection, device, epoch, code=refusal.code, seq=seq, now_ms=now_ms)
        if isinstance(refusal, custody.StreamForked):
            custody.quarantine(connection, device, epoch, code=refusal.code)

    await database.take(keep)


async def get_standing(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Where custody of a device stands, so that a device that was put back finds it out before it sends."""
    device, seq = request.match_info["device"], read_number(request, "seq", 0, low=0, high=2**53)
    digest = request.query.get("hash", "")
    database = platform.database.of(request.match_info["site"])
    return reply(await database.read(lambda c: custody.read_standing(c, device, seq, digest)))


async def get_feed(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Changes after a cursor; waits for one when there is none yet."""
    cursor = read_number(request, "cursor", 0, low=0, high=2**53)
    limit = read_number(request, "limit", 200, low=1, high=MAX_PAGE_CHANGES)
    wait_s = read_number(request, "wait_s", 0, low=0, high=MAX_WAIT_S)
    site, understood, bell = request.match_info["site"], _read_understood(request), platform.bell

    async def read() -> FeedPage:
        rings = bell.rings(site)
        page = await platform.database.of(site).read(lambda c: feed.read_page(c, cursor, limit, understood))
        bell.learn(site, page.newest, rings=rings)
        return page

    rings, newest = bell.rings(site), bell.knows(site)
    # Who is at the end and waits costs the database nothing: most questions of most sites.
    is_at_end = wait_s > 0 and newest is not None and cursor >= newest
    page = FeedPage([], cursor, False, newest or 0, site) if is_at_end else await read()
    if page.changes or wait_s == 0:
        return reply(page)
    held = await platform.holder.begin(request, wait_s=wait_s)
    while not page.changes and await held.wait(bell, site, rings=rings):
        rings = bell.rings(site)
        page = await read()
    return await held.end(page)


def _read_understood(request: web.Request) -> dict[str, int]:
    """The versions of the collections' shapes that the reader names; raises Malformed."""
    try:
        return read_schemas(request.query.get("schemas", ""))
    except ValueError as error:
        raise Malformed(parameter="schemas") from error


async def post_nonce(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The device's nonce after its subscription was acknowledged."""
    notice = await read_body(request, NonceNotice)
    device, now_ms = request[DEVICE], platform.clock_ms()
    await platform.database.write(lambda c: commands.note_nonce(c, device, notice.nonce, now_ms=now_ms))
    return web.Response(status=204)


async def post_time(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Platform time, signed together with the asker's nonce."""
    question = await read_body(request, TimeQuestion)
    signed = SignedTime(question.nonce, platform.clock_ms())
    message = sign(platform.keys.signing["time"], msgspec.to_builtins(signed))
    return web.Response(body=message, content_type=COSE_MEDIA_TYPE)


async def post_telemetry(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Keep samples of a device's gauges, each once."""
    posting = await read_body(request, TelemetryPosting)
    device, now_ms = request[DEVICE], platform.clock_ms()
    database = platform.database.of(request.match_info["site"])
    taken = await database.take(lambda c: telemetry.take(c, device, posting, now_ms=now_ms))
    return reply(taken)


async def get_checkpoint(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What is in custody of this device, counter-signed."""
    site, device = request.match_info["site"], request.match_info["device"]
    stream = await platform.database.of(site).read(lambda c: custody.newest_stream(c, device))
    checkpoint = Checkpoint(
        site=site,
        device=device,
        epoch=stream.epoch,
        seq=stream.head_seq,
        hash=stream.head_hash,
        at_ms=platform.clock_ms(),
    )
    message = sign_checkpoint(platform.keys.signing["custody"], checkpoint)
    return web.Response(body=message, content_type=COSE_MEDIA_TYPE)


async def get_keyset(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The root-signed key set."""
    return web.Response(body=platform.keys.keyset, content_type=COSE_MEDIA_TYPE)


async def get_figures(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What the platform counts by itself, for comparison."""
    return reply(await platform.database.of(request.match_info["site"]).read(compute_figures))


async def get_event(request: web.Request, platform: Platform) -> web.StreamResponse:
    """One event as it came, for proof."""
    key = (request.match_info["device"], *_numbers(request, "epoch", "seq"))
    row = await platform.database.read(
        lambda c: c.execute("SELECT line FROM events WHERE device=? AND epoch=? AND seq=?", key).fetchone()
    )
    if row is None:
        raise custody.EventNotHere()
    return web.Response(body=json.dumps(json.loads(row["line"])).encode(), content_type="application/json")


def _numbers(request: web.Request, *names: str) -> list[int]:
    texts = [request.match_info[name] for name in names]
    if not all(text.isascii() and text.isdecimal() and len(text) <= 18 for text in texts):
        raise Malformed(parameter=",".join(names))
    return [int(text) for text in texts]


_DEVICE = "/v1/sites/{site}/devices/{device}"
_SITE = "/v1/sites/{site}"
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{_DEVICE}/batches",
        post_batch,
        Access.DEVICE,
        "Take a batch of journal events into custody",
        body=bytes,
        answer=BatchAccepted,
        media=MEDIA_TYPE,
        codes=(
            "batch_damaged",
            "batch_malformed",
            "batch_too_large",
            "encoding_unsupported",
            "gap",
            "fork",
            "quarantined",
            "wrong_stream",
            "superseded",
            "epoch_not_begun",
            "busy",
        ),
    ),
    Route(
        "GET",
        f"{_DEVICE}/standing",
        get_standing,
        Access.DEVICE,
        "Where custody of the newest epoch stands",
        answer=StreamStanding,
        codes=("not_found",),
    ),
    Route(
        "GET", f"{_SITE}/feed", get_feed, Access.SITE, "Changes after a cursor, long poll", answer=FeedPage
    ),
    Route(
        "POST",
        f"{_DEVICE}/nonce",
        post_nonce,
        Access.DEVICE,
        "Fresh nonce for commands",
        body=NonceNotice,
    ),
    Route(
        "POST",
        f"{_DEVICE}/telemetry",
        post_telemetry,
        Access.DEVICE,
        "Keep samples of a device's gauges",
        body=TelemetryPosting,
        answer=TelemetryTaken,
    ),
    Route(
        "POST",
        f"{_DEVICE}/time",
        post_time,
        Access.OPEN,
        "Signed platform time",
        body=TimeQuestion,
        answer=bytes,
    ),
    Route(
        "GET",
        f"{_DEVICE}/checkpoint",
        get_checkpoint,
        Access.DEVICE,
        "What is in custody of this device, counter-signed",
        answer=bytes,
        codes=("not_found", "quarantined"),
    ),
    Route("GET", f"{_SITE}/keyset", get_keyset, Access.OPEN, "The root-signed key set", answer=bytes),
    Route(
        "GET",
        f"{_SITE}/figures",
        get_figures,
        Access.SITE,
        "The platform's own figures",
        answer=SiteFigures,
    ),
    Route(
        "GET",
        _DEVICE + "/epochs/{epoch}/events/{seq}",
        get_event,
        Access.DEVICE,
        "One event as it came",
        answer=dict,
        codes=("malformed", "not_found"),
    ),
)
