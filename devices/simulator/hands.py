"""`python -m devices.simulator.hands`: a page whose keys are hands at doors, buttons and locker cells.

It knows nothing of the product: it asks the simulators' own control sockets what stands where, and passes on
what a hand does. On loopback, for demo and training.
"""

import argparse
import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from devices.simulator.page import ROOT, add_headers, file_route

PAGE = Path(__file__).with_name("hands_page")
KINDS = ("doors", "inputs", "cells")
ANSWER = aiohttp.ClientTimeout(total=2.0)
BODY_LIMIT_BYTES = 1024


class Hands:
    """Asks every simulator, and hands a movement on to the one that has the thing."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        self._sockets = sockets
        self._clients: list[aiohttp.ClientSession] = []
        self._owners: dict[tuple[str, str], aiohttp.ClientSession] = {}

    async def open(self, _: web.Application) -> None:
        """One client a simulator."""
        self._clients = [
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)), timeout=ANSWER)
            for path in self._sockets
        ]

    async def close(self, _: web.Application) -> None:
        """Let the sockets go."""
        await asyncio.gather(*(client.close() for client in self._clients))

    async def world(self, _: web.Request) -> web.Response:
        """GET /world.json: everything that stands at the site, by kind and name."""
        return web.json_response(await self.look(), headers={"Cache-Control": "no-store"})

    async def look(self) -> dict[str, dict[str, Any]]:
        """Everything that stands at the site: kind, name, what its simulator tells of it."""
        world: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        asked = [(client, kind) for client in self._clients for kind in KINDS]
        answers = await asyncio.gather(*(_ask(client, kind) for client, kind in asked))
        for (client, kind), found in zip(asked, answers, strict=True):
            world[kind] |= found
            self._owners |= {(kind, name): client for name in found}
        return world

    async def move(self, request: web.Request) -> web.Response:
        """POST /KIND/NAME: the simulator decides what the hand can do."""
        kind, name = request.match_info["kind"], request.match_info["name"]
        client = self._owners.get((kind, name))
        if client is None:
            raise web.HTTPNotFound
        try:
            async with client.post(f"http://hands/{kind}/{name}", data=await request.read()) as answer:
                return web.Response(
                    body=await answer.read(), status=answer.status, content_type=answer.content_type
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise web.HTTPBadGateway from error


async def _ask(client: aiohttp.ClientSession, kind: str) -> dict[str, Any]:
    """What a simulator has of a kind; nothing where it has none, or is away."""
    try:
        async with client.get(f"http://hands/{kind}") as answer:
            return dict(await answer.json()) if answer.ok else {}
    except (aiohttp.ClientError, TimeoutError):
        return {}


def build(sockets: Sequence[Path], *, static: Path) -> web.Application:
    """The web application over the simulators' control sockets. `static` holds tokens.css of the kiosk."""
    hands = Hands(sockets)
    app = web.Application(client_max_size=BODY_LIMIT_BYTES)
    app.on_startup.append(hands.open)
    app.on_cleanup.append(hands.close)
    app.on_response_prepare.append(add_headers)
    app.add_routes(
        [
            web.get("/world.json", hands.world),
            web.post("/{kind:doors|inputs|cells}/{name}", hands.move),
            file_route("/", PAGE / "index.html"),
            file_route("/hands.css", PAGE / "hands.css"),
            file_route("/hands.js", PAGE / "hands.js"),
            file_route("/tokens.css", static / "tokens.css"),
        ]
    )
    return app


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator.hands", description=__doc__)
    parser.add_argument("--port", type=int, default=8092)
    parser.add_argument("--static", type=Path, default=ROOT / "kiosk" / "static")
    parser.add_argument("sockets", type=Path, nargs="+", help="control sockets of the simulators")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    app = build(options.sockets, static=options.static)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
