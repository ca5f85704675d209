"""SQL of the checker: what is committed in a hub's database, row by row."""

import sqlite3
from typing import Any

from edge.ids import Identity
from edge.pay.records import rows_of
from edge.proof.evidence import LeaseUse, Posting, Stock
from edge.store.facts import get_fact, get_int

_STOCK = """
SELECT sku, sum(on_hand) AS on_hand,
    sum((SELECT coalesce(sum(quantity), 0) FROM stock_moves WHERE lot_id = lots.id)) AS moved,
    sum(coalesce((
        SELECT sum(json_extract(taken.value, '$[1]'))
        FROM sale_orders, json_each(body, '$.lines') AS line, json_each(line.value, '$[6]') AS taken
        WHERE sale_orders.state = 'placed' AND json_extract(taken.value, '$[0]') = lots.id
    ), 0)) AS reserved
FROM lots GROUP BY sku
"""


def read_postings(connection: sqlite3.Connection) -> list[Posting]:
    """Every row of the ledger."""
    device = str(get_fact(connection, "device"))
    rows = connection.execute(
        "SELECT source, posting_rules.name, code, amount_fen FROM postings"
        " JOIN posting_rules ON posting_rules.number = rule LEFT JOIN accounts ON accounts.number = account"
    )
    return [Posting(str(Identity.from_key(device, key)), rule, code, fen) for key, rule, code, fen in rows]


def read_stock(connection: sqlite3.Connection) -> list[Stock]:
    """Every product that has lots."""
    return [Stock(**row) for row in rows_of(connection.execute(_STOCK))]


def read_states(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """State by id of every row of `sale_orders`, `attempts` or `openings`; the name is a constant of code."""
    return dict(connection.execute(f"SELECT id, state FROM {table}").fetchall())


def read_leases(connection: sqlite3.Connection) -> dict[str, LeaseUse]:
    """Every lease by id, with what open payments hold of it."""
    rows = connection.execute(
        "SELECT id, granted_fen, spent_fen, (SELECT coalesce(sum(amount_fen), 0) FROM tender_holds"
        " WHERE lease = leases.id AND state = 'held') FROM leases"
    )
    return {name: LeaseUse(granted, spent, held) for name, granted, spent, held in rows}


def read_persons(connection: sqlite3.Connection) -> dict[str, str]:
    """Whom each commitment names, of people who are not erased."""
    return dict(connection.execute("SELECT commitment, subject FROM personal").fetchall())


def read_acknowledged(connection: sqlite3.Connection) -> int:
    """The seq up to which the device believes the platform to have custody."""
    return get_int(connection, "uplink.acknowledged_seq")


def read_hashes(connection: sqlite3.Connection, after_seq: int) -> dict[int, str]:
    """What the rows themselves say their hashes are, by seq."""
    rows: list[Any] = connection.execute(
        "SELECT seq, hash FROM journal WHERE seq > ?", (after_seq,)
    ).fetchall()
    return {seq: digest.hex() for seq, digest in rows}
