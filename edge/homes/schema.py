"""Tables of the homes room."""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "homes-001",
        """
CREATE TABLE rooms (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    building TEXT NOT NULL,
    number TEXT NOT NULL,
    managed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE residents (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    room TEXT NOT NULL,
    name_masked TEXT NOT NULL,
    nickname TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX residents_by_room ON residents (room);
CREATE TABLE bills (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    room TEXT NOT NULL,
    item TEXT NOT NULL,
    payee TEXT NOT NULL,
    period TEXT NOT NULL,
    due_on TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    paid_fen INTEGER NOT NULL CHECK (paid_fen >= 0),
    collected_for_others INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX bills_by_room ON bills (room);
CREATE TABLE bill_payments (
    bill TEXT NOT NULL,
    order_id TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (bill, order_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE fee_orders (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('placed', 'paid')),
    placed_at_ms INTEGER NOT NULL,
    receipt INTEGER,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE fee_order_bills (
    bill TEXT NOT NULL,
    order_id TEXT NOT NULL,
    PRIMARY KEY (bill, order_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    body_zh TEXT NOT NULL,
    body_en TEXT NOT NULL,
    from_ms INTEGER,
    until_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE directory (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    address_zh TEXT NOT NULL,
    address_en TEXT NOT NULL,
    phone TEXT NOT NULL,
    hours TEXT NOT NULL,
    url TEXT NOT NULL
) STRICT, WITHOUT ROWID;
""",
    ),
    Migration(
        "homes-002",
        """
-- orders that the platform counts in a bill: one of ours, open in an old copy, may have been settled already
CREATE TABLE bill_settlements (
    bill TEXT NOT NULL,
    order_id TEXT NOT NULL,
    PRIMARY KEY (bill, order_id)
) STRICT, WITHOUT ROWID;
""",
    ),
    Migration(
        "homes-003",
        """
ALTER TABLE bills ADD COLUMN part_allowed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bills ADD COLUMN penalty_due_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bills ADD COLUMN penalty_on TEXT NOT NULL DEFAULT '';
ALTER TABLE bills ADD COLUMN token_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE bill_payments ADD COLUMN penalty_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bill_payments ADD COLUMN penalty_left_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bill_payments ADD COLUMN as_of TEXT NOT NULL DEFAULT '';
""",
    ),
    Migration(
        "homes-004",
        """
CREATE TABLE overpayments (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    bill TEXT NOT NULL,
    payee TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    penalty_fen INTEGER NOT NULL CHECK (penalty_fen BETWEEN 0 AND amount_fen),
    account TEXT NOT NULL,
    choice TEXT NOT NULL,
    done INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- what we did about one of them: once, whatever the platform's record says later
CREATE TABLE overpayment_ends (
    id TEXT PRIMARY KEY,
    choice TEXT NOT NULL CHECK (choice IN ('refund', 'credit')),
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
""",
    ),
    Migration(
        "homes-005",
        """
ALTER TABLE rooms ADD COLUMN mailbox TEXT NOT NULL DEFAULT '';
""",
    ),
    Migration(
        "homes-006",
        """
INSERT INTO overlay SELECT 'bills', bill, epoch, seq,
        row_number() OVER (PARTITION BY bill, epoch, seq ORDER BY order_id) - 1,
        json_object('amount_fen', amount_fen, 'penalty_left_fen', penalty_left_fen, 'as_of', as_of)
    FROM bill_payments;
DROP TABLE bill_payments;
""",
    ),
)
