"""The stage over the whole demo with real processes: what it shows is so, and a cut network is really cut."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge.demo.layout import Layout, Ports
from edge.demo.stage.running import staged_world

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

PATIENCE_S = 20.0
SOY = "6910628152903"


class Visitor:
    """Somebody before the stage's page."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self._http = http
        self._url = address.rstrip("/")

    async def sees(self, such: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Look until the state is such."""
        async with asyncio.timeout(PATIENCE_S), self._http.get(f"{self._url}/events") as answer:
            async for line in answer.content:
                state: dict[str, Any] = json.loads(line[6:]) if line.startswith(b"data: ") else {}
                if state and such(state):
                    return state
        raise AssertionError("the stage ended")

    async def post(self, path: str, body: object) -> dict[str, Any]:
        """Press, push or hold something."""
        headers = {"Origin": self._url}
        async with self._http.post(self._url + path, json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found


def door(state: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(door) for door in state["doors"] if door["id"] == name)


def cell(state: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(cell) for column in state["bank"]["columns"] for cell in column if cell["id"] == name)


async def test_the_stage_shows_what_is_so_and_its_cut_really_cuts(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path, ports=Ports.free())
    async with (
        staged_world(layout, stop=asyncio.Event()) as stage,
        aiohttp.ClientSession() as http,
    ):
        visitor = Visitor(http, stage.address)
        state = await visitor.sees(
            lambda state: state["line"]["state"] == "ok" and not state["journal"]["waiting"]
        )
        assert state["health"] == {"hub": "ok"}
        assert (door(state, "gate")["world"]["open"], door(state, "gate")["hub"]) == (False, "closed")
        assert {entry["kind"] for entry in state["journal"]["entries"]} >= {"StaffAdded", "StockReceived"}

        await visitor.post("/hold", {"camera": "kiosk", "good": SOY})
        await visitor.sees(lambda state: state["camera"]["said"]["en"] == "Read a barcode · no. 1")

        await visitor.post("/switches/network.cut", {"on": True})
        await visitor.post("/hands/cells/A01", {"open": True})
        forced = await visitor.sees(lambda state: state["journal"]["waiting"])
        asked = next(e for e in forced["journal"]["entries"] if e["kind"] == "CellOpenedUnasked")
        assert (asked["en"], asked["held"]) == ("A01 opened unasked", False)
        assert (cell(forced, "A01")["world"]["open"], cell(forced, "A01")["hub"]) == (True, "open")
        head = asked["seq"]
        await asyncio.gather(
            *(stage_wire_is_dead(port) for port in (layout.ports.wire_platform, layout.ports.wire_broker))
        )

        await visitor.post("/switches/network.cut", {"on": False})
        await visitor.sees(
            lambda state: (
                not state["journal"]["waiting"]
                and any(entry["seq"] == head and entry["held"] for entry in state["journal"]["entries"])
            )
        )
        stage.world.processes.kill("hub")
        away = await visitor.sees(lambda state: state["health"]["hub"] == "away")
        assert {each["hub"] for each in away["doors"]} == {"unknown"}
        assert away["line"]["state"] != "bad"


async def stage_wire_is_dead(port: int) -> None:
    """Nothing comes through: a connection ends before it has begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(ConnectionError):
        writer.write(b"\x16\x03\x01")
        async with asyncio.timeout(2):
            if not await reader.read(1):
                raise ConnectionError
