"""`python -m tests.browser.tour_recording FOLDER`: the tour as a silent moving picture for each language.

The stage plays it by itself in Chromium over a new community; one picture is kept of every act and one of
what was seen at the end of every step. Written as animated WebP, which browsers and code hosts show, with
the last picture beside it as a still.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Page

from edge.demo.layout import Layout, Ports
from edge.demo.stage.running import staged_world
from tests.browser.conftest import chromium

SCREEN = {"width": 1366, "height": 768}
WIDTH_PX, HEIGHT_PX = 1092, 614
PACE = 0.5
ACT_MS, SEEN_MS, END_MS = 800, 1_700, 4_000
LIMIT_BYTES = 1 << 20
"""Of each language, so that both are within 2 MiB."""
QUALITIES = (70, 55, 45, 35, 25)
WITHIN_S = 600.0
LANGUAGES = {"en": "tour.webp", "zh": "tour.zh.webp"}
NOW = """() => {
  const { at, outcome, over } = document.getElementById("tour").dataset;
  return { at: Number(at ?? 0), outcome, over, said: document.querySelector(".tsaid")?.dataset.said };
}"""

Picture = NDArray[np.uint8]


class TourStopped(Exception):
    """A step of the tour did not come."""


@dataclass(frozen=True)
class Shot:
    """A picture and how long it stands."""

    png: bytes
    stands_ms: int


async def record(browser: Browser, address: str, language: str) -> list[Shot]:
    """Play the tour and keep a picture of everything that is done. Raises TourStopped."""
    context = await browser.new_context(
        viewport={"width": SCREEN["width"], "height": SCREEN["height"]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        color_scheme="light",
    )
    page = await context.new_page()
    await page.goto(f"{address}?play=1&pace={PACE}&lang={language}")
    await page.wait_for_selector("#tour[data-step]")
    shots = await _watch(page)
    await context.close()
    return shots


async def _watch(page: Page) -> list[Shot]:
    """One shot at the end of everything that the tour's panel says; the last one of each is the fullest."""
    shots: list[Shot] = []
    told: dict[str, Any] = await page.evaluate(NOW)
    last = await page.screenshot()
    async with asyncio.timeout(WITHIN_S):
        while told["over"] != "true":
            now: dict[str, Any] = await page.evaluate(NOW)
            if now["said"] != told["said"] or now["at"] != told["at"]:
                shots += [Shot(last, stands_ms(told["outcome"]))] if told["outcome"] != "waits" else []
            if now["outcome"] == "failed":
                raise TourStopped(now["said"])
            told, last = now, await page.screenshot()
    return [*shots, Shot(await page.screenshot(), END_MS)]


def stands_ms(outcome: str) -> int:
    """How long a picture is to be looked at."""
    return SEEN_MS if outcome == "done" else ACT_MS


def animate(shots: Sequence[Shot]) -> bytes:
    """An animated WebP that begins anew for ever, as good as fits. Raises ValueError where nothing fits."""
    animation = cv2.Animation()
    animation.frames = [shrink(shot.png) for shot in shots]
    animation.durations = [shot.stands_ms for shot in shots]
    animation.loop_count = 0
    for quality in QUALITIES:
        done, encoded = cv2.imencodeanimation(".webp", animation, [cv2.IMWRITE_WEBP_QUALITY, quality])
        if done and len(encoded) <= LIMIT_BYTES:
            return bytes(encoded)
    raise ValueError(f"{len(shots)} pictures are more than {LIMIT_BYTES} bytes")


def shrink(png: bytes) -> Picture:
    """A picture at the size of the recording."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    small = cv2.resize(picture, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


async def record_all(folder: Path, frames: Path | None) -> None:
    """Record both languages, each over a community of its own."""
    async with chromium() as browser:
        for language, name in LANGUAGES.items():
            with tempfile.TemporaryDirectory(prefix="edge-tour-") as home:
                layout = Layout(folder=Path(home), ports=Ports.free())
                async with staged_world(layout, stop=asyncio.Event()) as stage:
                    shots = await record(browser, stage.address, language)
            if frames is not None:
                for number, shot in enumerate(shots):
                    (frames / f"{language}-{number:03d}.png").write_bytes(shot.png)
            moving = await asyncio.to_thread(animate, shots)
            (folder / name).write_bytes(moving)
            sys.stdout.write(f"{name}: {len(shots)} pictures, {len(moving) // 1024} KiB\n")


def main() -> None:
    """Write the moving pictures into a folder; with `--frames` every picture into another."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.tour_recording", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=Path)
    options = parser.parse_args()
    asyncio.run(record_all(options.folder, options.frames))


if __name__ == "__main__":
    main()
