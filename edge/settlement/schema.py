"""Tables of the settlement room."""

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
)
