"""Reading a page of the feed: nothing larger than its limit is ever in memory, no record spoils its page."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from cloud_sync.http import AnswerTooLarge, Patience, PlatformHttp
from cloud_sync.wire.feed import MAX_PAGE_BYTES, MAX_RECORD_BYTES, AppliedThrough, Change, LeftOut
from cloud_sync.wire.schemas import SCHEMAS, encode_schemas, schema_of
from edge.errors import PlatformUnreachable

T = TypeVar("T")

MALFORMED = "malformed"
TOO_LARGE = "record_too_large"
TOO_NEW = "record_too_new"
_LEFT_OUT: dict[LeftOut, str] = {"too_new": TOO_NEW, "too_large": TOO_LARGE}
_BEFORE_CONTENT = b'"data":'

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Received(NamedTuple):
    """A change as it came: without its content in `change`, the content as an object, or why it has none."""

    change: Change
    data: dict[str, Any] | None
    fault: str


class Page(NamedTuple):
    """A page whose changes were each judged by itself."""

    changes: list[Received]
    cursor: int
    more: bool
    newest: int


class FeedOfAnotherSite(PlatformUnreachable):
    """The page names another site: nothing of it is applied."""


class _Head(msgspec.Struct, frozen=True):
    cursor: _Number
    collection: _Name
    id: _Name
    version: _Number


class _Change(_Head, frozen=True):
    data: msgspec.Raw = msgspec.Raw(b"null")
    deleted: bool = False
    applied_through: AppliedThrough | None = None
    schema: _Number = 1
    left_out: str = ""


class _Page(msgspec.Struct, frozen=True):
    changes: list[msgspec.Raw]
    cursor: _Number
    more: bool
    newest: _Number = 0
    site: str = ""


class _HeadPage(msgspec.Struct, frozen=True):
    changes: Annotated[list[_Head], msgspec.Meta(min_length=1)]


class PageReader:
    """Asks for pages. `schemas` is what this program understands of each collection."""

    def __init__(
        self, http: PlatformHttp, *, site: str, patience: Patience, schemas: Mapping[str, int] = SCHEMAS
    ) -> None:
        self._http = http
        self.reach = http.reach
        self._site = site
        self._patience = patience
        self.schemas = schemas

    async def read(self, cursor: int, *, limit: int, wait_s: int) -> Page:
        """Read the changes after a cursor. Raises PlatformError, FeedOfAnotherSite."""
        while True:
            try:
                body = await self._ask(cursor, limit, wait_s, limit_bytes=MAX_PAGE_BYTES)
                return self._judge(body, cursor)
            except AnswerTooLarge as large:
                if limit == 1:
                    return _page_of_head(large.head, cursor)
            limit = max(1, limit // 4)

    async def _ask(self, cursor: int, limit: int, wait_s: int, *, limit_bytes: int) -> bytes:
        query: dict[str, str | int] = {"cursor": cursor, "limit": limit, "wait_s": wait_s}
        if known := encode_schemas(self.schemas):
            query["schemas"] = known
        return await self._http.exchange(
            "GET",
            self._http.site_path + "/feed",
            query=query,
            patience=self._patience,
            limit_bytes=limit_bytes,
        )

    def _judge(self, body: bytes, cursor: int) -> Page:
        page = _decoded(body, _Page)
        if page.site not in ("", self._site):
            raise FeedOfAnotherSite(f"feed of another site: {page.site[:60]}")
        if page.cursor < cursor or (page.more and page.cursor == cursor):
            raise PlatformUnreachable("a page of the feed leads nowhere")
        changes = [judge_change(bytes(raw), self.schemas) for raw in page.changes]
        return Page(changes, page.cursor, page.more, page.newest)


def judge_change(raw: bytes, schemas: Mapping[str, int] = SCHEMAS) -> Received:
    """Read one change; whatever is wrong with it becomes its fault, never the page's."""
    try:
        found = msgspec.json.decode(raw, type=_Change)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Received(_named(raw), None, MALFORMED)
    change = Change(
        cursor=found.cursor,
        collection=found.collection,
        id=found.id,
        version=found.version,
        deleted=found.deleted,
        applied_through=found.applied_through,
        schema=found.schema,
    )
    if change.deleted:
        return Received(change, None, "")
    fault = _fault_of(found, schemas)
    if fault:
        return Received(change, None, fault)
    try:
        return Received(change, msgspec.json.decode(found.data, type=dict[str, Any]), "")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Received(change, None, MALFORMED)


def _fault_of(found: _Change, schemas: Mapping[str, int]) -> str:
    for left_out, fault in _LEFT_OUT.items():
        if found.left_out == left_out:
            return fault
    if found.schema > schema_of(found.collection, schemas):
        return TOO_NEW
    return TOO_LARGE if len(bytes(found.data)) > MAX_RECORD_BYTES else ""


def _named(raw: bytes) -> Change:
    """What a change that cannot be read says of itself; one that says nothing goes by its digest."""
    try:
        head = msgspec.json.decode(raw, type=_Head)
        return Change(head.cursor, head.collection, head.id, head.version)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    return Change(0, "unreadable", hashlib.sha256(raw).hexdigest()[:16], 1)


def _page_of_head(head: bytes, cursor: int) -> Page:
    """One record is larger than all that is read: its head says which one, and where to go on."""
    before, found, _ = head.partition(_BEFORE_CONTENT)
    if not found:
        raise PlatformUnreachable("a page of the feed is too large and does not say whose it is")
    page = _decoded(before.rstrip().rstrip(b",") + b"}]}", _HeadPage)
    one = page.changes[0]
    if one.cursor <= cursor:
        raise PlatformUnreachable("a page of the feed leads back")
    change = Change(one.cursor, one.collection, one.id, one.version)
    return Page([Received(change, None, TOO_LARGE)], one.cursor, True, one.cursor)


def _decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PlatformUnreachable("the answer is not of the protocol") from error
