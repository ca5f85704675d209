"""A journal full of sales that wait for the platform: the product's own events, as various as real ones.

A few sales are made by the product; their four events each are then written again under new identities, with
what differs from sale to sale drawn anew: goods and sums, the payer, the claim's hash, the channel's number,
the times. So the bytes on the wire are those of a shop, not of one sale repeated. Only the journal is filled:
the uplink reads nothing else.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from edge.bench import till
from edge.ids import Identity
from edge.store import journal
from edge.store.connections import open_writer
from edge.store.facts import put_fact
from edge.store.journal import Head, JournalRow

EVENTS_A_SALE = 4
RESIDENTS = 600
SALES_A_COMMIT = 2_000
BETWEEN_SALES_MS = (20_000, 240_000)
STEP_MS = (900, 12_000)
"""From one event of a sale to the next: a person chooses, pays, is answered."""
_IDENTITIES_A_SALE = 6
"""The order, the attempt, and one for each event."""
_encode = msgspec.json.Encoder(order="sorted").encode


async def fill_journal(path: Path, sales: int, *, settled_only: bool = False, seed: int = 7) -> int:
    """Make a new database whose journal holds this many sales; returns its last seq.

    With `settled_only` each is one event: the settled sale with its lines, points and receipt.
    """
    store = till.open_till(path)
    try:
        await store.run(till.fill_shop)
        products = await till.load_products(store)
        first_seq = store.executor.head.seq
        await store.run(lambda unit: till.sell(unit, till.basket_of(products, 0)))
        first_counter = store.executor.counter
    finally:
        store.close()
    connection = open_writer(path)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        pattern = list(journal.tail(connection, first_seq))
        assert len(pattern) == EVENTS_A_SALE, [row.type for row in pattern]
        if settled_only:
            pattern = pattern[-1:]
        _write(connection, _Shop(pattern, first_counter, Random(seed)), sales - 1)
        return journal.read_head(connection).seq
    finally:
        connection.close()


def _write(connection: sqlite3.Connection, shop: "_Shop", sales: int) -> None:
    head = journal.read_head(connection)
    for first in range(0, sales, SALES_A_COMMIT):
        connection.execute("BEGIN IMMEDIATE")
        rows: list[tuple[object, ...]] = []
        for _ in range(min(SALES_A_COMMIT, sales - first)):
            for row in shop.sell():
                linked = row._replace(seq=head.seq + 1, previous_hash=head.hash)
                head = Head(linked.seq, journal.chain_hash(head.hash, journal.line(linked)))
                rows.append((*linked[:9], head.hash))
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        put_fact(connection, "id_ceiling", shop.counter + till.PRODUCTS)
        connection.execute("COMMIT")


class _Shop:
    """Sells by writing the events of a pattern again; `counter` is the last identity given."""

    def __init__(self, pattern: list[JournalRow], counter: int, chance: Random) -> None:
        self._pattern = pattern
        self._bodies: list[dict[str, Any]] = [msgspec.json.decode(row.body) for row in pattern]
        self._chance = chance
        self._at_ms = pattern[-1].at_ms
        self._receipt = 1
        self._persons = [chance.randbytes(32).hex() for _ in range(RESIDENTS)]
        self.counter = counter

    def sell(self) -> Iterator[JournalRow]:
        """The four events of the next sale."""
        chance, first = self._chance, self.counter + 1
        self.counter += _IDENTITIES_A_SALE
        self._receipt += 1
        self._at_ms += chance.randrange(*BETWEEN_SALES_MS)
        changes = self._changes(first)
        for number, (row, body) in enumerate(zip(self._pattern, self._bodies, strict=True)):
            self._at_ms += chance.randrange(*STEP_MS)
            told = {name: changes.get(name, value) for name, value in body.items()}
            identity = Identity(till.DEVICE, 1, first + 2 + number)
            yield row._replace(id=str(identity), at_ms=self._at_ms, body=_encode(told))

    def _changes(self, first: int) -> dict[str, object]:
        """What differs from sale to sale, by the name of the field."""
        chance = self._chance
        lines: list[dict[str, object]] = []
        total_fen = 0
        for number in chance.sample(range(till.PRODUCTS), till.LINES):
            price_fen, quantity = till.price_fen_of(number), chance.choice((1, 1, 1, 2, 3))
            net_fen = price_fen * quantity - chance.randrange(200)
            total_fen += net_fen
            lines.append(
                {"net_fen": net_fen, "price_fen": price_fen, "quantity": quantity, "sku": till.sku_of(number)}
            )
        return {
            "order_id": str(Identity(till.DEVICE, 1, first)),
            "attempt_id": str(Identity(till.DEVICE, 1, first + 1)),
            "lines": lines,
            "total_fen": total_fen,
            "amount_fen": total_fen,
            "gross_fen": total_fen + 500,
            "points": total_fen * till.POINTS_PPM // 1_000_000,
            "receipt": self._receipt,
            "person": chance.choice(self._persons),
            "claim_hash": chance.randbytes(16).hex(),
            "channel_id": f"420000{chance.randrange(10**4):04}20261122{chance.randrange(10**10):010}",
            "paid_at_ms": self._at_ms - chance.randrange(800),
        }
