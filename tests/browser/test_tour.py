"""The guided tour: what it says, what it notices and, once, all of it by itself from a new community."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from edge.demo.layout import Layout, Ports
from edge.demo.stage.running import staged_world
from edge.demo.stage.server import PAGE
from tests.browser.stage_stand import StageStand, both
from tests.browser.test_stage import shown

WHOLE_TOUR_MS = 300_000
"""The bound of a machine that does other things as well; on a quiet one it takes a third."""
WATCH = """async () => {
  const { onState } = await import("/page/wire.js");
  globalThis.seen = { on: new Set(), pressed: new Set(), lines: new Set() };
  onState((state) => {
    for (const one of state.switches) if (one.state === "on") seen.on.add(one.id);
    if (state.line) seen.lines.add(state.line.state);
  });
  addEventListener("stage:pressed", ({ detail }) => { if (detail.ok) seen.pressed.add(detail.id); });
}"""
TOLD = """async () => {
  const { state } = await import("/page/wire.js");
  return { on: [...seen.on], pressed: [...seen.pressed], lines: [...seen.lines], state: state() };
}"""


def steps() -> list[dict[str, Any]]:
    """The steps as they are served."""
    found: list[dict[str, Any]] = json.loads((PAGE / "tour.json").read_text("utf-8"))["steps"]
    return found


def texts(part: object) -> Iterator[dict[str, str]]:
    """Everything in it that is said in two languages."""
    if isinstance(part, dict):
        if "zh" in part or "en" in part:
            yield part
        for inner in part.values():
            yield from texts(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from texts(inner)


def test_every_step_says_in_both_languages_what_it_does_and_what_shows_it() -> None:
    assert len(steps()) >= 12
    assert len({step["id"] for step in steps()}) == len(steps())
    for step in steps():
        assert step["until"], step["id"]
        assert {"title", "words", "seen"} <= step.keys()
    assert all(set(text) == {"zh", "en"} and all(text.values()) for text in texts(steps()))


@pytest.mark.slow
@pytest.mark.xdist_group("stage")
async def test_a_step_notices_hands_and_says_which_thing_did_not_come(browser: Browser) -> None:
    stand = StageStand()
    refusal = both("还没有听到过开门命令。", "No command has passed by yet.")
    stand.answers["/switches/attack.retained"] = (409, {"said": refusal})
    place = next(n for n, step in enumerate(steps(), 1) if step["id"] == "attacks")
    async with stand.serve() as address, shown(browser, f"{address}?step={place}") as page:
        tour, said = page.locator("#tour"), page.locator(".tsaid")
        await page.click("[data-tour=show]")
        await expect(tour).to_have_attribute("data-outcome", "failed")
        await expect(said).to_contain_text("没有等到：还没有听到过开门命令。")
        stand.answers.clear()
        await page.click("[data-tour=next]")
        await page.click("[data-tour=back]")
        await expect(tour).to_have_attribute("data-outcome", "waits")
        for attack in ("retained", "replay", "forge"):
            await page.click(f"[data-switch='attack.{attack}']")
        await expect(tour).to_have_attribute("data-outcome", "waits")
        for kind in ("CommandRefused", "PassRefused"):
            newest = stand.state["journal"]["entries"][0]["seq"] + 1
            entry = {"seq": newest, "kind": kind, "zh": kind, "en": kind, "held": True}
            stand.state["journal"]["entries"].insert(0, entry)
        stand.tell()
        await expect(tour).to_have_attribute("data-outcome", "done")
        await page.click("#language")
        await expect(said).to_contain_text("Seen: Three attacks, no lock was released.")


@pytest.mark.slow
@pytest.mark.xdist_group("stage")
async def test_the_tour_plays_by_itself_from_a_new_community_and_nothing_is_lost(
    browser: Browser, tmp_path: Path
) -> None:
    layout = Layout(folder=tmp_path, ports=Ports.free())
    async with (
        staged_world(layout, stop=asyncio.Event()) as stage,
        shown(browser, f"{stage.address}?pace=0", size="wall") as page,
    ):
        await page.evaluate(WATCH)
        await page.click("#play")
        await expect_the_end(page)
        told = await page.evaluate(TOLD)
        switches = told["state"]["switches"]
        assert {one["id"] for one in switches if not one["one_shot"]} <= set(told["on"])
        assert {one["id"] for one in switches} <= set(told["pressed"])
        assert {one["id"] for one in switches if one["state"] != "off"} == set()
        await expect(page.locator("#line-first")).to_have_text("0 丢失 · 0 重复 · 0 多开")
        line = told["state"]["line"]
        assert (line["lost"], line["doubled"], line["extra"], line["other"]) == (0, 0, 0, 0)
        assert "bad" not in told["lines"]
        assert (line["sales"], line["openings"]) >= (3, 4)


async def expect_the_end(page: Page) -> None:
    """Wait until the last step was seen, or one did not come; that is told as the page says it."""
    ended = page.locator("#tour[data-over=true], #tour[data-outcome=failed]")
    await expect(ended).to_be_visible(timeout=WHOLE_TOUR_MS)
    assert await ended.get_attribute("data-over") == "true", (
        f"{await ended.get_attribute('data-step')}: {await page.inner_text('.tsaid')}"
    )
