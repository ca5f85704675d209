"""What every DoorDriver keeps, over the real device or a process that speaks its protocol."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiomqtt
import pytest

from edge.access.errors import NotMoved
from tests.fakes.door_contract import CONTRACT, Check, ready
from tests.fakes.door_rig import PULSE_MS, Rig
from tests.fakes.door_rigs import (
    NODE,
    TASMOTA,
    guard_rig,
    modbus_rig,
    node_rig,
    satellite_file,
    satellite_rig,
    tasmota_rig,
)
from tests.fakes.guard import GuardProcess
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.ports import free_port
from tests.fakes.relay_process import RelayProcess
from tests.fakes.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("door-contract")]


class Bench:
    """Processes that live as long as the module; each is started when a test first needs it."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._made: dict[str, object] = {}
        self._ports: dict[str, int] = {}

    def folder(self, name: str) -> Path:
        """A folder for one of them."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def broker(self) -> Mosquitto:
        """A broker that runs."""
        made = self._made.get("broker")
        if made is None:
            made = self._made["broker"] = Mosquitto(self.folder("broker"))
            made.start()
            self._stack.callback(made.stop)
        assert isinstance(made, Mosquitto)
        return made

    def port(self, name: str) -> int:
        """A free port that stays with one of them."""
        return self._ports.setdefault(name, free_port())

    def guard(self, name: str) -> GuardProcess:
        """A guard that runs."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = GuardProcess(self.folder(name))
            made.start()
            self._stack.callback(made.stop)
        assert isinstance(made, GuardProcess)
        return made

    def process(self, name: str, module: str, *arguments: str, plays: bool = True) -> RelayProcess:
        """A simulator or a satellite that runs."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = RelayProcess(self.folder(name), module, *arguments, plays=plays)
            made.start()
            self._stack.callback(made.kill)
        assert isinstance(made, RelayProcess)
        return made


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The processes of this module; a second worker waits with its own, which would slow both down."""
    turn = tmp_path_factory.getbasetemp().parent / "doors.turn"
    with turn.open("w") as file, contextlib.ExitStack() as stack:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Bench(tmp_path_factory.mktemp("doors"), stack)


def make_rig(bench: Bench, kind: str) -> contextlib.AbstractAsyncContextManager[Rig]:
    """A driver and its device."""
    if kind == "guard":
        return guard_rig(bench.guard("guard"))
    module = "devices.simulator.modbus_relay"
    if kind == "modbus-tcp":
        port = bench.port(kind)
        return modbus_rig(
            bench.process(kind, module, "--port", str(port)), {"host": "127.0.0.1", "tcp_port": port}
        )
    if kind == "modbus-rtu":
        line = bench.folder(kind) / "line"
        return modbus_rig(bench.process(kind, module, "--pty", str(line)), {"port": str(line)})
    broker = bench.broker
    if kind == "mqtt":
        where = ("--device", NODE, "--port", str(broker.port))
        module = "devices.simulator.relay_node"
        return node_rig(broker, bench.process("node", module, *where, "--door", f"gate={PULSE_MS}"))
    if kind == "tasmota":
        where = ("--device", TASMOTA, "--port", str(broker.port))
        module = "devices.simulator.tasmota"
        return tasmota_rig(
            broker, bench.process("tasmota", module, *where, "--relay", f"1={PULSE_MS // 100}")
        )
    guard = bench.guard("satellite-guard")
    file = satellite_file(bench.folder("satellite"), broker, guard)
    process = bench.process("satellite", "edge", "run", "--config", str(file), plays=False)
    return satellite_rig(broker, guard, process)


KINDS = ("guard", "mqtt", "tasmota", "modbus-tcp", "modbus-rtu", "satellite")


@pytest.fixture
async def every(bench: Bench) -> AsyncIterator[Callable[[Check], Awaitable[None]]]:
    """Runs a check over every driver at once, since most of it is waiting; the failing ones are named."""
    async with contextlib.AsyncExitStack() as stack:
        rigs = {kind: await stack.enter_async_context(make_rig(bench, kind)) for kind in KINDS}

        async def run(check: Check) -> None:
            await asyncio.gather(*(ready(rig) for rig in rigs.values()))
            outcomes = await asyncio.gather(*map(check, rigs.values()), return_exceptions=True)
            failed = []
            for kind, outcome in zip(rigs, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    outcome.add_note(f"driver: {kind}")
                    failed.append(outcome)
            if failed:
                raise ExceptionGroup("the contract is broken", failed)

        yield run


Every = Callable[[Check], Awaitable[None]]


@pytest.mark.parametrize("name", CONTRACT)
async def test_every_driver_keeps_the_contract(every: Every, name: str) -> None:
    await every(CONTRACT[name])


@pytest.mark.parametrize("way", ["killed", "frozen"])
async def test_a_satellite_without_its_broker_lets_go_within_two_seconds(bench: Bench, way: str) -> None:
    async with make_rig(bench, "satellite") as rig:
        await ready(rig)
        await rig.driver.hold("gate", True)
        await until(rig.is_on)
        if way == "killed":
            bench.broker.stop()
        else:
            bench.broker.freeze()
        try:
            await until(lambda: not rig.is_on(), within_s=2.4)
        finally:
            bench.broker.stop()
            bench.broker.start()
        resets = rig.resets
        await until(rig.online)
        await until(lambda: rig.resets > resets)
        await rig.driver.pulse(f"k1-2-{way}", "gate")
        await until(lambda: rig.times_on() == 2 and not rig.is_on())


async def test_a_retained_power_left_at_the_broker_is_removed_before_it_moves_a_second_time(
    bench: Bench,
) -> None:
    async with aiomqtt.Client(bench.broker.host, bench.broker.port) as somebody:
        await somebody.publish(f"cmnd/{TASMOTA}/POWER1", b"ON", qos=1, retain=True)
    async with make_rig(bench, "tasmota") as rig:
        await until(lambda: rig.findings.has(TASMOTA, "retained_command"))
        async with aiomqtt.Client(bench.broker.host, bench.broker.port) as listener:
            await listener.subscribe([(f"cmnd/{TASMOTA}/POWER1", 1), (f"tele/{TASMOTA}/LWT", 1)])
            first = await anext(aiter(listener.messages))
            assert str(first.topic).endswith("LWT"), "what was retained is gone"


async def test_a_modbus_relay_that_stays_on_is_switched_off_and_its_board_gets_no_door(bench: Bench) -> None:
    async with make_rig(bench, "modbus-tcp") as rig:
        await until(rig.online)
        board = bench.process("modbus-tcp", "")
        board.switch("/board", sticky=True)
        try:
            await rig.driver.pulse("k1-2-3", "gate")
            await until(lambda: rig.findings.has("modbus-4", "still_on"))
            await until(lambda: not rig.is_on())
            with pytest.raises(NotMoved, match="duty_refused"):
                await rig.driver.pulse("k1-2-4", "gate")
        finally:
            board.switch("/board", sticky=False)
