"""The real reference platform in the test's thread: its own application, asked without any network."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from unittest.mock import Mock, patch

import msgspec
from aiohttp import streams, web
from aiohttp.http import HttpVersion11, RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from cloud_sync.http import ANSWER_BYTES, HEAD_BYTES, USUAL, AnswerTooLarge, Patience, PlatformHttp, _refused
from cloud_sync.platform import app as platform_app
from cloud_sync.platform.database import Database
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.store.sqlite import SqliteConnection, open_memory, transact
from edge.errors import PlatformUnreachable

T = TypeVar("T")
LIMIT_BYTES = 1 << 22


class InlineEngine:
    """A store in memory and in the caller's thread, every unit a transaction as there."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    async def write(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """Run a unit."""
        return self._run(site, work)

    async def take(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """Run a unit."""
        return self._run(site, work)

    async def read(self, site: str, query: Callable[[Connection], T]) -> T:
        """Run a query."""
        return query(self._connection.of(site))

    def write_now(self, site: str, work: Callable[[Connection], T]) -> T:
        """Run a unit outside of the loop."""
        return self._run(site, work)[0]

    def close(self) -> None:
        """Let it go."""
        self._connection.raw.close()

    def _run(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        unit = self._connection.of(site)
        unit.changed = set()
        return transact(unit, work)


class InlineDatabase(Database):
    """The platform's database in memory and in the caller's thread."""

    def __init__(self, schema: str, *, home: str = "heyuanli") -> None:
        self.connection = open_memory(home=home, schema=schema)
        super().__init__(InlineEngine(self.connection), home)

    def listen(self, heard: Callable[[set[str]], None] | None) -> "InlineDatabase":
        """Tell somebody else which feeds change."""
        self._heard = heard
        return self


def open_platform(
    settings: PlatformSettings, *, schema: str, clock_ms: Callable[[], int]
) -> tuple[web.Application, InlineDatabase]:
    """The platform's application over a database in memory; its roles do not run by themselves."""
    database = InlineDatabase(schema)
    with patch.object(platform_app, "open_database", lambda _, heard: database.listen(heard)):
        app = platform_app.build_platform(settings, clock_ms=clock_ms, pause=give_up)
    app.freeze()
    return app, database


async def give_up(seconds: float) -> None:
    """Stands where a channel lets a request hang: whoever waits has given up. Raises TimeoutError."""
    raise TimeoutError(f"no answer for {seconds:.0f} s")


async def handle(
    app: web.Application,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str | int] | None = None,
    body: bytes | None = None,
) -> web.Response:
    """Have one request handled: routes, middlewares, checks and shapes are the application's own."""
    loop = asyncio.get_running_loop()
    url = URL(path).with_query({name: str(value) for name, value in (query or {}).items()})
    message = RawRequestMessage(
        method=method,
        path=str(url),
        version=HttpVersion11,
        headers=CIMultiDictProxy(CIMultiDict(headers or {})),
        raw_headers=(),
        should_close=False,
        compression=None,
        upgrade=False,
        chunked=False,
        url=url,
    )
    payload: Any = streams.EMPTY_PAYLOAD
    if body is not None:
        payload = streams.StreamReader(Mock(_reading_paused=False), 2**16, loop=loop)
        payload.feed_data(body)
        payload.feed_eof()
    nobody: Any = _Nobody()
    request = web.Request(message, payload, nobody, nobody, nobody, loop, client_max_size=LIMIT_BYTES)
    match = await app.router.resolve(request)
    match.add_app(app)
    match.freeze()
    request._match_info = match
    response = await app._handle(request)
    assert isinstance(response, web.Response)
    return response


class _Nobody:
    """Stands for a connection that nobody asks about."""

    transport = peername = sockname = ssl_context = None


class InlineHttp(PlatformHttp):
    """`PlatformHttp` with the platform's application behind it, on a network that can be cut.

    `away`: nothing arrives. `answers_lost`: what arrives is done, and no answer comes back. `lost_next`
    counts requests whose answers are lost. `asked` lists what was sent: method, path, when.
    """

    def __init__(
        self, app: web.Application, *, site: str, device: str, token: str, clock_ms: Callable[[], int]
    ) -> None:
        super().__init__(url="http://platform", site=site, device=device, token=token)
        self._app = app
        self._clock_ms = clock_ms
        self.away = self.answers_lost = False
        self.lost_next = 0
        self.asked: list[tuple[str, str, int]] = []

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        patience: Patience = USUAL,
        undated: bool = False,
        limit_bytes: int = ANSWER_BYTES,
    ) -> bytes:
        """Have it handled here and now."""
        if self.away:
            raise PlatformUnreachable("the platform is away")
        self.asked.append((method, path, self._clock_ms()))
        told = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        if body is not None:
            told.setdefault("Content-Type", "application/json")
        response = await handle(self._app, method, path, headers=told, query=query, body=body)
        if self.answers_lost or self.lost_next > 0:
            self.lost_next -= not self.answers_lost
            raise PlatformUnreachable("no answer came back")
        content = response.body
        assert isinstance(content, bytes)
        if response.status >= 400:
            answered: Any = response
            raise _refused(answered, content)
        if len(content) > limit_bytes:
            raise AnswerTooLarge(limit_bytes, content[:HEAD_BYTES])
        return content


class InlinePhone:
    """A resident's phone, signed in by the demo's door; asks the same application."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._cookies: dict[str, str] = {}

    async def ask(self, method: str, path: str, content: object = None) -> tuple[int, Any]:
        """Status and decoded JSON of an answer."""
        headers = {"Content-Type": "application/json"} if content is not None else {}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        body = None if content is None else msgspec.json.encode(content)
        response = await handle(self._app, method, path, headers=headers, body=body)
        for name, morsel in response.cookies.items():
            self._cookies[name] = morsel.value
        text = response.body
        assert isinstance(text, bytes)
        return response.status, msgspec.json.decode(text) if text else None
