"""`uplink`: a journal full of sales drains to the reference platform, durable on both sides.

A sale on the wire is one event: the settled sale with its lines, points and receipt, some 800 bytes of JSON.
(The targets' source counts so: an event of 541 bytes, 107 compressed and 43 for its hash, is a sale.) One
that a resident paid by phone comes with three more (placed, asked, paid); a journal of those is what drains
in all other cases, and `uplink-phone-sales` counts them. The floor is bare aiohttp at batches of 100
(`bare_ingest`). Platform and floor run in processes of their own. `EDGE_BENCH_WAITING_EVENTS=1000000`
measures memory and drain with the million of the targets.
"""

import asyncio
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

from cloud_sync.http import PlatformHttp
from cloud_sync.uplink import Uplink
from edge.bench import bare_ingest, till
from edge.bench.figures import Case, case, middle, percentile
from edge.bench.uplink_platform import Line, PlatformAddress, running_platform
from edge.bench.waiting_sales import EVENTS_A_SALE, fill_journal
from edge.store.store import Store

WAITING_VARIABLE = "EDGE_BENCH_WAITING_EVENTS"
WAITING_EVENTS = 200_000
FEW_EVENTS = 1_000
DRAINED_EVENTS = 40_000
FLOOR_EVENTS = 20_000
ROUNDS = 3
RETURNS = 6
OUTAGE_S = 4.0
TILL_SALES = 1_000
TILL_PAUSE_S = 0.02
FLOOR_RATIO, SALES_A_S, BYTES_A_SALE, RETURN_S, TILL_RATIO, MEMORY_RATIO = 0.4, 4_000, 130, 5.0, 2.0, 1.1


def run(waiting: int | None = None, drained: int = DRAINED_EVENTS, returns: int = RETURNS) -> list[Case]:
    """All cases over one journal with `waiting` events, of which `drained` are sent in each round."""
    waiting = waiting or int(os.environ.get(WAITING_VARIABLE, WAITING_EVENTS))
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as base:
        folder = Path(base)
        many, few = folder / "many.db", folder / "few.db"
        asyncio.run(fill_journal(many, waiting // EVENTS_A_SALE))
        asyncio.run(fill_journal(few, FEW_EVENTS // EVENTS_A_SALE))
        settled, sent = folder / "settled.db", min(drained, waiting)
        asyncio.run(fill_journal(settled, sent, settled_only=True))
        cases = _drain_cases(folder, many, settled, sent)
        cases += wire_cases(folder, many, settled, min(sent, 10_000))
        cases += asyncio.run(_return_case(folder, few, returns))
        cases += _memory_case(folder, few, many, waiting)
        cases += asyncio.run(_till_case(folder, many))
        return cases


def _drain_cases(folder: Path, whole: Path, settled: Path, events: int) -> list[Case]:
    """Product and floor in turn; the medians of the rounds."""
    rates: list[float] = []
    floors: list[float] = []
    sales: list[float] = []
    for number in range(ROUNDS):
        with _bare(folder / f"bare-{number}") as port:
            taken_s = asyncio.run(
                bare_ingest.drain(port, whole, folder / f"bare-{number}", min(events, FLOOR_EVENTS))
            )
            floors.append(min(events, FLOOR_EVENTS) / taken_s)
        for name, journal, found in (("whole", whole, rates), ("settled", settled, sales)):
            with running_platform(folder / f"platform-{name}-{number}") as address:
                found.append(events / asyncio.run(_drain(folder, journal, address, events)))
    rate = middle(rates)
    target, ok = f">= {FLOOR_RATIO:g} x floor", rate >= FLOOR_RATIO * middle(floors)
    sold = middle(sales)
    return [
        case("uplink-events", rate, "events/s", floor=middle(floors), target=target, ok=ok, n=events),
        case("uplink", sold, "sales/s", target=f">= {SALES_A_S:,}", ok=sold >= SALES_A_S, n=events),
        case("uplink-phone-sales", rate / EVENTS_A_SALE, "sales/s", n=events // EVENTS_A_SALE),
    ]


@contextmanager
def _bare(folder: Path) -> Iterator[int]:
    folder.mkdir()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=bare_ingest.serve, args=(theirs, str(folder)), daemon=True
    )
    process.start()
    try:
        yield int(ours.recv())
    finally:
        ours.send(None)
        process.join()


@asynccontextmanager
async def _uplink(store: Store, port: int, token: str) -> AsyncIterator[Uplink]:
    url = f"http://127.0.0.1:{port}"
    async with PlatformHttp(url=url, site=till.SITE, device=till.DEVICE, token=token) as http:
        uplink = Uplink(store=store, http=http)
        task = asyncio.create_task(uplink.run())
        try:
            yield uplink
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _reach(uplink: Uplink, waiting: int) -> None:
    """Until at most so many events wait."""
    while uplink.waiting is None or uplink.waiting > waiting:
        assert uplink.halted is None, uplink.halted
        await asyncio.sleep(0.002)


async def _drain(folder: Path, journal: Path, address: PlatformAddress, events: int) -> float:
    """Seconds from the first question until custody of so many events is noted here."""
    copy = folder / "draining.db"
    shutil.copy(journal, copy)
    try:
        with closing(till.open_till(copy)) as store:
            head = store.executor.head.seq
            began = time.perf_counter()
            async with _uplink(store, address.port, address.token) as uplink:
                await _reach(uplink, head - events)
                return time.perf_counter() - began
    finally:
        for file in folder.glob("draining.db*"):
            file.unlink()


def wire_cases(folder: Path, whole: Path, settled: Path, events: int) -> list[Case]:
    """Bytes on the wire of so many events of a journal of whole sales and of one of settled ones."""
    sale_bytes = asyncio.run(_wire_bytes(folder, settled, events))
    phone_bytes = asyncio.run(_wire_bytes(folder, whole, events)) * EVENTS_A_SALE
    target, ok = f"<= {BYTES_A_SALE}", sale_bytes <= BYTES_A_SALE
    return [
        case("uplink-bytes-a-sale", sale_bytes, "bytes", target=target, ok=ok, n=events),
        case("uplink-bytes-a-phone-sale", phone_bytes, "bytes", n=events // EVENTS_A_SALE),
    ]


async def _wire_bytes(folder: Path, journal: Path, events: int) -> float:
    """Bytes an event of everything that TCP carries, both ways, heads too."""
    copy = folder / f"wire-{journal.name}"
    shutil.copy(journal, copy)
    platform = running_platform(folder / f"platform-wire-{journal.stem}")
    with platform as address, closing(till.open_till(copy)) as store:
        head = store.executor.head.seq
        async with Line(address.port) as line, _uplink(store, line.port, address.token) as uplink:
            await _reach(uplink, head - events)
            return line.carried_bytes / (head - (uplink.waiting or 0))


async def _return_case(folder: Path, journal: Path, returns: int) -> list[Case]:
    """The longest time from the network's return, at different moments, to the first batch in custody."""
    times_s: list[float] = []
    with running_platform(folder / "platform-return") as address, closing(till.open_till(journal)) as store:
        basket = till.basket_of(await till.load_products(store), 0)
        async with Line(address.port) as line, _uplink(store, line.port, address.token) as uplink:
            await _reach(uplink, 0)
            for number in range(returns):
                line.down = True
                await store.run(lambda unit: till.sell(unit, basket))
                await asyncio.sleep(OUTAGE_S + number * 0.45)
                line.down, began = False, time.perf_counter()
                await _reach(uplink, 0)
                times_s.append(time.perf_counter() - began)
    worst = max(times_s)
    return [
        case(
            "uplink-first-batch",
            worst,
            "s",
            target=f"<= {RETURN_S:g} s after the network returns, the worst of n",
            ok=worst <= RETURN_S,
            n=returns,
        )
    ]


def _memory_case(folder: Path, few: Path, many: Path, waiting: int) -> list[Case]:
    """The peak of a process that sends with few and with many events waiting."""
    peaks = []
    for name, journal in (("few", few), ("many", many)):
        copy = folder / f"memory-{name}.db"
        shutil.copy(journal, copy)
        with running_platform(folder / f"platform-{name}") as address:
            command = [sys.executable, "-m", "edge.bench.uplink_peak", str(copy), str(address.port)]
            command += [address.token]
            text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            peaks.append(float(text))
        copy.unlink()
    return [
        case(
            "uplink-memory",
            peaks[1],
            "MB",
            floor=peaks[0],
            target=f"<= {MEMORY_RATIO:g} x with {FEW_EVENTS:,} waiting",
            ok=peaks[1] <= MEMORY_RATIO * peaks[0],
            n=waiting,
        )
    ]


async def _till_case(folder: Path, journal: Path) -> list[Case]:
    """A sale's commit while nothing moves and while the backlog drains, in the process that drains it."""
    copy = folder / "till.db"
    shutil.copy(journal, copy)
    with running_platform(folder / "platform-till") as address, closing(till.open_till(copy)) as store:
        products = await till.load_products(store)

        async def sell(still: Callable[[], bool] = lambda: True) -> list[float]:
            times_ms: list[float] = []
            for sale in range(TILL_SALES):
                if not still():
                    break
                basket = till.basket_of(products, sale)
                began = time.perf_counter()
                await store.run(lambda unit, basket=basket: till.sell(unit, basket))  # type: ignore[misc]
                times_ms.append((time.perf_counter() - began) * 1000)
                await asyncio.sleep(TILL_PAUSE_S)
            return times_ms

        await sell()
        idle = await sell()
        async with _uplink(store, address.port, address.token) as uplink:
            await _reach(uplink, store.executor.head.seq - 1)
            draining = await sell(lambda: (uplink.waiting or 0) > FEW_EVENTS)
    value, floor = percentile(draining, 0.99), percentile(idle, 0.99)
    return [
        case(
            "uplink-till-p99",
            value,
            "ms",
            floor=floor,
            target=f"<= {TILL_RATIO:g} x idle",
            ok=value <= TILL_RATIO * floor,
            n=len(draining),
        )
    ]
