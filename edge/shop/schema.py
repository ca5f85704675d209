"""Tables of the shop.

A sale writes one row in `sale_orders`, a move per lot, and changes lots in place; the only index it touches
is the partial one of orders that wait for money. Names to search stand in a narrow table, because a
search reads all of it.
"""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "shop-001",
        """
CREATE TABLE products (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    ean TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    spec_zh TEXT NOT NULL,
    spec_en TEXT NOT NULL,
    price_fen INTEGER NOT NULL CHECK (price_fen > 0),
    category TEXT NOT NULL,
    picture TEXT NOT NULL,
    payee TEXT NOT NULL,
    points_ppm INTEGER,
    restricted TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX products_by_ean ON products (ean);
CREATE INDEX products_by_category ON products (category);
CREATE TABLE product_words (
    id TEXT PRIMARY KEY,
    words TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE promotions (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    threshold_fen INTEGER NOT NULL,
    saving_fen INTEGER NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    from_ms INTEGER,
    until_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE lots (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL,
    lot TEXT NOT NULL,
    expires_on TEXT,
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    UNIQUE (sku, lot)
) STRICT;
CREATE TABLE stock_moves (
    seq INTEGER PRIMARY KEY,
    lot_id INTEGER NOT NULL REFERENCES lots (id),
    quantity INTEGER NOT NULL CHECK (quantity <> 0),
    reason TEXT NOT NULL,
    source_id TEXT NOT NULL
) STRICT;
CREATE TABLE sale_orders (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('placed', 'paid', 'cancelled')),
    placed_at_ms INTEGER NOT NULL,
    receipt INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX sale_orders_placed ON sale_orders (placed_at_ms) WHERE state = 'placed';
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    lines BLOB NOT NULL,
    received_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE cell_orders (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    cells TEXT NOT NULL,
    collected_epoch INTEGER,
    collected_seq INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX cell_orders_by_subject ON cell_orders (subject);
""",
    ),
    Migration(
        "shop-002",
        """
CREATE TABLE goods_returns (
    key INTEGER PRIMARY KEY,
    order_key INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX goods_returns_by_order ON goods_returns (order_key);
ALTER TABLE sale_orders ADD COLUMN settled_seq INTEGER;
""",
    ),
    Migration(
        "shop-003",
        """
ALTER TABLE cell_orders ADD COLUMN room TEXT NOT NULL DEFAULT '';
CREATE INDEX cell_orders_by_room ON cell_orders (room) WHERE room <> '';
INSERT OR IGNORE INTO parcels
    (order_id, parcel, bank, cell, mailbox, origin, state, stored_at_ms, overdue_at_ms)
SELECT o.id, c.value ->> 'parcel', c.value ->> 'bank', c.value ->> 'cell', '', 'feed', 'in_cell', 0, 0
FROM cell_orders o, json_each(o.cells) c WHERE o.state = 'in_cells' AND o.collected_seq IS NULL;
""",
    ),
    Migration(
        "shop-004",
        """
INSERT INTO overlay SELECT 'orders', id, collected_epoch, collected_seq, 0, json_object('state', 'collected')
    FROM cell_orders WHERE collected_seq IS NOT NULL;
ALTER TABLE cell_orders DROP COLUMN collected_epoch;
ALTER TABLE cell_orders DROP COLUMN collected_seq;
""",
    ),
)
