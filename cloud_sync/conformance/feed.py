"""The feed: a snapshot from zero, in order, each record once, pages that join, and polls that are heard."""

import msgspec

from cloud_sync.conformance.bench import Bench, Check, NotTested, Wrong, expect, expect_refusal, read
from cloud_sync.conformance.peer import Answer
from cloud_sync.wire.collections import COLLECTIONS
from cloud_sync.wire.feed import BEAT_S, MAX_PAGE_CHANGES, Change, FeedPage
from cloud_sync.wire.schemas import FIRST

MAX_PAGES = 2_000
"""Pages of one snapshot: a million records; a feed that never ends is not read for ever."""
WAIT_S = 3
_SLACK_S = 0.5
"""A held answer may end so much too soon, a blank come so much too late."""
_NEEDED = 3
"""Records that the feed must hold, so that pages of one can be told from pages of all."""


async def read_snapshot(bench: Bench) -> str:
    """From zero to the end: cursors rise, a record is there once, a deleted one has no content."""
    changes, pages = await _read_all(bench, MAX_PAGE_CHANGES)
    seen: set[tuple[str, str]] = set()
    for change in changes:
        key = (change.collection, change.id)
        if key in seen:
            raise Wrong(f"{key[0]}/{key[1]} stands in the snapshot twice")
        empty = change.deleted or bool(change.left_out)
        if change.version < 1 or empty is not (change.data is None):
            raise Wrong(f"{key[0]}/{key[1]}: version {change.version}, deleted {change.deleted}, data or not")
        if change.data is not None and change.schema != FIRST:
            raise Wrong(f"{key[0]}/{key[1]} in shape {change.schema}, asked for by a reader that names none")
        seen.add(key)
    return f"{len(changes)} records on {pages} pages"


async def join_pages(bench: Bench) -> str:
    """Small pages, one after the other, are the same snapshot."""
    whole, _ = await _read_all(bench, MAX_PAGE_CHANGES)
    if len(whole) < _NEEDED:
        raise NotTested(f"needs at least {_NEEDED} records in the feed, has {len(whole)}")
    cursor, joined = 0, list[Change]()
    for _ in range(_NEEDED):
        page = await _page(bench, cursor, 1)
        if len(page.changes) != 1 or page.more is not (len(joined) + 1 < len(whole)):
            raise Wrong(f"limit=1 after {cursor}: {len(page.changes)} changes, more {page.more}")
        joined += page.changes
        cursor = page.cursor
    if joined != whole[:_NEEDED]:
        raise Wrong(f"cursors {[c.cursor for c in joined]} instead of {[c.cursor for c in whole[:_NEEDED]]}")
    return f"{_NEEDED} pages of one record"


async def end_at_the_end(bench: Bench) -> str:
    """After the last cursor there is nothing, and the same question has the same answer."""
    end = (await _read_all(bench, MAX_PAGE_CHANGES))[0]
    cursor = end[-1].cursor if end else 0
    for _ in range(2):
        page = await _page(bench, cursor, MAX_PAGE_CHANGES)
        if page.changes or page.more or page.cursor != cursor:
            raise Wrong(f"after the last cursor {cursor}: {len(page.changes)} changes, cursor {page.cursor}")
    return f"cursor {cursor}, twice"


async def hear_the_wait(bench: Bench) -> str:
    """An answer that is held back sends a blank every beat, so that silence means a dead connection."""
    end = (await _read_all(bench, MAX_PAGE_CHANGES))[0]
    cursor = end[-1].cursor if end else 0
    answer = await _ask(bench, {"cursor": cursor, "wait_s": WAIT_S})
    return expect_heard(answer, read(expect(answer, 200, what="a long poll"), FeedPage).changes)


def expect_heard(answer: Answer, brought: object) -> str:
    """A long poll that was held back for its time and heard of meanwhile. Raises Wrong."""
    if brought:
        return f"something came after {answer.took_s:.1f} s"
    if answer.took_s < WAIT_S - _SLACK_S:
        raise Wrong(f"held back {answer.took_s:.1f} s of {WAIT_S} s")
    if not answer.body.startswith(b" ") or answer.first_s > BEAT_S + _SLACK_S:
        raise Wrong(f"first byte after {answer.first_s:.1f} s, {answer.body[:1]!r}")
    return f"held back {answer.took_s:.1f} s, heard of after {answer.first_s:.1f} s"


async def know_shapes(bench: Bench) -> str:
    """Records of the collections that a device knows have the shapes that it reads."""
    changes, _ = await _read_all(bench, MAX_PAGE_CHANGES)
    known = [c for c in changes if c.collection in COLLECTIONS and c.data is not None]
    for change in known:
        try:
            msgspec.convert(change.data, COLLECTIONS[change.collection])
        except msgspec.ValidationError as error:
            raise Wrong(f"{change.collection}/{change.id}: {error}") from error
    return f"{len(known)} of {len(changes)} records are of known collections"


async def refuse_bad_cursors(bench: Bench) -> str:
    """Parameters that are no numbers."""
    for name in ("cursor", "limit", "wait_s"):
        answer = await _ask(bench, {name: "x"})
        expect_refusal(answer, 400, "malformed", what=f"{name}=x")
    return "cursor, limit and wait_s: 400 malformed"


async def _read_all(bench: Bench, limit: int) -> tuple[list[Change], int]:
    """Every page from zero; raises Wrong where cursors do not rise or pages do not end."""
    changes: list[Change] = []
    cursor = 0
    for number in range(1, MAX_PAGES + 1):
        page = await _page(bench, cursor, limit)
        for change in page.changes:
            if change.cursor <= cursor:
                raise Wrong(f"cursor {change.cursor} follows {cursor}")
            cursor = change.cursor
        if page.cursor != cursor:
            raise Wrong(f"the page says cursor {page.cursor}, its last change {cursor}")
        changes += page.changes
        if not page.more:
            return changes, number
        if not page.changes:
            raise Wrong("more, and no change")
    raise Wrong(f"more after {MAX_PAGES} pages")


async def _page(bench: Bench, cursor: int, limit: int) -> FeedPage:
    answer = await _ask(bench, {"cursor": cursor, "limit": limit})
    page = read(expect(answer, 200, what=f"feed after {cursor}"), FeedPage)
    if len(page.changes) > limit:
        raise Wrong(f"{len(page.changes)} changes, limit {limit}")
    if page.site not in ("", bench.peer.site):
        raise Wrong(f"a page of the site {page.site}")
    return page


async def _ask(bench: Bench, query: dict[str, str | int]) -> Answer:
    return await bench.peer.ask("GET", bench.peer.site_path + "/feed", query=query)


_PART = "feed"
CHECKS: tuple[Check, ...] = (
    Check("feed_whole", _PART, "rising cursors from zero to the end, each record once", read_snapshot),
    Check("feed_pages_join", _PART, "pages of one record are the same snapshot", join_pages),
    Check("feed_ends", _PART, "nothing after the last cursor, however often it is asked", end_at_the_end),
    Check("feed_wait_heard", _PART, "a long poll is held back and heard of every two seconds", hear_the_wait),
    Check("feed_shapes", _PART, "records of known collections in their shapes", know_shapes),
    Check("feed_bounds", _PART, "400 malformed for parameters that are no numbers", refuse_bad_cursors),
)
