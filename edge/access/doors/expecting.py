"""Tells the live doors of every pulse, directly before it goes to its device."""

from edge.access.doors.live import LiveDoors
from edge.access.errors import NotMoved
from edge.access.ports import Pulser, Trigger


class ExpectedPulses:
    """The Pulser and Trigger of the site, between who decides and the devices."""

    def __init__(self, *, live: LiveDoors, pulser: Pulser, trigger: Trigger) -> None:
        self._live = live
        self._pulser = pulser
        self._trigger = trigger

    def fire(self, opening_id: str, door_id: str) -> None:
        """Send a pulse, from any thread."""
        self._live.expect_soon(door_id)
        self._trigger(opening_id, door_id)

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire once, unless `fire` did. Raises NotMoved, another DeviceError when nobody can tell."""
        self._live.expect_soon(door_id)
        self._live.drain()
        try:
            await self._pulser.pulse(opening_id, door_id)
        except NotMoved:
            self._live.retract(door_id)
            raise
