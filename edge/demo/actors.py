"""The people of the story and their hands. They see what people see: screens, phones, doors, pictures."""

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.demo.layout import Layout
from edge.errors import EdgeError
from edge.trust.passes import resident_code

PATIENCE_S = 20.0
LOOK_EVERY_S = 0.02
HOLD_S = 2.0
OUT_OF_VIEW_S = 3.0
"""How long a hand stays away, so that a camera takes the same code as shown anew."""


class NotSeen(EdgeError):
    """Something did not appear in the time that a person would wait."""


async def until(look: Callable[[], Awaitable[bool]], what: str, within_s: float | None = None) -> None:
    """Look again and again until it is so, for as long as a person would. Raises NotSeen."""
    within_s = PATIENCE_S if within_s is None else within_s
    end = time.monotonic() + within_s
    while not await look():
        if time.monotonic() > end:
            raise NotSeen(f"not seen within {within_s:.0f} s: {what}")
        await asyncio.sleep(LOOK_EVERY_S)


class KioskScreen:
    """A person before the kiosk: reads the fragments that a browser would show, presses its keys."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self._http = http
        self._address = f"127.0.0.1:{port}"
        self._pressed = self._answered = 0
        self.html = ""

    async def __aenter__(self) -> Self:
        self._socket = await self._http.ws_connect(
            f"http://{self._address}/ws", headers={"Origin": f"http://{self._address}"}
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                told = message.json()
                self.html = told["html"] or self.html
                self._answered = max(self._answered, told["answered"])

    @property
    def screen(self) -> str:
        """The screen that is shown."""
        found = re.search(r'data-screen="([a-z_-]+)"', self.html)
        return found.group(1) if found else ""

    @property
    def text(self) -> str:
        """What can be read on it."""
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.html))

    async def press(self, gesture: str, value: str = "") -> None:
        """Press a key; it must be on the screen."""
        if f'data-do="{gesture}"' not in self.html:
            raise NotSeen(f"no key {gesture!r} on the screen {self.screen!r}")
        self._pressed += 1
        await self._socket.send_json({"gesture": gesture, "value": value, "n": self._pressed})

    async def wait_for_key(self, gesture: str) -> None:
        """Wait until a key is on the screen: a shelf shows a product before the basket has it."""

        async def look() -> bool:
            return f'data-do="{gesture}"' in self.html

        await until(look, f"the key {gesture}")

    async def press_twice(self, gesture: str) -> None:
        """Press a key twice at once, and wait until both presses were answered."""
        await self.press(gesture)
        self._pressed += 1
        await self._socket.send_json({"gesture": gesture, "value": "", "n": self._pressed})

        async def look() -> bool:
            return self._answered >= self._pressed

        await until(look, "the answer to both presses")

    async def wait_for(self, screen: str, *, words: str = "", within_s: float | None = None) -> None:
        """Wait for a screen, and for words on it."""

        async def look() -> bool:
            return self.screen == screen and words in self.text

        try:
            await until(look, f"screen {screen} {words}", within_s)
        except NotSeen as error:
            raise NotSeen(f"{error}; it shows {self.screen!r}: {self.text[:300]}") from error

    async def go_home(self) -> None:
        """Close what is asked and end the session, as one would before the next person."""
        for gesture in ("dismiss", "end"):
            await self._socket.send_json({"gesture": gesture, "value": "", "n": 0})
        await self.wait_for("idle")


class Phone:
    """A resident's phone: the app's API, and a key of its own. `shown` are all codes that it gave out."""

    def __init__(self, http: aiohttp.ClientSession, port: int, subject: str) -> None:
        self._http = http
        self._url = f"http://127.0.0.1:{port}/phone/api"
        self._subject = subject
        self._key = Ed25519PrivateKey.generate()
        self._certificate = b""
        self.shown: list[str] = []

    async def sign_in(self) -> None:
        """Log in and have the phone's key certified."""
        await self.post("/login", {"subject": self._subject})
        public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        answer = await self.post("/certificate", {"public_key": public})
        self._certificate = base64.b64decode(answer["certificate"])

    def fresh_code(self) -> str:
        """A code signed just now, by the phone alone."""
        self.shown.append(resident_code(self._key, self._certificate, int(time.time() * 1000)))
        return self.shown[-1]

    async def get(self, path: str) -> Any:
        """Ask the app's server."""
        async with self._http.get(self._url + path) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def post(self, path: str, body: object) -> Any:
        """Tell the app's server."""
        async with self._http.post(self._url + path, json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def pay(self, action: str = "confirm") -> str:
        """Scan the kiosk's QR, as soon as there is one, and answer it. Returns what the phone shows."""
        found: list[dict[str, Any]] = []

        async def look() -> bool:
            found[:] = await self.get("/payable")
            return bool(found)

        await until(look, "a collection QR to pay")
        answer = await self.post("/pay", {"qr": found[-1]["qr"], "action": action})
        return str(answer["outcome"])

    async def open_door(self, door: str) -> str:
        """Press *open* and watch until the answer is final: opened, unknown, refused or expired."""
        ticket = await self.post(f"/doors/{door}/open", {})
        state: list[str] = [""]

        async def look() -> bool:
            state[0] = (await self.get(f"/commands/{ticket['command']}"))["state"]
            return state[0] in ("opened", "unknown", "refused", "expired")

        await until(look, f"an answer for {door}; last {state[0]}", 45.0)
        return state[0]

    async def invite(self, door: str, *, uses: int = 1) -> str:
        """Make a visitor's pass for the next hour; returns the text of its QR."""
        now_ms = int(time.time() * 1000)
        asked = {"doors": [door], "from_ms": now_ms - 60_000, "until_ms": now_ms + 3_600_000, "uses": uses}
        return str((await self.post("/visitors", asked))["text"])


class Hands:
    """Hands that hold things before cameras, and push doors. They know the simulators, not the product."""

    def __init__(self, http: aiohttp.ClientSession, layout: Layout) -> None:
        self._http = http
        self._camera = f"http://127.0.0.1:{layout.ports.camera}"
        self._run = layout.site / "run"

    async def hold(self, camera: str, symbology: str, text: str, *, seconds: float = HOLD_S) -> None:
        """Hold a code before the camera `kiosk` or `gate`; it is drawn, bent, blurred and lit."""
        body = {"camera": camera, "symbology": symbology, "text": text, "seconds": seconds}
        async with self._http.post(f"{self._camera}/hold", json=body) as answer:
            answer.raise_for_status()

    async def take_away(self, camera: str) -> None:
        """Take what is held away, so that the next thing is seen as new."""
        async with self._http.post(f"{self._camera}/clear", json={"camera": camera}) as answer:
            answer.raise_for_status()
        await asyncio.sleep(OUT_OF_VIEW_S)

    async def wait_until_shut(self, name: str) -> None:
        """Wait until a door has fallen shut behind whoever went through."""

        async def look() -> bool:
            return not (await self.door(name))["open"]

        await until(look, f"{name} is shut")

    async def door(self, name: str, **switches: object) -> dict[str, Any]:
        """Push, jam, cut a door: see `devices.simulator.doors`."""
        return await self._tell(self._run / "doors.sock", f"/doors/{name}", switches)

    async def cell(self, name: str, **switches: object) -> dict[str, Any]:
        """Open, close, jam a cell: see `devices.simulator.lockers`."""
        return await self._tell(self._run / "lockers.sock", f"/cells/{name}", switches)

    @staticmethod
    async def _tell(socket: Path, path: str, body: object) -> dict[str, Any]:
        connector = aiohttp.UnixConnector(str(socket))
        async with (
            aiohttp.ClientSession(connector=connector) as http,
            http.post(f"http://hand{path}", json=body) as answer,
        ):
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found


class Counter:
    """A person with the command line's access: reads the hub's own books through its control socket."""

    def __init__(self, layout: Layout) -> None:
        self._socket = layout.site / "run" / "control.sock"

    async def get(self, path: str) -> Any:
        """JSON of the hub."""
        async with self._session() as http, http.get(f"http://hub{path}") as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)

    async def lines(self, after: int = 0) -> list[bytes]:
        """Every line of the journal after a number, as it was hashed."""
        found: list[bytes] = []
        async with self._session() as http:
            while True:
                path = f"http://hub/journal?after={after + len(found)}&limit=1000"
                async with http.get(path) as answer:
                    page = (await answer.read()).splitlines()
                found += page
                if not page:
                    return found

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._socket)))
