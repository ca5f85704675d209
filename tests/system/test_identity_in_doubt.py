"""The real hub when another device has its name: what people see, and how a person settles it."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from edge.demo.actors import until
from edge.demo.compare import compare_books
from edge.demo.story import Cast, let_visitor_in
from edge.demo.world import World
from tests.browser.album import Album
from tests.browser.conftest import SIZES, chromium
from tests.system.staging import staged
from tests.system.test_restored import sell

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


async def edge(world: World, *arguments: str) -> tuple[int, str]:
    """Run `edge` on the site; exit status and what it said."""
    command = [sys.executable, "-m", "edge", *arguments, "--config", str(world.layout.site_toml)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def fork_at_platform(world: World) -> None:
    """Somebody else has sent another history under our name."""
    connection = sqlite3.connect(world.layout.platform / "platform.db", timeout=20)
    with connection:
        connection.execute("UPDATE streams SET quarantine = 'fork'")
    connection.close()


async def look_at_kiosk(cast: Cast) -> None:
    """The words of the banner in both languages; Chinese again afterwards, for who comes next."""
    album = Album()
    width, height = SIZES["portrait"]
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(f"http://127.0.0.1:{cast.layout.ports.kiosk}/")
        for language, words in (
            ("zh", "这台设备要核对，先不卖东西"),
            ("en", "This device has to be checked"),
        ):
            await expect(page.locator("#screen")).to_contain_text(words, timeout=20_000)
            await album.take(page, f"identity-{language}")
            other = "English" if language == "zh" else "中文"
            await page.get_by_role("button", name=other).first.click()
        await expect(page.locator("#screen")).to_contain_text("先不卖东西", timeout=20_000)


async def test_a_person_sees_the_doubt_everywhere_and_settles_it(tmp_path: Path) -> None:
    async with staged(tmp_path / "world") as (world, cast):
        await sell(cast)
        assert (await edge(world, "identity", "show"))[0] == 0
        world.processes.end("hub")
        fork_at_platform(world)
        world.start_hub(wait=False)

        async def stopped() -> bool:
            return "in doubt" in (await edge(world, "identity", "show"))[1]

        await until(stopped, "the identity is in doubt", 60.0)
        said = (await edge(world, "identity", "show"))[1]
        assert "in doubt: quarantined" in said
        assert "edge identity new-epoch" in said
        status, found = await edge(world, "doctor")
        assert status != 0
        assert "edge identity new-epoch settles it" in found
        await look_at_kiosk(cast)
        await let_visitor_in(cast)

        settle = ("identity", "new-epoch", "--reason", "the other card was destroyed", "--login", "clerk")
        status, said = await edge(world, *settle, "--pin", "000000")
        assert (status != 0, "refused" in said) == (True, True)
        pin = (world.layout.site / "secrets" / "clerk.pin").read_text().strip()
        assert await edge(world, *settle, "--pin", pin) == (0, "epoch 2 has begun\n")
        assert (await edge(world, "identity", "show"))[0] == 0
        await sell(cast)
        faults, counts = await compare_books(cast.http, cast.layout)
        assert (faults, counts["sales"]) == ([], 2)
