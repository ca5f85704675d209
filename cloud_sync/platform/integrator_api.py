"""What other systems ask with an API key: events as they came, figures, and authoring of records."""

from typing import Any

import msgspec
from aiohttp import web

from cloud_sync.platform import custody, seed
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import Access, Malformed, Route, read_body, read_number, reply
from cloud_sync.platform.feed import newest_change, put_record
from cloud_sync.platform.figures import SiteFigures, compute_figures
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.feed import Change

MAX_EVENTS = 500
"""Events in one answer."""


class StreamRow(msgspec.Struct, frozen=True):
    """How far custody of one stream goes."""

    device: str
    epoch: int
    first_seq: int
    head_seq: int


class StreamList(msgspec.Struct, frozen=True):
    """The streams of a site, by device and epoch."""

    streams: list[StreamRow]


class EventPage(msgspec.Struct, frozen=True):
    """Events of one stream after a seq, each the CloudEvent that the device journalled."""

    events: list[msgspec.Raw]
    seq: int
    more: bool


async def list_streams(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Where to read on: every stream of the site."""

    def read(connection: Connection) -> list[StreamRow]:
        rows = connection.execute(
            "SELECT device, epoch, first_seq, head_seq FROM streams WHERE site=? ORDER BY device, epoch",
            (connection.site,),
        )
        return [msgspec.convert(dict(row), StreamRow) for row in rows]

    return reply(StreamList(await _at(request, platform).read(read)))


async def list_events(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Events of one stream after a seq: a reader that keeps (device, epoch, seq) misses none."""
    after = read_number(request, "after", 0, low=0, high=2**53)
    limit = read_number(request, "limit", 100, low=1, high=MAX_EVENTS)
    key = (request.match_info["device"], _number(request, "epoch"))

    def read(connection: Connection) -> EventPage:
        stream = custody.find_stream(connection, *key)
        owner = "SELECT 1 FROM streams WHERE device=? AND epoch=? AND site=?"
        if stream is None or connection.execute(owner, (*key, connection.site)).fetchone() is None:
            raise custody.EventNotHere()
        rows = connection.execute(
            "SELECT seq, line FROM events WHERE device=? AND epoch=? AND seq>? ORDER BY seq LIMIT ?",
            (*key, after, limit),
        ).fetchall()
        seq = rows[-1]["seq"] if rows else after
        return EventPage([msgspec.Raw(bytes(row["line"])) for row in rows], seq, seq < stream.head_seq)

    return reply(await _at(request, platform).read(read))


async def get_site_figures(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What the platform counts of the site."""
    return reply(await _at(request, platform).read(compute_figures))


async def write_record(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Author a record: the same content again makes no new version."""
    record: dict[str, Any] = await read_body(request, dict)
    collection, record_id = request.match_info["collection"], request.match_info["id"]
    now_ms = platform.clock_ms()

    def write(connection: Connection) -> Change | None:
        if str(record.get(seed.key_of(collection))) != record_id:
            raise Malformed(reason=f"{seed.key_of(collection)} is not {record_id}")
        try:
            seed.author(connection, collection, record, now_ms)
        except seed.SeedInvalid as error:
            raise Malformed(reason=str(error)[:200]) from error
        return newest_change(connection, collection, record_id)

    return reply(await _at(request, platform).write(write))


async def delete_record(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Delete a record: the feed says so to the site."""
    collection, record_id = request.match_info["collection"], request.match_info["id"]

    def delete(connection: Connection) -> None:
        if newest_change(connection, collection, record_id) is None:
            raise custody.EventNotHere()
        put_record(connection, collection, record_id, None)

    await _at(request, platform).write(delete)
    return web.Response(status=204)


def _at(request: web.Request, platform: Platform) -> Any:
    return platform.database.of(request.match_info["site"])


def _number(request: web.Request, name: str) -> int:
    text = request.match_info[name]
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Malformed(parameter=name)
    return int(text)


_SITE = "/api/sites/{site}"
_RECORD = _SITE + "/records/{collection}/{id}"
_WRITE = "feed:write:{collection}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_SITE}/streams",
        list_streams,
        Access.KEY,
        "Streams of events in custody",
        answer=StreamList,
        scope="events:read",
    ),
    Route(
        "GET",
        _SITE + "/devices/{device}/epochs/{epoch}/events",
        list_events,
        Access.KEY,
        "Events of a stream after a seq",
        answer=EventPage,
        codes=("malformed", "not_found"),
        scope="events:read",
    ),
    Route(
        "GET",
        f"{_SITE}/figures",
        get_site_figures,
        Access.KEY,
        "The platform's own figures",
        answer=SiteFigures,
        scope="figures:read",
    ),
    Route(
        "PUT",
        _RECORD,
        write_record,
        Access.KEY,
        "Author a record of the feed",
        body=dict,
        answer=Change,
        scope=_WRITE,
    ),
    Route(
        "DELETE",
        _RECORD,
        delete_record,
        Access.KEY,
        "Delete a record of the feed",
        codes=("not_found",),
        scope=_WRITE,
    ),
)
