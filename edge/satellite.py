"""The composition root of a satellite: the role `devices` alone, for a hub elsewhere on the site."""

import asyncio
import contextlib
import signal

from devices.lines import InputSettings, SignalSettings
from devices.satellite import Satellite
from devices.settings import DoorSettings, GuardSettings, SatelliteSettings
from edge.config import Config
from edge.site import one_or_default, site_broker


async def run_satellite(config: Config) -> None:
    """Run a satellite until SIGTERM or SIGINT. Raises ConfigError on a file that the broker needs."""
    satellite = make_satellite(config)
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await satellite.run()


def make_satellite(config: Config) -> Satellite:
    """Wire a satellite as its file says."""
    device = config.one("satellite", SatelliteSettings).device
    guard = one_or_default(config, "guard", GuardSettings)
    return Satellite(
        device,
        broker=site_broker(config, client_id=device),
        guard_socket=config.resolve(guard.socket),
        doors=config.many("door", DoorSettings),
        inputs=config.many("input", InputSettings),
        signals=config.many("signal", SignalSettings),
    )
