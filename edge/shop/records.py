"""SQL of the shop: rows in and out, no rules."""

import sqlite3
from typing import Any

from edge.pay.records import Row, key_of, row_of, rows_of

_PRODUCT = (
    "id, ean, name_zh, name_en, spec_zh, spec_en, price_fen, category, picture, payee, points_ppm, restricted"
)


def product_row(connection: sqlite3.Connection, sku: str) -> Row | None:
    """Return a product by number."""
    return row_of(connection.execute(f"SELECT {_PRODUCT} FROM products WHERE id = ?", (sku,)))


def is_restricted(connection: sqlite3.Connection, sku: str) -> bool:
    """Whether a product needs a licence; one that is not in the catalogue any more does not."""
    row = connection.execute("SELECT restricted IS NOT NULL FROM products WHERE id = ?", (sku,)).fetchone()
    return row is not None and bool(row[0])


def product_row_by_ean(connection: sqlite3.Connection, ean: str) -> Row | None:
    """Return a product by barcode; the smallest number if a barcode stands twice."""
    query = f"SELECT {_PRODUCT} FROM products WHERE ean = ? ORDER BY id LIMIT 1"
    return row_of(connection.execute(query, (ean,)))


def product_page(connection: sqlite3.Connection, category: str | None, offset: int, limit: int) -> list[Row]:
    """Return products by number, of one category or of all."""
    query = (
        f"SELECT {_PRODUCT} FROM products WHERE :category IS NULL OR category = :category"
        " ORDER BY id LIMIT :limit OFFSET :offset"
    )
    return rows_of(connection.execute(query, {"category": category, "limit": limit, "offset": offset}))


def categories(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the categories in use."""
    query = "SELECT DISTINCT category FROM products WHERE category <> '' ORDER BY category"
    return tuple(row[0] for row in connection.execute(query))


def put_words(connection: sqlite3.Connection, sku: str, words: str) -> None:
    """Write the words that a product is found by."""
    connection.execute(
        "INSERT INTO product_words (id, words) VALUES (?, ?)"
        " ON CONFLICT (id) DO UPDATE SET words = excluded.words",
        (sku, words),
    )


def search_rows(connection: sqlite3.Connection, wanted: str, limit: int) -> list[Row]:
    """Return products whose words contain `wanted`: at the start of a word list first, short names first."""
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = (
        "SELECT id FROM product_words WHERE words LIKE :pattern ESCAPE '\\'"
        " ORDER BY instr('|' || words, '|' || :wanted) = 0, length(words), id LIMIT :limit"
    )
    found = connection.execute(query, {"pattern": f"%{escaped}%", "wanted": wanted, "limit": limit})
    rows = (product_row(connection, sku) for (sku,) in found.fetchall())
    return [row for row in rows if row is not None]


def lot_rows(connection: sqlite3.Connection, sku: str) -> list[Row]:
    """Return the lots of a product with pieces, first to expire first, without date last."""
    query = (
        "SELECT id, lot, expires_on, on_hand FROM lots WHERE sku = ? AND on_hand > 0"
        " ORDER BY expires_on IS NULL, expires_on, id"
    )
    return rows_of(connection.execute(query, (sku,)))


def reserved_pieces(connection: sqlite3.Connection) -> dict[int, int]:
    """Return the pieces by lot that orders without outcome hold: the seventh field of an order's lines."""
    query = (
        "SELECT json_extract(taken.value, '$[0]'), sum(json_extract(taken.value, '$[1]'))"
        " FROM sale_orders INDEXED BY sale_orders_placed,"
        " json_each(sale_orders.body, '$.lines') AS line, json_each(line.value, '$[6]') AS taken"
        " WHERE sale_orders.state = 'placed' GROUP BY 1"
    )
    return dict(connection.execute(query).fetchall())


def add_lot(connection: sqlite3.Connection, sku: str, lot: str, expires_on: str | None) -> int:
    """Return the row number of a lot, made empty if it is new."""
    connection.execute(
        "INSERT INTO lots (sku, lot, expires_on, on_hand) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING",
        (sku, lot, expires_on),
    )
    row = connection.execute("SELECT id FROM lots WHERE sku = ? AND lot = ?", (sku, lot)).fetchone()
    return int(row[0])


def move_stock(
    connection: sqlite3.Connection, lot_id: int, quantity: int, reason: str, source_id: str
) -> None:
    """Write a move and change what is on hand by it; sqlite3.IntegrityError below nothing."""
    connection.execute("UPDATE lots SET on_hand = on_hand + ? WHERE id = ?", (quantity, lot_id))
    connection.execute(
        "INSERT INTO stock_moves (lot_id, quantity, reason, source_id) VALUES (?, ?, ?, ?)",
        (lot_id, quantity, reason, source_id),
    )


def stock_differences(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return "sku lot" of each lot whose moves do not sum to what is on hand."""
    query = (
        "SELECT sku || ' ' || lot FROM lots WHERE on_hand <>"
        " (SELECT coalesce(sum(quantity), 0) FROM stock_moves WHERE lot_id = lots.id) ORDER BY 1"
    )
    return tuple(row[0] for row in connection.execute(query))


def insert_order(connection: sqlite3.Connection, order_id: str, at_ms: int, body: bytes) -> None:
    """Insert an order in state "placed"."""
    connection.execute(
        "INSERT INTO sale_orders (key, id, state, placed_at_ms, body) VALUES (?, ?, 'placed', ?, ?)",
        (key_of(order_id), order_id, at_ms, body.decode()),
    )


def order_row(connection: sqlite3.Connection, order_id: str) -> Row | None:
    """Return one order."""
    query = "SELECT * FROM sale_orders WHERE key = ? AND id = ?"
    return row_of(connection.execute(query, (key_of(order_id), order_id)))


def mark_paid(connection: sqlite3.Connection, order_id: str, receipt: int, seq: int) -> None:
    """Set an order to "paid" by the event at `seq` of the journal."""
    connection.execute(
        "UPDATE sale_orders SET state = 'paid', receipt = ?, settled_seq = ? WHERE key = ?",
        (receipt, seq, key_of(order_id)),
    )


def insert_return(connection: sqlite3.Connection, return_id: str, order_id: str, body: bytes) -> None:
    """Insert a return of goods of an order."""
    connection.execute(
        "INSERT INTO goods_returns (key, order_key, body) VALUES (?, ?, ?)",
        (key_of(return_id), key_of(order_id), body.decode()),
    )


def return_bodies(connection: sqlite3.Connection, order_id: str) -> list[str]:
    """Return the returns of an order, the first one first."""
    query = "SELECT body FROM goods_returns WHERE order_key = ? ORDER BY key"
    return [row[0] for row in connection.execute(query, (key_of(order_id),))]


def mark_cancelled(connection: sqlite3.Connection, order_id: str) -> None:
    """Set an order to "cancelled"."""
    connection.execute("UPDATE sale_orders SET state = 'cancelled' WHERE key = ?", (key_of(order_id),))


def placed_ids(connection: sqlite3.Connection, before_ms: int) -> list[str]:
    """Return the orders that wait for their money and were placed before a time."""
    query = "SELECT id FROM sale_orders WHERE state = 'placed' AND placed_at_ms < ? ORDER BY placed_at_ms"
    return [row[0] for row in connection.execute(query, (before_ms,))]


def mark_received(connection: sqlite3.Connection, delivery_id: str, at_ms: int) -> None:
    """Note when a delivery was counted in."""
    connection.execute("UPDATE deliveries SET received_at_ms = ? WHERE id = ?", (at_ms, delivery_id))


def insert_received(connection: sqlite3.Connection, delivery_id: str, at_ms: int) -> None:
    """Note when a delivery was counted in, of which the feed may not have told yet."""
    connection.execute(
        "INSERT INTO deliveries (id, version, lines, received_at_ms) VALUES (?, 0, CAST('[]' AS BLOB), ?)"
        " ON CONFLICT (id) DO UPDATE SET received_at_ms = excluded.received_at_ms",
        (delivery_id, at_ms),
    )


def any_lot(connection: sqlite3.Connection, sku: str) -> int | None:
    """Return the lot of a product that was made last, None where there never was one."""
    row = connection.execute("SELECT max(id) FROM lots WHERE sku = ?", (sku,)).fetchone()
    return None if row[0] is None else int(row[0])


def expected_deliveries(connection: sqlite3.Connection) -> list[Row]:
    """Return the deliveries not counted in."""
    return rows_of(connection.execute("SELECT * FROM deliveries WHERE received_at_ms IS NULL ORDER BY id"))


def cell_orders_of(connection: sqlite3.Connection, subject: str) -> list[Row]:
    """Return a person's orders in cells."""
    return rows_of(connection.execute("SELECT * FROM cell_orders WHERE subject = ? ORDER BY id", (subject,)))


def cell_orders_waiting(connection: sqlite3.Connection, subject: str, room: str) -> list[Row]:
    """Return a person's orders in cells, and those for a room that name nobody."""
    query = (
        "SELECT * FROM cell_orders WHERE subject = ?1 AND ?1 <> '' "
        "UNION SELECT * FROM cell_orders WHERE room = ?2 AND room <> '' AND subject = '' ORDER BY id"
    )
    return rows_of(connection.execute(query, (subject, room)))


def cell_order_row(connection: sqlite3.Connection, order_id: str) -> dict[str, Any] | None:
    """Return one order in cells."""
    return row_of(connection.execute("SELECT * FROM cell_orders WHERE id = ?", (order_id,)))
