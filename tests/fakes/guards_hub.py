"""The hub's side of the guard's socket as a process to be killed: the product's own GuardClient.

`python -m tests.fakes.guards_hub SOCKET PULSE_MS`; commands on standard input, one a line, each answered with
one: `pulse ID`, `hold`, `mute` (the connection stays, nothing is said any more).
"""

import asyncio
import sys
from pathlib import Path

from devices.gpio import client
from devices.gpio.client import GuardClient
from devices.settings import DoorSettings
from edge.errors import DeviceError

DOOR = "gate"
LINE = 17


async def main() -> None:
    """Obey until the input ends."""
    door = DoorSettings(id=DOOR, name_zh="门", name_en=DOOR, line=LINE, pulse_ms=int(sys.argv[2]))
    connected = asyncio.Event()

    async def ready() -> None:
        connected.set()

    guard = GuardClient(
        socket=Path(sys.argv[1]), doors=[door], on_contact=lambda *_: None, on_connected=ready
    )
    role = asyncio.create_task(guard.run())
    await connected.wait()
    say("connected")
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        match line:
            case ["pulse", pulse_id]:
                try:
                    await guard.pulse(pulse_id, DOOR)
                    say("fired")
                except DeviceError as fault:
                    say(f"not: {fault}")
            case ["hold"]:
                await guard.hold(DOOR, True)
                say("held")
            case ["mute"]:
                say("mute")
                vars(client)["BEAT_EVERY_S"] = 3600.0
    role.cancel()


def say(text: str) -> None:
    """Answer."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
