"""HTTP and WebSocket around one session: fragments out, gestures in, nothing else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from kiosk.assets import Assets
from kiosk.openapi import OPENAPI
from kiosk.render import Renderer
from kiosk.session import Session

TICK_S = 1.0
"""The shown seconds count down by this; polling asks at most as often."""
LOOK_S = 0.2
"""How soon the screen at a door shows what its reader said."""
MESSAGE_LIMIT_BYTES = 1024
CLIENTS_LIMIT = 8
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Report(msgspec.Struct, frozen=True):
    """What the browser reports: a gesture with its value; n counts them, so that each gets its answer."""

    gesture: str
    value: str = ""
    n: int = 0


class Scan(Protocol):
    """What the screen needs of a scan."""

    @property
    def symbology(self) -> str:
        """ean13, ean8, qr, code128 … or payment_code for one that was discarded unread."""

    @property
    def text(self) -> str:
        """What was read."""


class Scans(Protocol):
    """Where scans for this screen wait."""

    async def get(self) -> Scan:
        """Wait for the next scan."""

    def clear(self) -> None:
        """Forget what waits."""


class Hints(Protocol):
    """A stream of hints that something changed."""

    async def wait(self, timeout_s: float | None = None) -> str | None:
        """The next topic, or None after the time."""


@dataclass(frozen=True)
class Front:
    """What the server stands on. hosts: names under which the screen may be asked for.

    gates: a session for the screen at each door, beside the kiosk's own; it takes no scans and no touch.
    """

    session: Session
    scans: Scans
    hints: Hints
    health: Callable[[], Awaitable[Mapping[str, object]]]
    metrics: Callable[[], str]
    hosts: frozenset[str]
    pay_screen: Callable[[bool], Awaitable[None]] | None = None
    gates: Mapping[str, Session] = field(default_factory=dict)
    assets: Assets = field(default_factory=Assets)


class ScreenServer:
    """Holds the sockets of one session and keeps them showing the same."""

    def __init__(self, front: Front, session: Session | None = None) -> None:
        self._front = front
        self._session = session or front.session
        self._renderer = Renderer(front.assets)
        self._sockets: set[web.WebSocketResponse] = set()
        self._turn = asyncio.Lock()
        self._shown = ""
        self._revision = 0

    async def run(self) -> None:
        """Tick, poll and take scans until cancelled; a fault in one of them ends all."""
        async with asyncio.TaskGroup() as group:
            if self._session is not self._front.session:
                group.create_task(self._show())
                return
            group.create_task(self._tick())
            group.create_task(self._poll())
            group.create_task(self._take_scans())

    async def page(self, request: web.Request) -> web.Response:
        """The document with the present screen in it."""
        del request
        await self._arrived()
        return web.Response(text=self._renderer.page(self._session), content_type="text/html")

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """One browser: it gets fragments and reports gestures. Other origins are refused."""
        origin = request.headers.get("Origin", "")
        if not origin or urlsplit(origin).netloc != request.headers.get("Host", ""):
            raise web.HTTPForbidden(text="origin")
        if len(self._sockets) >= CLIENTS_LIMIT:
            raise web.HTTPServiceUnavailable(text="too many screens")
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=MESSAGE_LIMIT_BYTES)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await self._arrived()
            await self._send(socket, html=self._renderer.fragment(self._session), answered=0)
            async for message in socket:
                if message.type is not WSMsgType.TEXT or not await self._take_report(socket, message.data):
                    await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"report")
        finally:
            self._sockets.discard(socket)
        return socket

    async def close(self) -> None:
        """Let go of every browser, so that stopping does not wait for them; they come back by themselves."""
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"stopping")

    async def _take_report(self, socket: web.WebSocketResponse, text: str) -> bool:
        try:
            report = msgspec.json.decode(text, type=Report)
        except msgspec.DecodeError:
            return False
        async with self._turn:
            if report.gesture == "measure":
                self._measure(report.value)
            else:
                await self._session.gesture(report.gesture, report.value)
            await self.publish(socket, report.n)
        return True

    async def _arrived(self) -> None:
        """Wait while the session is on its way to a screen."""
        if (arriving := self._session.visit.arriving) is not None:
            await arriving.wait()

    def _measure(self, value: str) -> None:
        width, _, height = value.partition("x")
        if width.isdigit() and height.isdigit():
            self._session.measure(int(width), int(height))

    async def publish(self, asker: web.WebSocketResponse | None = None, answered: int = 0) -> None:
        """Send the screen to every browser if it changed, and the asker its answer in any case.

        A screen that still reads what it shows is not sent: who leads there sends it when it is whole.
        """
        if self._session.visit.arriving is not None:
            return
        html = self._renderer.fragment(self._session)
        changed = html != self._shown
        if changed:
            self._shown, self._revision = html, self._revision + 1
        for socket in tuple(self._sockets):
            if changed or socket is asker:
                await self._send(
                    socket, html=html if changed else "", answered=answered if socket is asker else 0
                )

    async def _send(self, socket: web.WebSocketResponse, *, html: str, answered: int) -> None:
        body = {"html": html, "revision": self._revision, "answered": answered}
        with contextlib.suppress(ConnectionError):
            await socket.send_str(msgspec.json.encode(body).decode())

    async def _show(self) -> None:
        """A screen that only shows: it looks again whenever the kiosk does."""
        while True:
            await self.publish()
            await asyncio.sleep(LOOK_S)

    async def _tick(self) -> None:
        while True:
            visit = self._session.visit
            self._session.tick()
            if visit is not self._session.visit:
                self._front.scans.clear()
            await self.publish()
            await asyncio.sleep(TICK_S)

    async def _poll(self) -> None:
        paying = False
        while True:
            await self._session.poll()
            await self.publish()
            if self._front.pay_screen is not None and paying != self._session.takes_payment_codes:
                paying = not paying
                await self._front.pay_screen(paying)
            await self._front.hints.wait(TICK_S)

    async def _take_scans(self) -> None:
        while True:
            scan = await self._front.scans.get()
            async with self._turn:
                await self._session.scan(scan.symbology, scan.text)
                await self.publish()


RUNNING: web.AppKey["asyncio.Task[None]"] = web.AppKey("running", asyncio.Task)


def build_screen(front: Front) -> web.Application:
    """The application of one screen."""
    server = ScreenServer(front)
    gates = {door: ScreenServer(front, session) for door, session in front.gates.items()}
    app = web.Application(middlewares=[_guard(front.hosts)], client_max_size=1024)

    async def asset(request: web.Request) -> web.Response:
        found = front.assets.find(request.path)
        if found is None:
            raise web.HTTPNotFound
        zipped = "gzip" in request.headers.get("Accept-Encoding", "")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if zipped:
            headers["Content-Encoding"] = "gzip"
        body = found.gzipped if zipped else found.body
        return web.Response(body=body, content_type=found.media_type, charset="utf-8", headers=headers)

    async def health(request: web.Request) -> web.Response:
        del request
        state = dict(await front.health())
        return web.json_response(state, status=200 if state.get("ready", True) else 503)

    async def metrics(request: web.Request) -> web.Response:
        del request
        return web.Response(text=front.metrics(), content_type="text/plain")

    async def openapi(request: web.Request) -> web.Response:
        del request
        return web.json_response(OPENAPI)

    app.router.add_get("/", server.page)
    app.router.add_get("/ws", server.socket)

    _add_gates(app, gates)
    app.router.add_get("/static/{hash}/{name:.+}", asset)
    app.router.add_get("/health", health)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/openapi.json", openapi)
    app.cleanup_ctx.append(_running((server, *gates.values())))

    async def let_go(app: web.Application) -> None:
        del app
        for each in (server, *gates.values()):
            await each.close()

    app.on_shutdown.append(let_go)
    return app


def _add_gates(app: web.Application, gates: Mapping[str, ScreenServer]) -> None:
    """The screens at the doors, each under its door's name."""

    def found(request: web.Request) -> ScreenServer:
        server = gates.get(request.match_info["door"])
        if server is None:
            raise web.HTTPNotFound
        return server

    async def page(request: web.Request) -> web.Response:
        return await found(request).page(request)

    async def socket(request: web.Request) -> web.WebSocketResponse:
        return await found(request).socket(request)

    app.router.add_get("/gate/{door}/", page)
    app.router.add_get("/gate/{door}/ws", socket)


def _running(servers: Iterable[ScreenServer]) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run_all() -> None:
        async with asyncio.TaskGroup() as group:
            for server in servers:
                group.create_task(server.run())

    async def context(app: web.Application) -> AsyncIterator[None]:
        app[RUNNING] = asyncio.create_task(run_all())
        yield
        app[RUNNING].cancel()
        with contextlib.suppress(asyncio.CancelledError, ExceptionGroup):
            await app[RUNNING]

    return context


def _guard(hosts: frozenset[str]) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Only our own names are answered: a foreign page cannot rebind its name to us. Headers on everything."""

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            if request.host.rpartition(":")[0] not in hosts and request.host not in hosts:
                raise web.HTTPMisdirectedRequest(text="host")
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(SECURITY_HEADERS)
            raise
        if not response.prepared:
            response.headers.update(SECURITY_HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guard
