"""Pictures of what a browser shows: small ones for the documents, whole ones for whoever looks at the design.

EDGE_PICTURES=folder writes the pictures of README and docs there; EDGE_SHOTS=folder writes every step.
"""

import asyncio
import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from playwright.async_api import Page, WebSocket

PORTRAIT: Final = {"width": 1080, "height": 1920}
LANDSCAPE: Final = {"width": 1920, "height": 1080}
UPRIGHT_WIDTH_PX: Final = 540
LYING_WIDTH_PX: Final = 810
PICTURE_LIMIT_BYTES: Final = 120 * 1024
IN_DOCUMENTS: Final = frozenset(
    {
        "home-portrait-zh",
        "shop-portrait-zh",
        "pay-portrait-zh",
        "pickup-portrait-zh",
        "fees-portrait-zh",
        "shop-landscape-en",
        "phone-code",
        "phone-gate",
    }
)


class Album:
    """Takes pictures, where somebody has asked for them."""

    def __init__(self) -> None:
        self._pictures = os.environ.get("EDGE_PICTURES", "")
        self._shots = os.environ.get("EDGE_SHOTS", "")

    async def take(self, page: Page, name: str) -> None:
        """A picture of a page as it is now."""
        wanted = self._pictures and name in IN_DOCUMENTS
        if not wanted and not self._shots:
            return
        image = await page.screenshot(animations="disabled")
        if self._shots:
            await asyncio.to_thread(_write, Path(self._shots) / f"{name}.png", image)
        if wanted:
            small = await asyncio.to_thread(shrink, image)
            await asyncio.to_thread(_write, Path(self._pictures) / f"{name}.png", small)

    async def take_both(self, page: Page, socket: WebSocket, name: str, language: str = "zh") -> None:
        """The kiosk upright and lying; it is upright again afterwards."""
        await self.take(page, f"{name}-portrait-{language}")
        lying = f"{name}-landscape-{language}"
        if self._shots or (self._pictures and lying in IN_DOCUMENTS):
            await _turn(page, socket, LANDSCAPE["width"], LANDSCAPE["height"])
            await self.take(page, lying)
            await _turn(page, socket, PORTRAIT["width"], PORTRAIT["height"])


async def _turn(page: Page, socket: WebSocket, width: int, height: int) -> None:
    """Turn the screen; the hub lays out anew what it was told the size of."""
    async with socket.expect_event("framereceived"):
        await page.set_viewport_size({"width": width, "height": height})
    await page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def shrink(image: bytes) -> bytes:
    """A PNG with few colours, 540 px wide or 810 where it lies. Raises AssertionError if still too large."""
    picture = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    wide = UPRIGHT_WIDTH_PX if height > width else LYING_WIDTH_PX
    size = (wide, round(height * wide / width))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    for step in (4, 8, 16):
        coarse = np.minimum((small.astype(np.uint16) + step // 2) // step * step, 255).astype(np.uint8)
        done, encoded = cv2.imencode(".png", coarse, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        assert done
        if len(encoded) <= PICTURE_LIMIT_BYTES:
            return encoded.tobytes()
    raise AssertionError(f"a picture of {len(encoded)} bytes is too large for the documents")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
