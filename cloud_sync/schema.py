"""Tables of the device's side of the platform."""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "cloud-001",
        """
        CREATE TABLE feed_parked (
            collection TEXT NOT NULL,
            id TEXT NOT NULL,
            version INTEGER NOT NULL,
            change BLOB NOT NULL,
            reason TEXT NOT NULL,
            parked_at_ms INTEGER NOT NULL,
            PRIMARY KEY (collection, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE platform_parked (
            id TEXT PRIMARY KEY,
            type TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "cloud-feed-001",
        """
        ALTER TABLE feed_parked ADD COLUMN reported INTEGER NOT NULL DEFAULT 0;
        UPDATE feed_parked SET reported = version WHERE reason <> 'unknown_collection';

        CREATE TABLE feed_ends (
            collection TEXT NOT NULL,
            id TEXT NOT NULL,
            version INTEGER NOT NULL,
            until_ms INTEGER NOT NULL,
            PRIMARY KEY (collection, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX feed_ends_due ON feed_ends (until_ms);
        """,
    ),
    Migration(
        "cloud-feed-002",
        """
        CREATE TABLE erasures (
            id TEXT PRIMARY KEY,
            at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "cloud-feed-003",
        """
        -- people whom the feed names, while it is read from its beginning
        CREATE TABLE feed_seen (
            subject TEXT PRIMARY KEY
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)
