"""`gate-command`: a signed command on a real broker, checked, its intent committed, its pulse fired.

Measured from the publication until the guard process has set the pin, by the guard's own trace. Beside every
command the floor is measured: a bare aiomqtt handler of the same bytes, one COSE verification, one commit.
The platform publishes from its own process; its HTTP side is one endpoint that takes the nonce.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing import get_context
from pathlib import Path

import aiomqtt
import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud_sync.commands import CommandSession
from cloud_sync.http import PlatformHttp
from devices.gpio.client import GuardClient, boot_ns
from edge.access.contacts import ContactDesk
from edge.access.credentials.reading import CredentialReader
from edge.access.doors.door import Door, DoorKind
from edge.access.entry import DoorOpener
from edge.access.refusals import RefusalLog
from edge.bench.figures import Case, case, middle, percentile
from edge.bench.gate_peers import DOOR, HOST, TRACE, NonceDesk, client, pulses, start_broker, start_guard
from edge.bench.gate_platform import (
    ANSWER_S,
    BARE_TOPIC,
    KEY_ID,
    CarryBare,
    FireMany,
    FireOne,
    Task,
    serve,
)
from edge.bench.lean_intent import LeanIntent
from edge.bench.till import DEVICE, SITE, WallClock, open_till
from edge.config import BrokerSettings
from edge.demo.processes import Processes
from edge.shop import orders
from edge.trust.keys import KeySet, SigningKey, verifying_key

COMMANDS = 500
WARM_UP = 30
AT_ONCE = 32
"""Commands in flight while throughput is measured; the product takes up to 64."""
MORE_MS = 0.5
P99_RATIO = 3.0
RATE = 400.0


def run(commands: int = COMMANDS) -> list[Case]:
    """Fire `commands` commands one at a time with the floor beside each, then as many at once."""
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as name:
        folder = Path(name)
        processes = Processes(folder / "logs")
        try:
            port, guard = start_broker(processes, folder), start_guard(processes, folder)
            return asyncio.run(_measure(folder, port, guard, commands))
        finally:
            processes.end_all()


class Hub:
    """The command path of the product, from the broker's session to the guard's socket."""

    def __init__(self, folder: Path, port: int, guard: Path, url: str, keys: KeySet) -> None:
        clock = WallClock()
        self.store = open_till(folder / "hub.db")
        self.guard = GuardClient(socket=guard, doors=[DOOR], on_contact=lambda door, state: None)
        self._opener = DoorOpener(
            store=self.store,
            clock=clock,
            reader=CredentialReader(store=self.store, clock=clock, keys=lambda: keys),
            doors={DOOR.id: Door(id=DOOR.id, kind=DoorKind.RESIDENTS, has_contact=False)},
            pulser=self.guard,
            contacts=ContactDesk(store=self.store, orders=orders),
            refusals=RefusalLog(store=self.store, clock=clock),
            trigger=self.guard.fire,
        )
        self._http = PlatformHttp(url=url, site=SITE, device=DEVICE, token="bench")
        self.session = CommandSession(
            settings=BrokerSettings(host=HOST, port=port, username="hub", password_file=""),
            password="",
            site=SITE,
            device=DEVICE,
            http=self._http,
            clock=clock,
            keys=lambda: keys,
            doors=self._opener,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Hub"]:
        """Session and guard connected; both end with the block."""
        tasks = [asyncio.create_task(self.guard.run()), asyncio.create_task(self.session.run())]
        try:
            async with asyncio.timeout(ANSWER_S):
                while not (self.guard.connected and self.session.ready):
                    await asyncio.sleep(0.01)
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._opener.close()
            await self._http.close()
            self.store.close()


class Platform:
    """The platform's process, see `gate_platform`."""

    def __init__(self, port: int, key: SigningKey, nonce: str) -> None:
        context = get_context("spawn")
        self._tasks, theirs = context.Pipe()
        private = key.private.private_bytes_raw()
        self._process = context.Process(target=serve, args=(theirs, port, private, nonce), daemon=True)
        self._process.start()
        theirs.close()

    async def started(self) -> None:
        """Wait until it is connected."""
        await asyncio.to_thread(self._tasks.recv)

    async def do(self, task: Task) -> tuple[int, bytes]:
        """Let it do a task; raises EOFError when it died."""
        self._tasks.send(task)
        answer: tuple[int, bytes] = await asyncio.to_thread(self._tasks.recv)
        return answer

    def stop(self) -> None:
        """End the process."""
        self._tasks.send(None)
        self._process.join(ANSWER_S)


class Floor:
    """The three parts of the floor, each the least that does it."""

    def __init__(self, mqtt: aiomqtt.Client, folder: Path, key: SigningKey) -> None:
        self._mqtt = mqtt
        self._public = Ed25519PublicKey.from_public_bytes(key.public)
        self._arrived: asyncio.Future[int] | None = None
        self._intents = LeanIntent(folder / "floor.db")

    async def receive(self) -> None:
        """The bare handler."""
        async for _ in self._mqtt.messages:
            assert self._arrived is not None
            self._arrived.set_result(boot_ns())

    async def carry(self, platform: Platform) -> tuple[float, bytes]:
        """Milliseconds from a publication until its handler runs, and the bytes that were carried."""
        self._arrived = asyncio.get_running_loop().create_future()
        began_ns, message = await platform.do(CarryBare())
        async with asyncio.timeout(ANSWER_S):
            return (await self._arrived - began_ns) / 1e6, message

    def verify(self, message: bytes) -> float:
        """Milliseconds of one verification: decode, verify, decode the payload, and no other check."""

        def act() -> None:
            protected, _, body, signature = cbor2.loads(message).value
            self._public.verify(signature, cbor2.dumps(["Signature1", protected, b"", body]))
            cbor2.loads(body)

        return _timed_ms(act)

    def commit(self, message: bytes) -> float:
        """Milliseconds of one commit of one row, with its fsync."""
        return _timed_ms(lambda: self._intents.commit(message))

    def close(self) -> None:
        """Let the file go."""
        self._intents.close()


def _timed_ms(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


async def _measure(folder: Path, port: int, guard: Path, commands: int) -> list[Case]:
    key = SigningKey.generate(KEY_ID, "commands")
    keys = KeySet(1, [verifying_key(key)])
    desk = NonceDesk()
    url = await desk.start()
    try:
        async with Hub(folder, port, guard, url, keys).running(), client(port) as bare:
            await bare.subscribe(BARE_TOPIC, qos=1)
            platform, floor = Platform(port, key, desk.nonce), Floor(bare, folder, key)
            receiving = asyncio.create_task(floor.receive())
            try:
                await platform.started()
                singly = await _one_at_a_time(folder / TRACE, platform, floor, commands)
                return [*singly, await _many_at_once(platform, commands)]
            finally:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
                platform.stop()
                floor.close()
    finally:
        await desk.stop()


async def _one_at_a_time(trace: Path, platform: Platform, floor: Floor, commands: int) -> list[Case]:
    began_ns: list[int] = []
    parts_ms: dict[str, list[float]] = {"handler": [], "verification": [], "commit": []}
    for number in range(commands + WARM_UP):
        carried, message = await floor.carry(platform)
        verified, committed = floor.verify(message), floor.commit(message)
        began_ns.append((await platform.do(FireOne()))[0])
        if number >= WARM_UP:
            for name, value in zip(parts_ms, (carried, verified, committed), strict=True):
                parts_ms[name].append(value)
    fired_ns = pulses(trace)
    values_ms = [(fired - began) / 1e6 for began, fired in zip(began_ns, fired_ns, strict=True)][WARM_UP:]
    sums_ms = [sum(parts) for parts in zip(*parts_ms.values(), strict=True)]
    return [*_latency_cases(values_ms, sums_ms), *_floor_cases(parts_ms)]


def _latency_cases(values_ms: list[float], sums_ms: list[float]) -> list[Case]:
    p50, floor50 = middle(values_ms), middle(sums_ms)
    p99, floor99 = percentile(values_ms, 0.99), percentile(sums_ms, 0.99)
    return [
        case(
            "gate-command",
            p50,
            "ms",
            floor=floor50,
            target=f"p50 <= floor + {MORE_MS:g} ms",
            ok=p50 <= floor50 + MORE_MS,
            n=len(values_ms),
        ),
        case(
            "gate-command-p99",
            p99,
            "ms",
            floor=floor99,
            target=f"p99 <= {P99_RATIO:g} x floor's p99",
            ok=p99 <= P99_RATIO * floor99,
            n=len(values_ms),
        ),
    ]


def _floor_cases(parts_ms: dict[str, list[float]]) -> list[Case]:
    return [
        case(f"gate-command-floor-{name}", middle(values), "ms", target="reported", n=len(values))
        for name, values in parts_ms.items()
    ]


async def _many_at_once(platform: Platform, commands: int) -> Case:
    """Commands a second, each one fired, decided and answered, with a bounded number in flight."""
    taken_ns, _ = await platform.do(FireMany(commands, AT_ONCE))
    rate = commands / (taken_ns / 1e9)
    return case(
        "gate-command-rate", rate, "commands/s", target=f">= {RATE:g} commands/s", ok=rate >= RATE, n=commands
    )
