"""The stage's own HTTP server: the page, the state as it changes, and hands for the page's keys.

It answers under one address only, and takes nothing that changes something from another origin.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from devices.simulator.hands import Hands
from devices.simulator.page import ROOT, file_route
from edge.demo.stage.state import StateTeller
from edge.demo.stage.switches.port import Reach, Switch
from edge.demo.stage.words import NOTHING, CannotNow, Said

PAGE = Path(__file__).with_name("page")
KIT = ROOT / "kiosk" / "static"
GOODS = ROOT / "edge" / "demo" / "products.json"
BODY_LIMIT_BYTES = 8_192
EVENT_PAUSE_S = 0.25
"""At most four states a second go to a page."""
BEAT_S = 10.0
"""A page that hears nothing for longer knows that the stage is away."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page_files() -> tuple[web.AbstractRouteDef, ...]:
    """What the page is made of, as it lies there."""
    return (
        file_route("/", PAGE / "index.html"),
        web.static("/page", PAGE),
        web.static("/kit", KIT),
        file_route("/goods.json", GOODS),
        file_route("/tour.json", PAGE / "tour.json"),
    )


class StageServer:
    """The routes over everything that the stage may reach."""

    def __init__(
        self, reach: Reach, *, hands: Hands, switches: Sequence[Switch], teller: StateTeller
    ) -> None:
        self._reach = reach
        self._ports = reach.world.layout.ports
        self._hands = hands
        self._switches = {switch.id: switch for switch in switches}
        self._teller = teller
        self._pressed: set[str] = set()
        self._camera = f"http://127.0.0.1:{self._ports.camera}"
        self.address = f"127.0.0.1:{self._ports.stage}"

    def build(self) -> web.Application:
        """The application."""
        app = web.Application(middlewares=[self._guard], client_max_size=BODY_LIMIT_BYTES)
        app.on_response_prepare.append(self._add_headers)
        app.add_routes(
            [
                *page_files(),
                web.get("/frames.json", self._frames),
                web.get("/events", self._events),
                web.get("/kiosk.mjpg", self._stream),
                web.post("/switches/{id}", self._press),
                web.post("/hold", self._hold),
                web.post("/clear", self._clear),
                web.post("/hands/{kind:doors|inputs|cells}/{name}", self._hands.move),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """One address, and nothing from elsewhere; what cannot be done is told in both languages."""
        if request.host != self.address:
            if request.method == "GET" and request.host == f"localhost:{self._ports.stage}":
                raise web.HTTPPermanentRedirect(f"http://{self.address}{request.rel_url}")
            raise web.HTTPMisdirectedRequest(text="host")
        if request.method != "GET" and request.headers.get("Origin", "") != f"http://{self.address}":
            raise web.HTTPForbidden(text="origin")
        try:
            return await handler(request)
        except CannotNow as refusal:
            return web.json_response({"said": refusal.said._asdict()}, status=409)

    async def _add_headers(self, _: web.Request, answer: web.StreamResponse) -> None:
        ports = self._ports
        answer.headers["Content-Security-Policy"] = (
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
            f" form-action 'none'; frame-ancestors 'none'; frame-src http://127.0.0.1:{ports.stage_kiosk}"
            f" http://127.0.0.1:{ports.stage_phone}"
        )
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers.setdefault("Cache-Control", "no-cache")

    async def _frames(self, _: web.Request) -> web.Response:
        """GET /frames.json: where the kiosk and the phone can be framed."""
        ports = self._ports
        return web.json_response(
            {
                "kiosk": f"http://127.0.0.1:{ports.stage_kiosk}/",
                "phone": f"http://127.0.0.1:{ports.stage_phone}/phone",
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """GET /events: one `state` message now and at every change."""
        answer = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await answer.prepare(request)
        revision = -1
        with self._teller.watched():
            while True:
                try:
                    async with asyncio.timeout(BEAT_S):
                        revision, text = await self._teller.newer(revision)
                except TimeoutError:
                    text = ""
                try:
                    await answer.write(f"event: state\ndata: {text}\n\n".encode() if text else b": beat\n\n")
                except ConnectionError:
                    return answer
                await asyncio.sleep(EVENT_PAUSE_S)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """GET /kiosk.mjpg: what the kiosk's camera sees, as long as it sees."""
        patience = aiohttp.ClientTimeout(total=None, sock_connect=2.0, sock_read=5.0)
        try:
            async with self._reach.http.get(f"{self._camera}/kiosk.mjpg", timeout=patience) as seen:
                headers = {"Content-Type": seen.headers["Content-Type"], "Cache-Control": "no-store"}
                answer = web.StreamResponse(status=seen.status, headers=headers)
                await answer.prepare(request)
                async for data in seen.content.iter_any():
                    await answer.write(data)
                return answer
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise web.HTTPServiceUnavailable(text="camera") from error

    async def _press(self, request: web.Request) -> web.Response:
        """POST /switches/ID {"on": bool}: what really happened, once it is seen."""
        switch = self._switches.get(request.match_info["id"])
        if switch is None:
            raise web.HTTPNotFound
        on = (await _read_object(request)).get("on")
        if not isinstance(on, bool):
            raise web.HTTPBadRequest(text='{"on": true} or {"on": false} is expected')
        if switch.id in self._pressed:
            raise CannotNow(Said("上一次还没做完。", "The last press is still under way."))
        self._pressed.add(switch.id)
        try:
            said = await switch.press(on)
        finally:
            self._pressed.discard(switch.id)
        self._teller.say(switch.id, said)
        return web.json_response({"state": await switch.observed(), "said": said._asdict()})

    async def _hold(self, request: web.Request) -> web.Response:
        """POST /hold {camera, symbology, text} or {camera, good}: a hand holds it before the camera."""
        asked = await _read_object(request)
        if "good" in asked:
            asked = asked | {"symbology": "ean13", "text": asked["good"]}
            del asked["good"]
        return await self._tell_camera("/hold", asked)

    async def _clear(self, request: web.Request) -> web.Response:
        """POST /clear {camera}: the hand goes away."""
        return await self._tell_camera("/clear", await _read_object(request))

    async def _tell_camera(self, path: str, body: object) -> web.Response:
        try:
            async with self._reach.http.post(f"{self._camera}{path}", json=body) as answer:
                if answer.status != web.HTTPOk.status_code:
                    why = await answer.text()
                    said = Said(f"摄像头前举不起来：{why}", f"It cannot be held up: {why}")
                    return web.json_response({"said": said._asdict()}, status=answer.status)
                return web.json_response(await answer.json() | {"said": NOTHING._asdict()})
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CannotNow(Said("摄像头不在。", "The camera is not there.")) from error


async def _read_object(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise web.HTTPBadRequest(text="JSON is expected") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="an object is expected")
    return body
