"""A stage's server on paper: the page as it lies there, a made-up state, and what was pressed."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from devices.simulator.page import ROOT, file_route
from edge.demo.stage.server import page_files

State = dict[str, Any]
GROUPS = ("network", "broker", "power", "door", "hardware", "attack", "other", "phone")
FRAME = """<!doctype html><html lang="zh"><head><title>{name}</title></head><body><main><h1>{name}</h1>
<a target="camera">code</a></main><script src="/finger.js"></script></body></html>"""
FINGER = """addEventListener("message", (event) => {
  const ok = Boolean(document.querySelector(event.data.selector));
  const say = (words) => parent.postMessage(words, event.origin);
  if (ok) say({stage: "card", camera: "kiosk", text: "CE1:card"});
  say({stage: "answer", id: event.data.id, ok});
});"""


def both(zh: str, en: str) -> dict[str, str]:
    """A text in both languages."""
    return {"zh": zh, "en": en}


def made_up_state() -> State:
    """A stage in the middle of its day."""
    state: State = json.loads(Path(__file__).with_name("stage_state.json").read_text("utf-8"))
    state["line"]["checked_at_ms"] = round(time.time() * 1000)
    return state


@dataclass
class StageStand:
    """What the page sees, and what it asked for."""

    state: State = field(default_factory=made_up_state)
    posted: list[tuple[str, State]] = field(default_factory=list)
    answers: dict[str, tuple[int, State]] = field(default_factory=dict)
    kiosk_away: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _frames: dict[str, str] = field(default_factory=dict)

    def tell(self, **parts: Any) -> None:
        """The state is another one from now on."""
        self.state |= parts
        self._changed.set()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                self._changed.clear()
                await answer.write(f"event: state\ndata: {json.dumps(self.state)}\n\n".encode())
                await self._changed.wait()
        return answer

    async def _tell_frames(self, _: web.Request) -> web.Response:
        return web.json_response(self._frames)

    async def _post(self, request: web.Request) -> web.Response:
        self.posted.append((request.path, await request.json()))
        status, body = self.answers.get(request.path, (200, {"said": both("", "")}))
        return web.json_response(body, status=status)

    async def _add_headers(self, _: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'self'; frame-src {' '.join(self._frames.values())}"
        )

    def _real(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(_: web.Request) -> web.Response:
            if name == "kiosk" and self.kiosk_away:
                raise web.HTTPBadGateway
            return web.Response(text=FRAME.format(name=name), content_type="text/html")

        return answer

    def _build(self) -> web.Application:
        app = web.Application()
        app.on_response_prepare.append(self._add_headers)
        app.add_routes(
            [
                *page_files(),
                web.get("/frames.json", self._tell_frames),
                web.get("/events", self._events),
                file_route("/kiosk.mjpg", ROOT / "docs" / "pictures" / "phone-gate.png"),
                web.post("/{path:.*}", self._post),
            ]
        )
        return app

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve on free ports of loopback; gives the page's address."""
        async with contextlib.AsyncExitStack() as stack:
            for name in ("kiosk", "phone"):
                app = web.Application()
                app.router.add_get("/", self._real(name))
                app.router.add_get("/finger.js", _finger)
                self._frames[name] = await stack.enter_async_context(_listen(app))
            yield await stack.enter_async_context(_listen(self._build()))


async def _finger(_: web.Request) -> web.Response:
    return web.Response(text=FINGER, content_type="text/javascript")


@contextlib.asynccontextmanager
async def _listen(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
