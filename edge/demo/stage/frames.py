"""The kiosk and the phone as they are, in frames of the stage: reverse proxies, each on a port of its own.

Requests, answers, streams and WebSockets pass through unchanged but for three things: the stage may frame the
page, the page gets the visible finger (`/finger.js`), and the way there can be cut. A frame answers only
under its own address and takes nothing that changes something from a page of another origin.
"""

import asyncio
import contextlib
import re
from pathlib import Path

import aiohttp
from aiohttp import WSMsgType, web
from multidict import CIMultiDict

PAGE = Path(__file__).with_name("page")
FINGER = "/finger.js"
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""RFC 9110, section 7.6.1: for one connection only, never passed on."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SOCKET_LIMIT_BYTES = 4 << 20
CONNECT_S = 2.0
AWAY = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>不在 away</title>
<body><p>这里现在没人应答，回来了会自己出现。</p>
<p lang="en">Nobody answers here now. It comes back by itself.</p>"""
AWAY_AGAIN_S = 1


class Frame:
    """A page server at `target_port`, shown on `port` to the stage on `stage_port`; all on 127.0.0.1."""

    def __init__(self, *, port: int, target_port: int, stage_port: int) -> None:
        self.port = port
        self.is_cut = False
        self._target = f"127.0.0.1:{target_port}"
        self._stage = f"http://127.0.0.1:{stage_port}"
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._http: aiohttp.ClientSession | None = None

    @property
    def origin(self) -> str:
        """The origin of what is shown in it."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Listen."""
        self._http = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            connector=aiohttp.TCPConnector(limit=0),
        )
        app = web.Application(client_max_size=1 << 26)
        app.router.add_get(FINGER, self._finger)
        app.router.add_route("*", "/{rest:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await self._listen()

    async def close(self) -> None:
        """Let go of everything."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._http is not None:
            await self._http.close()

    async def cut(self) -> None:
        """End every connection and refuse new ones, as a device without network."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self.is_cut = True
        assert self._runner is not None
        assert self._runner.server is not None
        for handler in self._runner.server.connections:
            handler.force_close()

    async def mend(self) -> None:
        """Listen again."""
        if self.is_cut:
            await self._listen()

    async def _listen(self) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        self.is_cut = False

    async def _finger(self, _: web.Request) -> web.StreamResponse:
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return web.FileResponse(PAGE / "finger.js", headers=headers)

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if request.host != f"127.0.0.1:{self.port}":
            raise web.HTTPMisdirectedRequest(text="host")
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        origin = request.headers.get("Origin", "")
        if (is_socket or request.method not in SAFE_METHODS) and origin != self.origin:
            raise web.HTTPForbidden(text="origin")
        try:
            return await (self._pass_socket(request) if is_socket else self._pass_request(request))
        except aiohttp.ClientConnectionError as error:
            if request.headers.get("Sec-Fetch-Mode") == "navigate":
                headers = {"Refresh": str(AWAY_AGAIN_S), "Cache-Control": "no-store"}
                return web.Response(text=AWAY, content_type="text/html", status=502, headers=headers)
            raise web.HTTPBadGateway(text="away") from error

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        """What the page's own server is to see: its own address, as if no frame were there."""
        headers = CIMultiDict(
            (name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP
        )
        headers["Host"] = self._target
        if "Origin" in headers:
            headers["Origin"] = f"http://{self._target}"
        if "Referer" in headers:
            headers["Referer"] = headers["Referer"].replace(self.origin, f"http://{self._target}", 1)
        headers["Accept-Encoding"] = "identity"
        return headers

    async def _pass_request(self, request: web.Request) -> web.StreamResponse:
        assert self._http is not None
        async with self._http.request(
            request.method,
            f"http://{self._target}{request.raw_path}",
            headers=self._headers(request),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
        ) as answer:
            headers = CIMultiDict(
                (name, self._allow(name, value))
                for name, value in answer.headers.items()
                if name.lower() not in HOP_BY_HOP
            )
            if answer.content_type == "text/html" and request.method == "GET":
                headers.pop("Content-Length", None)
                text = self._with_finger(await answer.text())
                return web.Response(body=text.encode(), status=answer.status, headers=headers)
            shown = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
            await shown.prepare(request)
            async for data in answer.content.iter_any():
                await shown.write(data)
            await shown.write_eof()
            return shown

    def _allow(self, name: str, value: str) -> str:
        """Let the stage frame the page, and nobody else; keep redirections inside."""
        if name.lower() == "content-security-policy":
            return re.sub(r"frame-ancestors[^;]*", f"frame-ancestors {self._stage}", value)
        if name.lower() == "location":
            return value.replace(f"http://{self._target}", self.origin, 1)
        return value

    def _with_finger(self, html: str) -> str:
        script = f'<script src="{FINGER}" data-stage="{self._stage}" defer></script>'
        return html.replace("</head>", f"{script}</head>", 1)

    async def _pass_socket(self, request: web.Request) -> web.StreamResponse:
        assert self._http is not None
        headers = self._headers(request)
        for name in [name for name in headers if name.lower().startswith("sec-websocket-")]:
            headers.popall(name, None)
        async with self._http.ws_connect(
            f"http://{self._target}{request.raw_path}", headers=headers, max_msg_size=SOCKET_LIMIT_BYTES
        ) as far:
            near = web.WebSocketResponse(max_msg_size=SOCKET_LIMIT_BYTES)
            await near.prepare(request)
            pumps = [asyncio.create_task(_pump(near, far)), asyncio.create_task(_pump(far, near))]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                await near.close()
            return near


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, sink: Socket) -> None:
    """Pass messages on until one side is gone."""
    with contextlib.suppress(ConnectionError):
        async for message in source:
            if message.type is WSMsgType.TEXT:
                await sink.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await sink.send_bytes(message.data)
