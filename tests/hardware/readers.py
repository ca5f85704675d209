"""In the guest: a scanner and a camera as the kernel shows real ones."""

import asyncio
import contextlib
import os
from functools import partial

from devices.hid.device import open_hid
from devices.plugged import PluggedReader
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task
from tests.fakes.waiting import until
from tests.hardware.bench import RUN, Bench
from tests.hardware.scanner import PRODUCT, VENDOR, Scanner


async def check_scanner(_: Bench) -> dict[str, object]:
    """A scanner is grabbed (nobody else hears it), read, pulled out and plugged in again."""
    read: list[str] = []
    states: list[str] = []
    scanner = Scanner()
    usb = f"usb:{VENDOR:04x}:{PRODUCT:04x}"
    reader = PluggedReader(
        open_device=partial(open_hid, usb),
        on_text=read.append,
        on_state=lambda state, why: states.append(state),
        backoff=Backoff(first_s=0.1, limit_s=0.2),
    )
    role = asyncio.create_task(reader.run())
    try:
        async with asyncio.timeout(30):
            await until(lambda: states == ["live"])
            eavesdropper = os.open(scanner.device, os.O_RDONLY | os.O_NONBLOCK)
            scanner.type("6901234567892")
            await until(lambda: read == ["6901234567892"])
            with contextlib.suppress(BlockingIOError):
                heard = os.read(eavesdropper, 4096)
                raise AssertionError(f"somebody else heard {len(heard)} bytes")
            os.close(eavesdropper)
            scanner.unplug()
            await until(lambda: "lost" in states)
            scanner = Scanner()
            await until(lambda: states[-1] == "live")
            scanner.type("0012345678")
            await until(lambda: read[1:] == ["0012345678"])
    finally:
        await end_task(role)
        scanner.unplug()
    return {"states": states}


def check_camera(_: Bench) -> dict[str, object]:
    """The kernel's test camera gives frames through OpenCV, as a USB camera does."""
    from devices.vision.sources import open_source

    source = open_source("camera:0", RUN)
    for number, frame in enumerate(source.frames()):
        if frame is not None:
            picture = frame.picture()
            assert picture.shape[0] >= 120 and picture.std() > 5, "the picture is empty"
            return {"shape": list(picture.shape)}
        assert number < 100, "no frame comes"
    raise AssertionError("the camera ended")
