"""The page of hands, over the simulators' own control applications on Unix sockets."""

from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from devices.simulator.doors import serve_unix
from devices.simulator.hands import build
from devices.simulator.page import ROOT

MOVED: list[dict[str, object]] = []


def _doors() -> web.Application:
    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"gate": {"open": False, "released": False, "jammed": False}})

    async def move(request: web.Request) -> web.Response:
        MOVED.append(await request.json())
        return web.json_response({"open": False, "moved": False})

    app = web.Application()
    app.router.add_get("/doors", listed)
    app.router.add_post("/doors/gate", move)
    return app


async def test_hands_reach_what_stands_at_the_site_and_nothing_else(tmp_path: Path) -> None:
    runner = await serve_unix(_doors(), tmp_path / "doors.sock")
    app = build([tmp_path / "doors.sock", tmp_path / "away.sock"], static=ROOT / "kiosk" / "static")
    async with TestClient(TestServer(app)) as hands:
        world = await (await hands.get("/world.json")).json()
        assert world == {
            "doors": {"gate": {"open": False, "released": False, "jammed": False}},
            "inputs": {},
            "cells": {},
        }
        pushed = await hands.post("/doors/gate", json={"push": "open"})
        assert (await pushed.json())["moved"] is False
        assert MOVED == [{"push": "open"}]
        assert (await hands.post("/doors/elsewhere", json={})).status == web.HTTPNotFound.status_code
        assert (await hands.get("/hands.js")).ok
        await runner.cleanup()
        assert (await hands.post("/doors/gate", json={})).status == web.HTTPBadGateway.status_code
