"""`pickup`: an order's pass is scanned, its session begun, and the first cell's command leaves for the board.

Measured from the scan's text to the call of the board's driver, with 10,000 open orders in as many cells. The
floor beside it: one COSE verification and two commits with fsync, the session's and the intent's.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec

from edge.access.contacts import ContactDesk, ContactState
from edge.access.lockers import records
from edge.access.lockers.orders import LockerOrders
from edge.access.pickup import PickupDesk
from edge.access.places import cell_place
from edge.access.refusals import RefusalLog
from edge.bench.figures import Case, case, middle, percentile
from edge.bench.lean_intent import LeanIntent
from edge.bench.till import RESIDENT, SITE, WallClock, open_till
from edge.shop import orders
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.keys import KeySet, SigningKey, verifying_key
from edge.trust.passes import Pass, issue_pass, open_pass

OPEN_ORDERS = 10_000
PICKUPS = 300
WARM_UP = 20
CELLS_A_BANK = 100
LIMIT_MS = 5.0
DAY_MS = 86_400_000


class TimedBoard:
    """A board that takes every command at once, and notes when it came."""

    def __init__(self) -> None:
        self.came_at = 0.0
        self.cell = ("", "")

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Note the moment."""
        self.came_at = time.perf_counter()
        self.cell = (bank, cell)


def run(open_orders: int = OPEN_ORDERS, pickups: int = PICKUPS) -> list[Case]:
    """Collect `pickups` of `open_orders` orders, one after another, each beside its floor."""
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as name:
        return asyncio.run(_measure(Path(name), open_orders, pickups))


async def _measure(folder: Path, open_orders: int, pickups: int) -> list[Case]:
    clock, store = WallClock(), open_till(folder / "hub.db")
    key = SigningKey.generate("bench-passes", "passes")
    keys = KeySet(1, [verifying_key(key)])
    board, contacts = TimedBoard(), ContactDesk(store=store, orders=LockerOrders(orders))
    desk = PickupDesk(
        store=store,
        clock=clock,
        keys=lambda: keys,
        cells=board,
        orders=LockerOrders(orders),
        contacts=contacts,
        refusals=RefusalLog(store=store, clock=clock),
    )
    floor = LeanIntent(folder / "floor.db")
    values_ms: list[float] = []
    floors_ms: list[float] = []
    try:
        await _fill(store, open_orders)
        step = max(1, open_orders // (pickups + WARM_UP))
        for number in range(pickups + WARM_UP):
            text = _pass(key, _order(number * step % open_orders))
            began = time.perf_counter()
            session = await desk.start(text)
            await desk.open_next(session.id)
            values_ms.append((board.came_at - began) * 1000)
            floors_ms.append(_floor_ms(floor, text, keys))
            await _use(contacts, *board.cell)
    finally:
        floor.close()
        await desk.close()
        store.close()
    return _cases(values_ms[WARM_UP:], floors_ms[WARM_UP:], open_orders)


async def _fill(store: Store, open_orders: int) -> None:
    """One order in each cell of as many banks as are needed."""
    cells = [_cell(number) for number in range(open_orders)]

    def add_cells(unit: Unit) -> None:
        records.add_cells(unit.connection, cells, unit.now.at_ms)

    def add_orders(unit: Unit) -> None:
        for number, (bank, cell) in enumerate(cells):
            data = {
                "subject": RESIDENT,
                "state": "in_cells",
                "cells": [{"bank": bank, "cell": cell, "parcel": f"p{number}"}],
            }
            orders.apply_order(unit, _order(number), 1, data)

    await store.run(add_cells)
    await store.run(add_orders)


async def _use(contacts: ContactDesk, bank: str, cell: str) -> None:
    """The cell opens and is closed again."""
    for state in (ContactState.CLOSED, ContactState.OPEN, ContactState.CLOSED):
        await contacts.report(cell_place(bank, cell), state)


def _floor_ms(floor: LeanIntent, text: str, keys: KeySet) -> float:
    began = time.perf_counter()
    shown = open_pass(text, keys, None)
    body = msgspec.json.encode(shown)
    floor.commit(body)
    floor.commit(body)
    return (time.perf_counter() - began) * 1000


def _cases(values_ms: list[float], floors_ms: list[float], open_orders: int) -> list[Case]:
    value, floor = middle(values_ms), middle(floors_ms)
    return [
        case(
            "pickup",
            value,
            "ms",
            floor=floor,
            target=f"p50 ≤ {LIMIT_MS:g} ms beside decoding, {open_orders} open orders",
            ok=value <= LIMIT_MS,
            n=len(values_ms),
        ),
        case(
            "pickup-p99",
            percentile(values_ms, 0.99),
            "ms",
            floor=percentile(floors_ms, 0.99),
            target="reported",
            n=len(values_ms),
        ),
    ]


def _cell(number: int) -> tuple[str, str]:
    return f"bank-{number // CELLS_A_BANK:03}", f"A{number % CELLS_A_BANK:02}"


def _order(number: int) -> str:
    return f"o-{number:05}"


def _pass(key: SigningKey, order: str) -> str:
    now_ms = WallClock().now().at_ms
    return issue_pass(
        key,
        Pass(
            id=f"v-{order}",
            kind="order",
            site=SITE,
            subject=RESIDENT,
            order=order,
            not_before_ms=now_ms - DAY_MS,
            expires_ms=now_ms + DAY_MS,
        ),
    )
