"""`python -m devices.simulator.camera`: three cameras as MJPEG streams, and hands that hold things up.

A camera can be unplugged: its stream ends in the middle of whatever it sends, and its address answers no more
until it is plugged in again. A simulator of cameras: only pictures leave it. On loopback, for demo and tests.
"""

import argparse
import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import cv2
import msgspec
import numpy as np
from aiohttp import BodyPartReader, web

from devices.simulator.camera_codes import MAX_TEXT_CHARS, draw_code
from devices.simulator.camera_scene import Colour, Scene
from devices.simulator.page import ROOT, add_headers, file_route
from devices.vision.headers import PictureRefused
from devices.vision.pictures import MAX_BYTES, check_picture

FRAME_S = 1 / 12
BOUNDARY = "frame"
PAGE = Path(__file__).with_name("camera_page")

CameraName = Literal["kiosk", "gate", "north"]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=60)]


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hold a code before a camera."""

    camera: CameraName
    symbology: Literal["ean13", "qr"]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT_CHARS)]
    seconds: Seconds = 3.0


class Clear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take away whatever is held before a camera."""

    camera: CameraName


class Plug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pull a camera's plug, or put it back."""

    camera: CameraName
    plugged: bool


Order = TypeVar("Order", Hold, Clear, Plug)


class Cameras:
    """The scenes of the cameras and the HTTP handlers."""

    def __init__(self, goods: list[dict[str, Any]]) -> None:
        self._scenes: dict[str, Scene] = {"kiosk": Scene(1), "gate": Scene(2), "north": Scene(3)}
        self._goods = goods
        self._unplugged: set[str] = set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """GET /NAME.mjpg: frames until the client goes or the plug is pulled; nothing at all without it."""
        name = request.match_info["camera"]
        scene = self._scenes[name]
        if name in self._unplugged:
            return _hang_up(request, web.StreamResponse())
        answer = web.StreamResponse(
            headers={
                "Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}",
                "Cache-Control": "no-store",
            }
        )
        await answer.prepare(request)
        due = time.monotonic()
        try:
            while name not in self._unplugged:
                frame = scene.frame(time.monotonic())
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
                await answer.write(head.encode() + frame + b"\r\n")
                due = max(due + FRAME_S, time.monotonic())
                await asyncio.sleep(due - time.monotonic())
        except ConnectionError:
            return answer
        return _hang_up(request, answer)

    async def hold(self, request: web.Request) -> web.Response:
        """POST /hold: print a code on a card and hold it up."""
        order = await _order(request, Hold)
        try:
            code = draw_code(order.symbology, order.text)
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        self._scenes[order.camera].hold(code, now_s=time.monotonic(), seconds=order.seconds)
        return web.json_response({"seconds": order.seconds})

    async def clear(self, request: web.Request) -> web.Response:
        """POST /clear: take it away."""
        self._scenes[(await _order(request, Clear)).camera].clear()
        return web.json_response({})

    async def plug(self, request: web.Request) -> web.Response:
        """POST /plug: pull a camera's plug or put it back."""
        order = await _order(request, Plug)
        (self._unplugged.discard if order.plugged else self._unplugged.add)(order.camera)
        return await self.cameras(request)

    async def cameras(self, _: web.Request) -> web.Response:
        """GET /cameras.json: which camera is plugged in."""
        plugged = {name: {"plugged": name not in self._unplugged} for name in self._scenes}
        return web.json_response(plugged, headers={"Cache-Control": "no-store"})

    async def picture(self, request: web.Request) -> web.Response:
        """POST /picture, form fields `camera` and `picture`: the camera sees it for 8 seconds."""
        camera, data = await _upload(request)
        try:
            check_picture(data)
        except PictureRefused as error:
            raise web.HTTPBadRequest(text=f"picture refused: {error.reason}") from error
        shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if shown is None:
            raise web.HTTPBadRequest(text="picture refused: damaged")
        seen: Colour = np.asarray(shown, np.uint8)
        self._scenes[camera].show(seen, now_s=time.monotonic(), seconds=8.0)
        return web.json_response({"seconds": 8.0})

    async def goods(self, _: web.Request) -> web.Response:
        """GET /goods.json: what lies on the shelf to be held up."""
        return web.json_response(self._goods)


def _hang_up(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """End the connection without a last word, as a cable that was pulled does."""
    if request.transport is not None:
        request.transport.abort()
    return answer


async def _order(request: web.Request, kind: type[Order]) -> Order:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise web.HTTPBadRequest(text=str(error)) from error


async def _upload(request: web.Request) -> tuple[CameraName, bytes]:
    """The fields of the form. Raises HTTPBadRequest, HTTPRequestEntityTooLarge."""
    fields: dict[str, bytes] = {}
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name in ("camera", "picture"):
                fields[part.name] = bytes(await part.read())
        return msgspec.convert(fields["camera"].decode(), CameraName), fields["picture"]
    except (KeyError, ValueError, AssertionError) as error:
        raise web.HTTPBadRequest(text="a form with the fields camera and picture is expected") from error


def build(goods: list[dict[str, Any]], *, static: Path) -> web.Application:
    """The web application. `static` holds tokens.css and art/goods.svg of the kiosk."""
    cameras = Cameras(goods)
    app = web.Application(client_max_size=MAX_BYTES + 65_536)
    app.on_response_prepare.append(add_headers)
    app.add_routes(
        [
            web.get("/{camera:kiosk|gate|north}.mjpg", cameras.stream),
            web.post("/hold", cameras.hold),
            web.post("/clear", cameras.clear),
            web.post("/plug", cameras.plug),
            web.get("/cameras.json", cameras.cameras),
            web.post("/picture", cameras.picture),
            web.get("/goods.json", cameras.goods),
            file_route("/", PAGE / "index.html"),
            file_route("/camera.css", PAGE / "camera.css"),
            file_route("/camera.js", PAGE / "camera.js"),
            file_route("/tokens.css", static / "tokens.css"),
            file_route("/goods.svg", static / "art" / "goods.svg"),
        ]
    )
    return app


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.camera", description=__doc__)
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--goods", type=Path, default=ROOT / "edge" / "demo" / "products.json")
    parser.add_argument("--static", type=Path, default=ROOT / "kiosk" / "static")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    goods = json.loads(options.goods.read_text("utf-8"))
    app = build(goods, static=options.static)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
