"""Give a till a past: copies of sales that the product made, under new identities, with the chain of hashes.

A million sales through the product's units would take a quarter of an hour; so it takes two minutes. The
product sells a few itself; their rows are then repeated with risen identities, numbers and seqs, through
every trigger and check of the tables, so that the journal, the ledger and the shelf still verify.
"""

import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from edge.bench import till
from edge.ids import Identity
from edge.store import journal
from edge.store.connections import open_writer
from edge.store.facts import get_int, put_fact
from edge.store.journal import Head, JournalRow
from edge.store.store import Store

PATTERN_SALES = 64
COPIES_A_COMMIT = 32
TOLD_FROM = 50_000
_PREFIX = f"{till.DEVICE}-1-"
_NUMBERED = re.compile(rb'"%b(\d+)"|"receipt":(\d+)' % _PREFIX.encode())

_SHIFTED = f"'{_PREFIX}' || (substr({{0}}, {len(_PREFIX) + 1}) + counter)"
_COPIED: dict[str, tuple[str, str]] = {
    "sale_orders": (
        "key",
        f"key + counter, {_SHIFTED.format('id')}, state, placed_at_ms, receipt + sale, body, settled_seq",
    ),
    "attempts": (
        "key",
        f"key + counter, {_SHIFTED.format('id')}, {_SHIFTED.format('order_id')}, purpose, payee, amount_fen, "
        "held_fen, channel, method, description, state, reason, qr, expires_at_ms, channel_id, captured_fen, "
        "paid_at_ms, created_at_ms, changed_at_ms, parked_at_ms, released_by, watched",
    ),
    "stock_moves": ("seq", f"NULL, lot_id, quantity, reason, {_SHIFTED.format('source_id')}"),
    "receipts": (
        "number",
        f"NULL, {_SHIFTED.format('order_id')}, {_SHIFTED.format('attempt_id')}, purpose, payee, total_fen, "
        "business_date, at_ms, trust, body, token, reprints",
    ),
    "postings": (
        "source, rule, iif(line = 0, 99, line)",
        "source + counter, rule, line, account, amount_fen",
    ),
}
"""Table: order of its rows, and what a copy holds. The seal (line 0) comes last in its set."""


async def sell_earlier(path: Path, sales: int) -> None:
    """Fill a new database with a shop and about this many settled sales (a multiple of 64, at least that)."""
    store = till.open_till(path)
    try:
        await store.run(till.fill_shop)
        first_seq = store.executor.head.seq
        first_counter = store.executor.counter
        await _sell_pattern(store)
        span = store.executor.counter - first_counter
    finally:
        store.close()
    connection = open_writer(path)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        _copy(connection, first_seq, span, sales // PATTERN_SALES - 1)
    finally:
        connection.close()


async def _sell_pattern(store: Store) -> None:
    products = await till.load_products(store)
    for sale in range(PATTERN_SALES):
        basket = till.basket_of(products, sale)
        await store.run(lambda unit, basket=basket: till.sell(unit, basket))  # type: ignore[misc]


def _copy(connection: sqlite3.Connection, first_seq: int, span: int, copies: int) -> None:
    events = list(journal.tail(connection, first_seq))
    head = journal.read_head(connection)
    for table, (order, _) in _COPIED.items():
        source = f"SELECT * FROM {table} WHERE {_condition(table)} ORDER BY {order}"
        connection.execute(f"CREATE TEMP TABLE pattern_{table} AS {source}")
    sold = connection.execute("SELECT lot_id, sum(quantity) FROM pattern_stock_moves GROUP BY 1").fetchall()
    connection.execute("CREATE TEMP TABLE copies (counter INTEGER, sale INTEGER)")
    ceiling = get_int(connection, "id_ceiling") + span * max(copies, 0)
    for first in range(1, copies + 1, COPIES_A_COMMIT):
        numbers = range(first, min(first + COPIES_A_COMMIT, copies + 1))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM copies")
        connection.executemany(
            "INSERT INTO copies VALUES (?, ?)",
            [(span * number, PATTERN_SALES * number) for number in numbers],
        )
        for table, (_, columns) in _COPIED.items():
            connection.execute(f"INSERT INTO {table} SELECT {columns} FROM copies CROSS JOIN pattern_{table}")
        for number in numbers:
            head = _copy_events(connection, events, head, span * number, PATTERN_SALES * number)
        connection.executemany(
            "UPDATE lots SET on_hand = on_hand + ?2 WHERE id = ?1",
            [(lot, quantity * len(numbers)) for lot, quantity in sold],
        )
        put_fact(connection, "id_ceiling", ceiling)
        connection.execute("COMMIT")
        _tell(numbers.stop - 1, copies)


def _tell(done: int, copies: int) -> None:
    """A long preparation says how far it is, on a terminal's one line."""
    if copies * PATTERN_SALES >= TOLD_FROM:
        end = "\n" if done == copies else "\r"
        made, asked = (done + 1) * PATTERN_SALES, (copies + 1) * PATTERN_SALES
        sys.stderr.write(f"earlier sales: {made:,} of {asked:,}{end}")


def _condition(table: str) -> str:
    return "reason = 'sold'" if table == "stock_moves" else "true"


def _copy_events(
    connection: sqlite3.Connection, events: list[JournalRow], head: Head, counter: int, sale: int
) -> Head:
    rows: list[tuple[object, ...]] = []
    for row in _shifted(events, counter, sale):
        linked = row._replace(seq=head.seq + 1, previous_hash=head.hash)
        head = Head(linked.seq, journal.chain_hash(head.hash, journal.line(linked)))
        rows.append((*linked[:9], head.hash))
    connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return head


def _shifted(events: list[JournalRow], counter: int, sale: int) -> Iterator[JournalRow]:
    def raised(match: re.Match[bytes]) -> bytes:
        if match[1] is not None:
            return b'"%b%d"' % (_PREFIX.encode(), int(match[1]) + counter)
        return b'"receipt":%d' % (int(match[2]) + sale)

    for row in events:
        identity = Identity.parse(row.id)
        yield row._replace(
            id=str(identity._replace(counter=identity.counter + counter)),
            body=_NUMBERED.sub(raised, row.body),
        )
