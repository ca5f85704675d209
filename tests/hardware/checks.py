"""`python -m tests.hardware.checks NAME...`, in the guest: what must hold on a real gpiochip."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from devices.gpio.client import GuardClient
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.access.inputs import InputState
from edge.links.cancelling import end_task
from tests.hardware.bench import (
    DOORS,
    FREE_INPUT,
    FREE_OUTPUT,
    GATE,
    HALL,
    INPUTS,
    LACKING,
    SIGNALS,
    SLACK_MS,
    Bench,
    await_that,
    boot_ns,
    switch_off,
)
from tests.hardware.contract import check_contract
from tests.hardware.fire import check_fire
from tests.hardware.guest import ROOT, report
from tests.hardware.pi_guard import pi_factory
from tests.hardware.readers import check_camera, check_scanner

LIMIT_KB = 25_000
"""Target of the guard (targets: `memory`)."""


class Hub:
    """The product's client, and what it heard with the time."""

    def __init__(self, bench: Bench) -> None:
        self.heard: list[tuple[str, str, int]] = []
        self.client = GuardClient(
            socket=bench.socket,
            doors=DOORS,
            on_contact=self._note,
            inputs=INPUTS,
            on_input=self._note,
            signals=SIGNALS,
        )

    def _note(self, name: str, state: ContactState | InputState) -> None:
        self.heard.append((name, state.value, boot_ns()))

    async def until_heard(self, name: str, state: str) -> int:
        """Boot time at which it was heard, from now on."""
        seen = len(self.heard)
        async with asyncio.timeout(5):
            while True:
                for heard, said, at_ns in self.heard[seen:]:
                    if (heard, said) == (name, state):
                        return at_ns
                await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def connected(bench: Bench) -> AsyncIterator[Hub]:
    """A hub that is connected to a guard that runs."""
    if bench.guard is None or bench.guard.poll() is not None:
        bench.start_guard()
    hub = Hub(bench)
    role = asyncio.create_task(hub.client.run())
    try:
        async with asyncio.timeout(30):
            while not hub.client.connected:
                await asyncio.sleep(0.005)
        yield hub
    finally:
        await end_task(role)


async def seen(bench: Bench, line: int, level: int, mark: int, within_s: float = 10.0) -> int | None:
    """Boot time at which an output came to a level since a mark; None when it did not."""
    return await asyncio.to_thread(lambda: bench.wires.wait_for(line, level, since=mark, within_s=within_s))


def check_gpiozero(bench: Bench) -> dict[str, object]:
    """gpiozero over lgpio, unpatched but for the revision: an output, an input, an edge."""
    from gpiozero import DigitalInputDevice, OutputDevice

    bench.renew_chip()
    factory = pi_factory()()
    output = OutputDevice(FREE_OUTPUT, initial_value=False, pin_factory=factory)
    heard = DigitalInputDevice(FREE_INPUT, pull_up=True, pin_factory=factory)
    edges: list[int] = []
    heard.when_activated = lambda: edges.append(boot_ns())
    mark = bench.wires.mark()
    output.on()
    output.off()
    assert bench.wires.levels_of(FREE_OUTPUT, since=mark, count=2) == [1, 0]
    bench.wires.put(FREE_INPUT, 0)
    await_that(lambda: edges, "the edge")
    for device in (output, heard):
        device.close()
    bench.wires.put(FREE_INPUT, 1)
    factory.close()
    return {"edges": len(edges)}


async def check_pulse(bench: Bench) -> dict[str, object]:
    """A pulse is on the pin for its time, once, and is counted."""
    async with connected(bench) as hub:
        before, mark = hub.client.cycles[0], bench.wires.mark()
        await hub.client.pulse("k1-1-1", "gate")
        on_ns = await seen(bench, 0, 1, mark)
        off_ns = await seen(bench, 0, 0, mark)
        assert on_ns is not None and off_ns is not None, "the line did not move"
        try:
            await hub.client.pulse("k1-1-1", "gate")
        except NotMoved as refused:
            assert str(refused) == "repeated", refused
        else:
            raise AssertionError("an id was fired twice")
    on_ms = (off_ns - on_ns) / 1e6
    assert abs(on_ms - GATE.pulse_ms) <= SLACK_MS, f"on for {on_ms} ms"
    async with connected(bench) as hub:
        assert hub.client.cycles[0] == before + 1, "the cycle was not counted"
    return {"on_ms": round(on_ms, 1)}


async def check_inputs(bench: Bench) -> dict[str, object]:
    """Contact, fire input and exit button are heard, each in time, and stand in the trace."""
    figures: dict[str, object] = {}
    bench.renew_chip()
    bench.wires.put(3, 0)  # a fire loop that is whole
    async with connected(bench) as hub:
        for name, line, level, state in (
            ("gate", 1, 0, "closed"),
            ("gate", 1, 1, "open"),
            ("fire", 3, 1, "active"),
            ("button", 4, 0, "active"),
            ("button", 4, 1, "idle"),
        ):
            began_ns = boot_ns()
            waiting = asyncio.create_task(hub.until_heard(name, state))
            await asyncio.sleep(0)
            bench.wires.put(line, level)
            try:
                heard_ns = await waiting
            except TimeoutError:
                raise AssertionError(f"{name} {state} was not heard, but {hub.heard}") from None
            figures[f"{name}_{state}_ms"] = round((heard_ns - began_ns) / 1e6, 1)
    said = [(entry["line"], entry["input"]) for entry in bench.entries() if "input" in entry]
    assert (3, "active") in said and (4, "active") in said and (1, "closed") in said, said
    bench.wires.put(3, 0)
    return figures


async def check_lamp(bench: Bench) -> dict[str, object]:
    """A lamp plays its pattern and is dark afterwards."""
    async with connected(bench) as hub:
        mark = bench.wires.mark()
        hub.client.signal("lamp", (100, 100, 100))
        levels = await asyncio.to_thread(lambda: bench.wires.levels_of(5, since=mark, count=4))
        assert levels == [1, 0, 1, 0], levels
    return {}


async def check_lacking_line(bench: Bench) -> dict[str, object]:
    """A line that the chip lacks is named and refused; the others work."""
    async with connected(bench) as hub:
        assert list(hub.client.faults) == [LACKING.line], hub.client.faults
        try:
            await hub.client.pulse("k1-1-9", LACKING.id)
        except NotMoved as refused:
            assert str(refused) == "line_fault", refused
        else:
            raise AssertionError("a line that is not there was fired")
        mark = bench.wires.mark()
        await hub.client.hold(HALL.id, True)
        assert await seen(bench, 2, 1, mark), "the other door does not work"
        return {"says": hub.client.faults[9]}


async def check_off_program(bench: Bench) -> dict[str, object]:
    """A killed guard leaves its lines on; the program of ExecStopPost= switches them off."""
    async with connected(bench) as hub:
        mark = bench.wires.mark()
        await hub.client.hold(HALL.id, True)
        assert await seen(bench, 2, 1, mark), "the hold did not come"
        bench.kill_guard()
        left_on = await seen(bench, 2, 0, mark, 0.5) is None
        assert left_on, "this chip forgets its levels: the check proves nothing"
        began = time.monotonic()
        code = await asyncio.to_thread(switch_off, bench.site)
        assert await seen(bench, 2, 0, mark, 2.0), "still on"
        assert code == 1, "the line that the chip lacks was not told"
    return {"seconds": round(time.monotonic() - began, 2)}


async def check_exit(bench: Bench) -> dict[str, object]:
    """At its end by SIGTERM everything is off."""
    async with connected(bench) as hub:
        mark = bench.wires.mark()
        await hub.client.hold(HALL.id, True)
        assert await seen(bench, 2, 1, mark), "the hold did not come"
        assert bench.guard is not None
        bench.signal_guard(signal.SIGTERM)
        assert await seen(bench, 2, 0, mark, 2.0), "still on"
    code = bench.guard.wait()
    assert code == 0, f"exit code {code}"
    causes = [entry["id"] for entry in bench.entries() if entry["line"] == 2 and "level" in entry]
    assert causes[-1] == "exit", causes
    return {}


def check_memory(bench: Bench) -> dict[str, object]:
    """A guard of its own interpreter on the chip stays within 25 MB."""
    bench.kill_guard()
    bench.socket.unlink(missing_ok=True)
    files = ("--socket", bench.socket, "--trace", bench.trace, "--lines", bench.site)
    command = [sys.executable, "-m", "tests.hardware.pi_guard", *map(str, files)]
    # lgpio has changed the folder of this process.
    with subprocess.Popen(command, cwd=ROOT) as guard:
        await_that(bench.socket.exists, "the guard")
        status = Path(f"/proc/{guard.pid}/status").read_text()
        resident_kb = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        guard.terminate()
    assert resident_kb <= LIMIT_KB, f"{resident_kb} kB resident"
    return {"resident_kb": resident_kb}


CHECKS: Mapping[str, Callable[[Bench], object]] = {
    "pulse": check_pulse,
    "inputs": check_inputs,
    "lamp": check_lamp,
    "lacking_line": check_lacking_line,
    "off_program": check_off_program,
    "exit": check_exit,
    "contract": check_contract,
    "fire": check_fire,
    "memory": check_memory,
    "scanner": check_scanner,
    # After the guard's: what lgpio starts in this process does not live on in a forked guard.
    "gpiozero": check_gpiozero,
    "camera": check_camera,
}


LONG = ("camera", "fire")
"""For `make test-hw` alone: they take a guest long."""


def run(bench: Bench, name: str) -> None:
    """Run one check and report it."""
    began = time.monotonic()
    try:
        outcome = CHECKS[name](bench)
        figures = asyncio.run(outcome) if asyncio.iscoroutine(outcome) else outcome
        assert isinstance(figures, dict)
        report(check=name, ok=True, seconds=round(time.monotonic() - began, 2), figures=figures)
    except Exception:  # noqa: BLE001  # told to the host, which fails by it
        report(check=name, ok=False, why=traceback.format_exc()[-1500:])


def main() -> None:
    """Make the bench, run the checks."""
    began = time.monotonic()
    bench = Bench()
    report(
        check="boot",
        ok=True,
        seconds=round(boot_ns() / 1e9, 1),
        figures={"bench_s": time.monotonic() - began},
    )
    for name in sys.argv[1:]:
        run(bench, name)
    bench.close()


if __name__ == "__main__":
    main()
