"""Tables of the payment room.

An order has at most one *standing* attempt: one without outcome, or the one success that is not refunded; a
partial UNIQUE index holds that, whatever the code does. Indexes are few, because a sale pays for each of them
in bytes written; rows are keyed by the number in their identity, so that new ones are appended. An attempt
that was given up stays `watched` until the platform said, after the channel's time, that it is over.
"""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "pay-001",
        """
CREATE TABLE attempts (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL CHECK (length(id) <= 32),
    order_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    payee TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    channel TEXT NOT NULL,
    description TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('created', 'sent', 'unknown', 'paid', 'failed', 'reversing', 'reversed')),
    reason TEXT NOT NULL DEFAULT '',
    qr TEXT NOT NULL DEFAULT '',
    expires_at_ms INTEGER,
    channel_id TEXT NOT NULL DEFAULT '',
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempts_one_standing ON attempts (order_id)
    WHERE state IN ('created', 'sent', 'unknown', 'reversing') OR (state = 'paid' AND reason = '');
CREATE INDEX attempts_open ON attempts (state) WHERE state IN ('created', 'sent', 'unknown', 'reversing');
CREATE INDEX attempts_given_up ON attempts (changed_at_ms) WHERE state IN ('failed', 'reversed');
CREATE TABLE refunds (
    id TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    payee TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    state TEXT NOT NULL CHECK (state IN ('requested', 'refunding', 'refunded', 'failed')),
    reason TEXT NOT NULL,
    business_date TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE receipts (
    number INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    payee TEXT NOT NULL,
    total_fen INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    trust TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE receipt_days (
    business_date TEXT PRIMARY KEY,
    first_number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE payees (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    kind TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE contracts (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    terms BLOB NOT NULL
) STRICT, WITHOUT ROWID;
""",
    ),
    Migration(
        "pay-002",
        """
ALTER TABLE attempts ADD COLUMN watched INTEGER NOT NULL DEFAULT 1;
DROP INDEX attempts_given_up;
CREATE INDEX attempts_watched ON attempts (key) WHERE watched = 1 AND state IN ('failed', 'reversed');
""",
    ),
    Migration(
        "pay-003",
        """
CREATE TABLE attempts_of_methods (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL CHECK (length(id) <= 32),
    order_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    payee TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
    held_fen INTEGER NOT NULL DEFAULT 0 CHECK (held_fen >= 0),
    channel TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('collection_qr', 'payment_code', '')),
    description TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('created', 'sent', 'unknown', 'paid', 'failed', 'reversing', 'reversed')),
    reason TEXT NOT NULL DEFAULT '',
    qr TEXT NOT NULL DEFAULT '',
    expires_at_ms INTEGER,
    channel_id TEXT NOT NULL DEFAULT '',
    captured_fen INTEGER NOT NULL DEFAULT 0 CHECK (captured_fen >= 0),
    paid_at_ms INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    parked_at_ms INTEGER,
    released_by TEXT NOT NULL DEFAULT '',
    watched INTEGER NOT NULL DEFAULT 1,
    CHECK (amount_fen + held_fen > 0),
    CHECK ((amount_fen = 0) = (channel = '')),
    CHECK ((channel = '') = (method = ''))
) STRICT;
INSERT INTO attempts_of_methods (
        key, id, order_id, purpose, payee, amount_fen, channel, method, description, state, reason, qr,
        expires_at_ms, channel_id, captured_fen, created_at_ms, changed_at_ms, watched)
    SELECT key, id, order_id, purpose, payee, amount_fen, channel, 'collection_qr', description, state,
        reason, qr, expires_at_ms, channel_id,
        CASE WHEN state != 'paid' THEN 0 ELSE coalesce(
            (SELECT refunds.amount_fen FROM refunds WHERE attempt_id = attempts.id), amount_fen) END,
        created_at_ms, changed_at_ms, watched
    FROM attempts;
DROP TABLE attempts;
ALTER TABLE attempts_of_methods RENAME TO attempts;
CREATE UNIQUE INDEX attempts_one_standing ON attempts (order_id)
    WHERE state IN ('created', 'sent', 'unknown', 'reversing') OR (state = 'paid' AND reason = '');
CREATE INDEX attempts_open ON attempts (state) WHERE state IN ('created', 'sent', 'unknown', 'reversing');
CREATE INDEX attempts_watched ON attempts (key) WHERE watched = 1 AND state IN ('failed', 'reversed');
CREATE INDEX attempts_released ON attempts (key) WHERE released_by != '';
CREATE TABLE refunds_in_parts (
    id TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    payee TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    reason TEXT NOT NULL,
    business_date TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE refund_parts (
    id TEXT PRIMARY KEY CHECK (length(id) <= 32),
    refund_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    attempt_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('channel', 'points', 'prepaid_fee', 'wallet')),
    account TEXT NOT NULL,
    lease TEXT NOT NULL,
    channel TEXT NOT NULL,
    captured_fen INTEGER NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    state TEXT NOT NULL CHECK (state IN ('requested', 'refunding', 'refunded', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,
    next_at_ms INTEGER NOT NULL,
    channel_id TEXT NOT NULL DEFAULT '',
    refunded_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO refunds_in_parts SELECT id, attempt_id, order_id, payee, amount_fen, reason, business_date, at_ms
    FROM refunds;
INSERT INTO refund_parts (id, refund_id, place, attempt_id, kind, account, lease, channel, captured_fen,
        amount_fen, state, next_at_ms)
    SELECT refunds.id, refunds.id, 1, attempt_id, 'channel', '', '', channel, refunds.amount_fen,
        refunds.amount_fen, refunds.state, at_ms
    FROM refunds JOIN attempts ON attempts.id = attempt_id;
DROP TABLE refunds;
ALTER TABLE refunds_in_parts RENAME TO refunds;
CREATE INDEX refunds_by_order ON refunds (order_id);
CREATE UNIQUE INDEX refund_parts_in_order ON refund_parts (refund_id, place);
CREATE INDEX refund_parts_by_attempt ON refund_parts (attempt_id);
CREATE INDEX refund_parts_due ON refund_parts (next_at_ms)
    WHERE kind = 'channel' AND state IN ('requested', 'refunding');
""",
    ),
    Migration(
        "pay-004",
        """
CREATE TABLE tender_accounts (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('points', 'wallet', 'prepaid_fee')),
    issuer TEXT NOT NULL,
    balance_fen INTEGER NOT NULL,
    pending_fen INTEGER NOT NULL,
    lines BLOB NOT NULL,
    applied_seq INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX tender_accounts_by_subject ON tender_accounts (subject);
CREATE TABLE account_moves (
    account TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    amount_fen INTEGER NOT NULL,
    PRIMARY KEY (account, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE leases (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    account TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    granted_fen INTEGER NOT NULL,
    recall INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    spent_fen INTEGER NOT NULL DEFAULT 0 CHECK (spent_fen BETWEEN 0 AND granted_fen),
    returned INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_account ON leases (account);
CREATE TABLE tender_holds (
    attempt INTEGER NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('points', 'wallet', 'prepaid_fee')),
    account TEXT NOT NULL,
    issuer TEXT NOT NULL,
    lease TEXT NOT NULL REFERENCES leases (id),
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    state TEXT NOT NULL CHECK (state IN ('held', 'spent', 'released')),
    PRIMARY KEY (attempt, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX tender_holds_open ON tender_holds (lease) WHERE state = 'held';
CREATE TABLE points_claims (
    order_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    points INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE top_ups (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('placed', 'paid')),
    placed_at_ms INTEGER NOT NULL,
    receipt INTEGER,
    body BLOB NOT NULL
) STRICT;
""",
    ),
    Migration(
        "pay-005",
        """
ALTER TABLE receipts ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN reprints INTEGER NOT NULL DEFAULT 0;
-- the invoice of an order: asked for here (version 0), then as the platform has it
CREATE TABLE invoices (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'issued', 'red')),
    number TEXT NOT NULL
) STRICT, WITHOUT ROWID;
""",
    ),
    Migration(
        "pay-006",
        """
-- what events of ours do to records of the platform, until a version of the record includes the event
CREATE TABLE overlay (
    collection TEXT NOT NULL,
    record TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    effect TEXT NOT NULL,
    PRIMARY KEY (collection, record, epoch, seq, number)
) STRICT, WITHOUT ROWID;
INSERT INTO overlay SELECT 'accounts', account, epoch, seq, 0, json_object('amount_fen', amount_fen)
    FROM account_moves;
DROP TABLE account_moves;
""",
    ),
)
