"""axe-core on every screen: pairwise over size, language, type size, contrast and what is away."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from playwright.async_api import Browser

from kiosk.assets import Assets
from kiosk.render import Renderer
from kiosk.session import Session
from tests.browser.conftest import SIZES, chromium, looking
from tests.browser.pairwise import Row, covering
from tests.browser.test_screens import serious, set_mode, shown
from tests.browser.tour import STEPS, tour
from tests.fakes.kiosk_stand import Stand
from tests.proofs.planting import replaced
from tests.proofs.proof import Proof, Trial

MODES = covering(
    {
        "size": tuple(SIZES),
        "language": ("zh", "en"),
        "large": (False, True),
        "contrast": (False, True),
        "away": ((), ("storage",)),
    }
)
AT_ONCE = 2
"""Browser pages at once: as many as the smallest machine has cores."""


async def look_through(browser: Browser, mode: Row) -> int:
    """Every screen in one mode; AssertionError with what axe calls serious or critical."""
    stand, seen = Stand(), 0
    stand.health.away = mode["away"]
    async with looking(browser, stand, mode["size"]) as page:
        await set_mode(stand, mode["language"], mode["large"], mode["contrast"])
        async for name in tour(stand):
            await shown(page, stand)
            faults = await serious(page)
            assert faults == [], f"{name} in {mode}: {faults}"
            seen += 1
    assert seen == len(STEPS)
    return seen


async def look_at_all() -> int:
    """All modes, two pages at a time."""
    free = asyncio.Semaphore(AT_ONCE)
    async with chromium() as browser:

        async def look(mode: Row) -> int:
            async with free:
                return await look_through(browser, mode)

        looks = [asyncio.create_task(look(mode)) for mode in MODES]
        try:
            return sum([await task for task in looks])
        finally:
            for task in looks:
                task.cancel()
            await asyncio.gather(*looks, return_exceptions=True)


@contextmanager
def _open() -> Iterator[Trial]:
    yield lambda seed: asyncio.run(look_at_all())


def _pale_words() -> AbstractContextManager[None]:
    honest = Assets._take

    def take(self: Assets, name: str, body: bytes, media_type: str) -> None:
        if name == "tokens.css":
            body += b"\n:root { --ink: #d9d4cb; }\n"
        honest(self, name, body, media_type)

    return replaced(Assets, "_take", take)


def _no_labels() -> AbstractContextManager[None]:
    honest = Renderer.fragment

    def fragment(self: Renderer, session: Session) -> str:
        return re.sub(r' aria-label="[^"]*"', "", honest(self, session))

    return replaced(Renderer, "fragment", fragment)


PROOF = Proof(
    name="axe",
    promise="axe-core finds nothing serious or critical on any screen, pairwise over size, language and mode",
    open=_open,
    suite=None,
    goal=None,
    planted={"contrast broken by a token": _pale_words, "label removed": _no_labels},
    patience=1,
)
