"""The camera simulator's plug: pulled, the stream ends and nothing answers; put back, it goes on."""

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from devices.simulator.camera import build
from devices.simulator.page import ROOT


async def test_a_camera_without_its_plug_sends_nothing_and_the_others_go_on() -> None:
    async with TestClient(TestServer(build([], static=ROOT / "kiosk" / "static"))) as client:
        streaming = await client.get("/kiosk.mjpg")
        await streaming.content.readline()

        plugs = await (await client.post("/plug", json={"camera": "kiosk", "plugged": False})).json()
        assert {name for name, state in plugs.items() if state["plugged"]} == {"gate", "north"}
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            while await streaming.content.readany():
                pass
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await client.get("/kiosk.mjpg")
        assert await (await client.get("/gate.mjpg")).content.readline() == b"--frame\r\n"

        await client.post("/plug", json={"camera": "kiosk", "plugged": True})
        assert await (await client.get("/kiosk.mjpg")).content.readline() == b"--frame\r\n"
        assert (await client.post("/plug", json={"camera": "attic", "plugged": True})).status == 400
