"""Named pings. *Unknown* is a state: what did not answer in time is neither well nor down."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

PING_LIMIT_S = 2.0


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    DOWN = "down"
    UNKNOWN = "unknown"


class PartHealth(msgspec.Struct, frozen=True):
    """One part's answer; `detail` is a short plain word without a secret in it."""

    state: State
    detail: str = ""


Ping = Callable[[], Awaitable[PartHealth]]


class HealthRegistry:
    """Parts by name, each with a ping."""

    def __init__(self, *, limit_s: float = PING_LIMIT_S) -> None:
        self._pings: dict[str, Ping] = {}
        self._limit_s = limit_s

    def register(self, name: str, ping: Ping) -> None:
        """Add a part. A name is taken once."""
        if name in self._pings:
            raise ValueError(f"health: {name} is registered already")
        self._pings[name] = ping

    def register_flag(self, name: str, is_well: Callable[[], bool | None]) -> None:
        """Add a part that only knows yes, no, or not yet (None)."""

        async def ping() -> PartHealth:
            well = is_well()
            return PartHealth(State.UNKNOWN if well is None else State.OK if well else State.DOWN)

        self.register(name, ping)

    async def check(self) -> dict[str, PartHealth]:
        """Ask every part at once."""
        answers = await asyncio.gather(*(self._ask(ping) for ping in self._pings.values()))
        return dict(zip(self._pings, answers, strict=True))

    async def _ask(self, ping: Ping) -> PartHealth:
        try:
            async with asyncio.timeout(self._limit_s):
                return await ping()
        except TimeoutError:
            return PartHealth(State.UNKNOWN, "no answer")


def overall(parts: dict[str, PartHealth]) -> State:
    """Down if any part is down, else unknown if any is unknown."""
    states = {pulse.state for pulse in parts.values()}
    return next((state for state in (State.DOWN, State.UNKNOWN) if state in states), State.OK)
