"""A guard that lives in the test: fires, refuses, or leaves one in the dark."""

from edge.access.errors import NotMoved
from edge.errors import DeviceError, DeviceOffline


class FakePulser:
    """Keeps what was fired. `mode` is fires, refuses, or silent (it fires, and nobody hears so)."""

    def __init__(self, doors: frozenset[str] = frozenset({"gate", "building-3", "office"})) -> None:
        self.doors = doors
        self.mode = "fires"
        self.fired: list[tuple[str, str]] = []
        self.held: dict[str, bool] = {}
        self._outcomes: dict[str, DeviceError | None] = {}

    def fire(self, opening_id: str, door_id: str) -> None:
        """Fire, as the mode says; an id is fired once. `pulse` of the same id tells what became of it."""
        self._outcomes[opening_id] = self._shoot(opening_id, door_id)

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire unless `fire` did; raise what became of it."""
        if opening_id not in self._outcomes:
            self.fire(opening_id, door_id)
        if (fault := self._outcomes.pop(opening_id)) is not None:
            raise fault

    def _shoot(self, opening_id: str, door_id: str) -> DeviceError | None:
        if door_id not in self.doors:
            return NotMoved("unknown_door")
        if self.mode == "refuses":
            return NotMoved("guard_offline")
        if any(opening_id == fired for fired, _ in self.fired):
            return NotMoved("repeated")
        self.fired.append((opening_id, door_id))
        return DeviceOffline("no answer") if self.mode == "silent" else None

    async def hold(self, door_id: str, on: bool) -> None:
        """Hold or release."""
        if self.mode == "refuses":
            raise NotMoved("guard_offline")
        self.held[door_id] = on
        if self.mode == "silent":
            raise DeviceOffline("no answer")
