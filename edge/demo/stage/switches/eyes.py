"""What anybody may see of the site: the hub's own answers, its journal, the guard's trace.

Every sentence that a switch says afterwards comes from here, never from the switch having been pressed.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from edge.demo.actors import Counter, NotSeen, until
from edge.demo.compare import kind_of
from edge.demo.layout import Layout
from edge.demo.stage.words import NOTHING, Said
from edge.links.health import State
from edge.proof.collect import read_trace
from edge.proof.doors import HOLD
from edge.proof.evidence import Edge
from kiosk.banners import BANNERS, Banner

SEEN_WITHIN_S = 15.0
"""An effect that nobody has seen for so long is reported as not seen."""

Entry = dict[str, Any]


class Stopwatch:
    """Seconds since it was made, for sentences; never less than a tenth."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    def __str__(self) -> str:
        return f"{max(0.1, time.monotonic() - self._began_s):.1f}"


class Eyes:
    """Looks at the hub through its control socket, at its kiosk, and at the guard's trace on the disk."""

    def __init__(self, layout: Layout, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._kiosk = f"http://127.0.0.1:{layout.ports.kiosk}/"
        self._hub = Counter(layout)
        self._trace = layout.site / "guard.trace"
        self._satellite_trace = layout.satellite / "guard.trace"

    async def status(self) -> dict[str, Any] | None:
        """What the hub says of itself, or None where no hub answers."""
        try:
            found: dict[str, Any] = await self._hub.get("/status")
        except (OSError, aiohttp.ClientError, TimeoutError):
            return None
        return found

    async def head_seq(self) -> int:
        """The journal's newest number. Raises NotSeen where no hub answers."""
        status = await self.status()
        if status is None:
            raise NotSeen("the hub does not answer")
        return int(status["head_seq"])

    async def until_detail(self, part: str, detail: str, *, within_s: float = SEEN_WITHIN_S) -> None:
        """Wait until the hub says just this beside one of its parts."""

        async def look() -> bool:
            status = await self.status()
            return status is not None and status["parts"][part]["detail"] == detail

        await until(look, f"the hub says of {part}: {detail or 'nothing special'}", within_s)

    async def until_part(self, part: str, *, well: bool, within_s: float = SEEN_WITHIN_S) -> None:
        """Wait until the hub says of one of its parts that it is well, or that it is not."""

        async def look() -> bool:
            status = await self.status()
            return status is not None and (status["parts"][part]["state"] == State.OK) == well

        await until(look, f"the hub says of {part} that it is {'well' if well else 'away'}", within_s)

    async def until_back(self, *, within_s: float = SEEN_WITHIN_S) -> dict[str, Any]:
        """Wait until a hub answers and its store takes entries; whatever else may be away. Its status."""
        found: list[dict[str, Any]] = []

        async def look() -> bool:
            status = await self.status()
            if status is not None:
                found[:] = [status]
            return status is not None and status["parts"]["store"]["state"] == State.OK

        await until(look, "the hub answers", within_s)
        return found[-1]

    async def contact(self, door: str) -> str:
        """What the hub says of a door: open, closed or unknown; unknown where no hub answers."""
        try:
            devices = await self._hub.get("/devices")
        except (OSError, aiohttp.ClientError, TimeoutError):
            return "unknown"
        return next((str(each["contact"]) for each in devices["doors"] if each["id"] == door), "unknown")

    async def after(self, seq: int) -> list[Entry]:
        """The journal's entries after a number."""
        return [json.loads(line) for line in await self._hub.lines(after=seq)]

    async def until_entry(
        self, after: int, fits: Callable[[Entry], bool], *, within_s: float = SEEN_WITHIN_S
    ) -> Entry:
        """Wait for the first entry after a number that fits. Raises NotSeen."""
        found: list[Entry] = []

        async def look() -> bool:
            found[:] = [entry for entry in await self.after(after) if fits(entry)]
            return bool(found)

        await until(look, f"an entry after {after}", within_s)
        return found[0]

    async def until_banner(self, name: str, *, shown: bool) -> Said:
        """Wait until the kiosk's screen shows one of `kiosk.banners`, or no longer does; what it shows then.

        Only the gravest banner is on the screen: any other that is away stands before this one.
        """
        wanted = list(BANNERS)[: list(BANNERS).index(name) + 1] if shown else []
        found: list[Said] = []

        async def look() -> bool:
            async with self._http.get(self._kiosk) as answer:
                page = await answer.text()
            on_screen = [each for each, banner in BANNERS.items() if _stands_on(page, banner)]
            found[:] = [Said(BANNERS[each].title.zh, BANNERS[each].title.en) for each in on_screen]
            return any(each in wanted for each in on_screen) if shown else name not in on_screen

        await until(
            look, f"the kiosk {'shows' if shown else 'no longer shows'} the banner {name}", SEEN_WITHIN_S
        )
        return found[0] if found else NOTHING

    def pulses(self) -> int:
        """How often a guard has raised a lock's line for a pulse; lamps and holds are none."""
        traces: list[Path] = [path for path in (self._trace, self._satellite_trace) if path.exists()]
        return sum(edge.level == 1 and edge.id != HOLD for path in traces for edge in read_trace(path))

    def edges(self) -> list[Edge]:
        """Every edge of every lock's line of the hub's own guard."""
        return read_trace(self._trace)


def _stands_on(page: str, banner: Banner) -> bool:
    return any(f"<b>{title}" in page for title in (banner.title.zh, banner.title.en))


def of_kind(*kinds: str, **fields: object) -> Callable[[Entry], bool]:
    """Fits entries of one of these kinds whose body has these fields."""
    return lambda entry: kind_of(entry) in kinds and fields.items() <= entry["data"].items()
