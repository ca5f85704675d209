"""The stage's server: its own page alone may press, hold and push; what really happened is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from devices.simulator.hands import Hands
from edge.demo.layout import Layout, Ports
from edge.demo.site_file import write_site
from edge.demo.stage.asking import Asker
from edge.demo.stage.frames import Frame
from edge.demo.stage.server import StageServer
from edge.demo.stage.state import StateTeller
from edge.demo.stage.switches.network import CutNetwork, PhoneNetwork
from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.wires import Wire
from edge.demo.stage.words import CannotNow, Said
from edge.demo.world import World


class Missing:
    """A switch that this machine cannot throw."""

    id = "other.clock"
    group: Group = "other"
    words = help = Said("时钟倒拨", "Clock back")
    one_shot = False

    async def press(self, on: bool) -> Said:
        raise CannotNow(Said("没有 faketime。", "No faketime here."))

    async def observed(self) -> SwitchState:
        return "unavailable"


class NothingJudged:
    def told(self) -> dict[str, Any]:
        return {"state": "unknown"}


@dataclass
class Bench:
    """A stage over a world that does not run."""

    url: str
    http: aiohttp.ClientSession
    wire: Wire

    async def post(self, path: str, body: object, origin: str | None = None) -> tuple[int, str]:
        headers = {"Origin": self.url if origin is None else origin}
        async with self.http.post(self.url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def next_state(self, such: Callable[[dict[str, Any]], bool] = lambda state: True) -> dict[str, Any]:
        """The next state that `/events` tells, or the first one that is such."""
        async with asyncio.timeout(5), self.http.get(f"{self.url}/events") as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    found: dict[str, Any] = json.loads(line[6:])
                    if such(found):
                        return found
        raise AssertionError("the stream ended")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    layout = Layout(folder=tmp_path, ports=Ports.free())
    ports = layout.ports
    write_site(layout)
    async with (
        aiohttp.ClientSession() as http,
        Asker(layout) as asker,
        Wire(target_port=ports.platform) as wire,
    ):
        phone = Frame(port=ports.stage_phone, target_port=ports.platform, stage_port=ports.stage)
        reach = Reach(world=World(layout), http=http, platform_wires=(wire,), phone=phone)
        switches = (CutNetwork(reach), PhoneNetwork(reach), Missing())
        hands = Hands(())
        teller = StateTeller(layout, asker, hands=hands, switches=switches, line=NothingJudged())
        server = StageServer(reach, hands=hands, switches=switches, teller=teller)
        runner = web.AppRunner(server.build(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", ports.stage).start()
        telling = asyncio.create_task(teller.run())
        yield Bench(f"http://127.0.0.1:{ports.stage}", http, wire)
        telling.cancel()
        await runner.cleanup()
        await phone.close()


async def test_nothing_is_done_for_a_page_of_another_origin(bench: Bench) -> None:
    for path in ("/switches/network.cut", "/hold", "/clear", "/hands/doors/gate"):
        for origin in ("http://evil.example", "http://127.0.0.1:1", "null", ""):
            assert (await bench.post(path, {"on": True}, origin))[0] == 403
    assert (await bench.next_state())["switches"][0]["state"] == "off"


async def test_only_its_own_address_is_answered(bench: Bench) -> None:
    async with bench.http.get(f"{bench.url}/events", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421


async def test_a_switch_tells_what_happened_and_what_is_seen_of_it(bench: Bench) -> None:
    status, text = await bench.post("/switches/network.cut", {"on": True})
    assert (status, json.loads(text)["state"]) == (200, "on")
    told = (await bench.next_state(lambda state: state["switches"][0]["state"] == "on"))["switches"][0]
    assert told["said"]["en"] == "Cut: 0 connections ended at once."
    await bench.wire.mend()
    await bench.next_state(lambda state: state["switches"][0]["state"] == "off")


async def test_what_cannot_be_done_here_is_refused_in_both_languages(bench: Bench) -> None:
    status, text = await bench.post("/switches/other.clock", {"on": True})
    assert (status, json.loads(text)) == (409, {"said": {"zh": "没有 faketime。", "en": "No faketime here."}})
    status, text = await bench.post("/hold", {"camera": "kiosk", "good": "6910628152903"})
    assert (status, json.loads(text)["said"]["en"]) == (409, "The camera is not there.")


async def test_a_press_that_is_no_press_is_refused(bench: Bench) -> None:
    bodies: tuple[object, ...] = ({}, {"on": 1}, [], "on")
    for body in bodies:
        assert (await bench.post("/switches/network.cut", body))[0] == 400
    assert (await bench.post("/switches/nobody.knows", {"on": True}))[0] == 404


async def test_with_nothing_running_the_state_says_that_nothing_is_known(bench: Bench) -> None:
    state = await bench.next_state()
    assert state["health"] == {"hub": "away"}
    assert (state["journal"]["waiting"], state["journal"]["gaps"]) == (None, None)
    assert {door["hub"] for door in state["doors"]} == {"unknown"}
    assert {door["world"]["open"] for door in state["doors"]} == {None}
