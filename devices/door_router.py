"""The doors of the whole site, whatever drives them."""

from collections.abc import Callable, Mapping

from devices.gpio.client import GuardClient
from devices.registry import DoorDriver
from edge.access.errors import NotMoved


class DoorRouter:
    """The Pulser, Holder and Trigger of the whole site: hands each opening to its door's driver.

    `on_fired(door)` is told of every pulse that a device said it fired.
    """

    def __init__(
        self, drivers: Mapping[str, DoorDriver], *, on_fired: Callable[[str], None] = lambda door_id: None
    ) -> None:
        self._drivers = drivers
        self._on_fired = on_fired

    def fire(self, opening_id: str, door_id: str) -> None:
        """Send a pulse at once, from any thread, where the driver can; elsewhere `pulse` sends it."""
        driver = self._drivers.get(door_id)
        if isinstance(driver, GuardClient):
            driver.fire(opening_id, door_id)

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire once, unless `fire` sent it. Raises NotMoved, DeviceOffline (then nobody can tell)."""
        await self._driver(door_id).pulse(opening_id, door_id)
        self._on_fired(door_id)

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end holding a door released. Raises DeviceError."""
        await self._driver(door_id).hold(door_id, on)

    def online(self, door_id: str) -> bool | None:
        """Whether a door's device answers and is fit for duty; None when that is not known."""
        return self._driver(door_id).online(door_id)

    def _driver(self, door_id: str) -> DoorDriver:
        driver = self._drivers.get(door_id)
        if driver is None:
            raise NotMoved("unknown_door")
        return driver
