"""Ask the running hub and the platform; whoever does not answer in time is away."""

import json
from typing import Any, Self

import aiohttp

from edge.demo.compare import fetch_figures
from edge.demo.layout import DEVICE, Layout
from edge.links.control_client import CONTROL_SOCKET

PATIENCE = aiohttp.ClientTimeout(total=2.0)
AWAY = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


class Asker:
    """Reads of the hub's control socket and of the platform's figures; None while nobody answers."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    async def __aenter__(self) -> Self:
        socket = str(self._layout.site / CONTROL_SOCKET)
        self._hub = aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket), timeout=PATIENCE)
        self._platform = aiohttp.ClientSession(timeout=PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hub.close()
        await self._platform.close()

    async def hub(self, path: str) -> Any | None:
        """JSON of the hub."""
        text = await self._hub_text(path)
        return None if text is None else json.loads(text)

    async def journal(self, after: int) -> list[bytes] | None:
        """Journal lines after a seq, at most a thousand."""
        text = await self._hub_text(f"/journal?after={after}")
        return None if text is None else text.splitlines()

    async def stream(self) -> dict[str, Any] | None:
        """What the platform has in custody of the hub's newest stream; empty before its first event."""
        try:
            figures = await fetch_figures(self._platform, self._layout)
        except AWAY:
            return None
        streams = [stream for stream in figures["devices"] if stream["device"] == DEVICE]
        return max(streams, key=lambda stream: int(stream["epoch"]), default={})

    async def _hub_text(self, path: str) -> bytes | None:
        try:
            async with self._hub.get(f"http://hub{path}") as answer:
                return await answer.read() if answer.ok else None
        except AWAY:
            return None
