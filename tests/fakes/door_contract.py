"""What every door driver keeps, as checks of a rig: over fakes and simulators, and on a real gpiochip."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.errors import DeviceError, DeviceOffline
from tests.fakes.door_rig import Rig
from tests.fakes.waiting import until

Check = Callable[[Rig], Awaitable[None]]


async def ready(rig: Rig) -> None:
    """Wait until its device is there and the door is shut."""
    rig.set_open(False)
    await until(rig.online, within_s=40)
    await until(lambda: rig.contacts and rig.contacts[-1] is ContactState.CLOSED)


async def check_pulse(rig: Rig) -> None:
    """A pulse goes on once an id, and off by itself; a door that the driver does not have moves nothing."""
    await _must_raise(NotMoved, rig.driver.pulse("k1-1-1", "cellar"))
    await _must_raise(NotMoved, rig.driver.hold("cellar", True))
    assert rig.edges() == [], "an unknown door moves nothing"
    await rig.driver.pulse("k1-1-1", "gate")
    await _must_raise(DeviceError, rig.driver.pulse("k1-1-1", "gate"))
    await until(lambda: rig.edges() and not rig.is_on())
    (_, on_ns, _), (_, off_ns, _) = rig.edges()
    on_ms = (off_ns - on_ns) / 1e6
    assert rig.pulse_ms - 60 <= on_ms <= rig.pulse_ms + 150, f"on for {on_ms} ms"


async def check_contact(rig: Rig) -> None:
    """The contact is reported as it moves."""
    rig.set_open(True)
    await until(lambda: rig.contacts[-1] is ContactState.OPEN)
    rig.set_open(False)
    await until(lambda: rig.contacts[-1] is ContactState.CLOSED)


async def check_hold(rig: Rig) -> None:
    """A hold lasts while the hub lives and no longer."""
    await rig.driver.hold("gate", True)
    await until(rig.is_on)
    await rig.driver.hold("gate", False)
    await until(lambda: not rig.is_on())
    await rig.driver.hold("gate", True)
    await until(rig.is_on)
    await asyncio.sleep(rig.silence_s + 0.3)
    assert rig.is_on() and rig.times_on() == 2, rig.edges()
    await rig.end()
    await until(lambda: not rig.is_on(), within_s=rig.silence_s + 0.5)


async def check_silence(rig: Rig) -> None:
    """A device that does not answer leaves the outcome open."""
    rig.silence(True)
    try:
        await _must_raise(DeviceOffline, rig.driver.pulse("k1-1-4", "gate"))
    finally:
        rig.silence(False)


async def check_loss(rig: Rig) -> None:
    """A lost device moves nothing, and its contact is unknown until it is read."""
    await rig.driver.hold("gate", True)
    await until(rig.is_on)
    resets = rig.resets
    rig.lose()
    try:
        await until(lambda: not rig.online())
        await until(lambda: rig.contacts[-1] is ContactState.UNKNOWN)
        await _must_raise(NotMoved, rig.driver.pulse("k1-1-5", "gate"))
    finally:
        await asyncio.to_thread(rig.restore)
    await until(rig.online, within_s=40)
    await until(lambda: rig.contacts[-1] in (ContactState.CLOSED, ContactState.OPEN))
    await until(lambda: rig.resets > resets)


CONTRACT: Mapping[str, Check] = {
    "a pulse goes on once an id and off by itself": check_pulse,
    "the contact is reported as it moves": check_contact,
    "a hold lasts while the hub lives and no longer": check_hold,
    "a device that does not answer leaves the outcome open": check_silence,
    "a lost device moves nothing and its contact is unknown until it is read": check_loss,
}


async def _must_raise(kind: type[DeviceError], asked: Awaitable[None]) -> None:
    """A guest machine has no time for pytest."""
    try:
        await asked
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")
