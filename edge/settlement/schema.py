"""Tables of the settlement room.

At most one case is open about a subject; a partial UNIQUE index holds that, whatever the code does.
"""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "settlement-001",
        """
CREATE TABLE shifts (
    id TEXT PRIMARY KEY,
    business_date TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    closed_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX shifts_one_open ON shifts ((1)) WHERE closed_at_ms IS NULL;
""",
    ),
    Migration(
        "settlement-002",
        """
CREATE TABLE match_days (
    date TEXT NOT NULL,
    payee TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'matched')),
    tried_at_ms INTEGER NOT NULL,
    agreed INTEGER NOT NULL DEFAULT 0,
    differing INTEGER NOT NULL DEFAULT 0,
    here_lines INTEGER NOT NULL DEFAULT 0,
    here_fen INTEGER NOT NULL DEFAULT 0,
    channel_lines INTEGER NOT NULL DEFAULT 0,
    channel_fen INTEGER NOT NULL DEFAULT 0,
    platform_lines INTEGER NOT NULL DEFAULT 0,
    platform_fen INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (date, payee)
) STRICT, WITHOUT ROWID;
CREATE TABLE match_elsewhere (
    line TEXT NOT NULL,
    subject TEXT NOT NULL,
    date TEXT NOT NULL,
    PRIMARY KEY (line, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    date TEXT NOT NULL,
    payee TEXT NOT NULL,
    line TEXT NOT NULL CHECK (line IN ('payment', 'refund')),
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    order_id TEXT NOT NULL,
    here_fen INTEGER,
    channel_fen INTEGER,
    platform_fen INTEGER,
    opened_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    closed_at_ms INTEGER,
    closed_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    note_salt BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX cases_one_open ON cases (line, subject, payee) WHERE closed_at_ms IS NULL;
CREATE INDEX cases_by_subject ON cases (line, subject, payee, opened_at_ms);
""",
    ),
    Migration(
        "settlement-feed-001",
        """
CREATE TABLE site_sales (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    date TEXT NOT NULL,
    payee TEXT NOT NULL,
    count INTEGER NOT NULL,
    sum_fen INTEGER NOT NULL,
    refund_count INTEGER NOT NULL,
    refund_fen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX site_sales_by_date ON site_sales (date, payee);
""",
    ),
)
