"""In the guest: the contract of all door drivers, over the relay guard on a real gpiochip."""

import contextlib
import signal
import time
from collections.abc import AsyncIterator

from devices.gpio.client import GuardClient
from tests.fakes.door_contract import CONTRACT, ready
from tests.fakes.door_rig import Late, Move, Rig, find
from tests.hardware.bench import DOORS, GATE, Bench

NO_CAUSE = ""
"""A line knows none."""


@contextlib.asynccontextmanager
async def chip_rig(bench: Bench) -> AsyncIterator[Rig]:
    """A fresh chip, a guard on it and the hub's driver; what the relay did is what the chip's line did."""
    assert GATE.line is not None and GATE.contact_line is not None
    line, contact_line = GATE.line, GATE.contact_line
    bench.renew_chip()
    bench.start_guard()
    late = Late()

    def moves() -> list[Move]:
        bench.wires.mark()
        return [(level, at_ns, NO_CAUSE) for at_ns, moved, level in bench.wires.edges if moved == line]

    late.rig = rig = Rig(
        driver=(
            client := GuardClient(
                socket=bench.socket,
                doors=DOORS,
                on_contact=late.note,
                on_connected=lambda: late.connected([GATE.id]),
            )
        ),
        runs=[client.run],
        moves=moves,
        lose=bench.kill_guard,
        restore=bench.start_guard,
        silence=lambda on: bench.signal_guard(signal.SIGSTOP if on else signal.SIGCONT),
        set_open=lambda is_open: bench.wires.put(contact_line, int(is_open)),
        findings=find(),
        pulse_ms=GATE.pulse_ms,
        silence_s=1.0,
    )
    rig.begin()
    try:
        yield rig
    finally:
        await rig.end()


async def check_contract(bench: Bench) -> dict[str, object]:
    """Every check of the contract, each on a chip of its own; the one that fails is named."""
    seconds: dict[str, object] = {}
    for name, check in CONTRACT.items():
        began = time.monotonic()
        async with chip_rig(bench) as rig:
            try:
                await ready(rig)
                await check(rig)
            except Exception as error:
                error.add_note(f"the contract: {name}")
                raise
        seconds[name] = round(time.monotonic() - began, 2)
    return seconds
