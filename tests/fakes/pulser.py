"""A guard that lives in the test: fires, refuses, or leaves one in the dark."""

from edge.access.errors import NotMoved
from edge.errors import DeviceOffline


class FakePulser:
    """Keeps what was fired. `mode` is fires, refuses, or silent (it fires, and nobody hears so)."""

    def __init__(self, doors: frozenset[str] = frozenset({"gate", "building-3", "office"})) -> None:
        self.doors = doors
        self.mode = "fires"
        self.fired: list[tuple[str, str]] = []
        self.held: dict[str, bool] = {}

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire, as the mode says; an id is fired once."""
        if door_id not in self.doors:
            raise NotMoved("unknown_door")
        if self.mode == "refuses":
            raise NotMoved("guard_offline")
        if any(opening_id == fired for fired, _ in self.fired):
            raise NotMoved("repeated")
        self.fired.append((opening_id, door_id))
        if self.mode == "silent":
            raise DeviceOffline("no answer")

    async def hold(self, door_id: str, on: bool) -> None:
        """Hold or release."""
        if self.mode == "refuses":
            raise NotMoved("guard_offline")
        self.held[door_id] = on
