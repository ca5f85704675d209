"""The operator switches a part of the site off; the hub obeys from its next start, and tells until then."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from cloud_sync.certificates import WAITS
from edge.commands import doctor
from edge.demo.actors import KioskScreen, until
from edge.demo.compare import kind_of
from edge.demo.layout import Layout, Ports
from edge.demo.story import Cast, entries
from edge.demo.world import OPERATOR, World
from tests.system.staging import running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


async def tick(world: World, *parts: str) -> None:
    """The operator signs in, ticks what the site has, and saves."""
    url = f"http://127.0.0.1:{world.layout.ports.platform}"
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Origin": url}) as browser:
        login = {"login": OPERATOR, "password": world.operator_password()}
        form = dict.fromkeys(parts, "on")
        for path, fields in (("login", login), ("sites/heyuanli/parts", form)):
            async with browser.post(f"{url}/operator/{path}", data=fields) as answer:
                assert answer.status == 200, await answer.text()


async def until_told(cast: Cast, kind: str) -> None:
    """Wait for the alarm that a newer configuration waits, or for its end."""

    async def look() -> bool:
        told = [entry["data"] for entry in await entries(cast) if kind_of(entry) == kind]
        return any(data["kind"] == WAITS for data in told)

    await until(look, f"{kind}: {WAITS}", 60.0)


async def open_page(kiosk: KioskScreen, name: str) -> str:
    """From the idle screen; the screen that is shown then."""
    await kiosk.wait_for("idle")
    await kiosk.press("touch")
    await kiosk.wait_for("home")
    await kiosk.press("open", name)
    await until(lambda: _moved(kiosk), f"an answer to {name}")
    return kiosk.screen


async def _moved(kiosk: KioskScreen) -> bool:
    return kiosk.screen != "home" or "没有开通" in kiosk.text


async def test_a_part_that_an_operator_switches_off_is_gone_from_the_next_start(tmp_path: Path) -> None:
    world = World(Layout(folder=tmp_path / "world", ports=Ports.free()))
    async with running(world) as (_, cast):
        await tick(world, "shop", "pickup", "doors")
        await until_told(cast, "AlarmRaised")
        assert await open_page(cast.kiosk, "fees") == "identify", "what runs goes on"
        await asyncio.to_thread(world.processes.end, "hub")
        await asyncio.to_thread(world.start_hub)
        async with KioskScreen(cast.http, world.layout.ports.kiosk) as kiosk:
            assert await open_page(kiosk, "fees") == "home"
            assert 'data-value="fees"' not in kiosk.html
            await kiosk.go_home()
            assert await open_page(kiosk, "shop") == "shop"
        await until_told(cast, "AlarmCleared")
        [said] = doctor._parts(world.layout.site_toml)
        assert (said.well, said.what) == (True, "switched off by the platform's operators: fees")
