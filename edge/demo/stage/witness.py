"""A witness before the kiosk: sees what every browser there is sent, and remembers the receipts."""

import asyncio
import contextlib
import re

import aiohttp

from edge.proof.evidence import ToldSale

AGAIN_S = 1.0
_RECEIPT = re.compile(r'data-screen="receipt"')
_ORDER = re.compile(r"(?:单号|No\.) ([0-9A-Za-z-]+)")
_FEN_A_YUAN = 100


class Receipts:
    """Orders of receipts that the kiosk showed since the stage is there."""

    def __init__(self, kiosk_port: int) -> None:
        self._address = f"127.0.0.1:{kiosk_port}"
        self._seen: dict[str, ToldSale] = {}

    def sales(self) -> tuple[ToldSale, ...]:
        """What people were told."""
        return tuple(self._seen.values())

    def take(self, html: str) -> None:
        """One screen as a browser gets it."""
        if _RECEIPT.search(html) and (found := _ORDER.search(re.sub(r"<[^>]+>", "", html))):
            self._seen.setdefault(found[1], ToldSale(found[1], 0))

    async def watch(self) -> None:
        """Look at the screen for ever; a kiosk that is away comes back."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, ValueError):
                await self._watch_once()
            await asyncio.sleep(AGAIN_S)

    async def _watch_once(self) -> None:
        origin = f"http://{self._address}"
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{origin}/ws", headers={"Origin": origin}) as socket,
        ):
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.take(message.json()["html"] or "")
