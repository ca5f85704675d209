"""Tables of credentials: copies of the platform's records, and wrong PINs."""

from edge.store.migrate import Migration

CREDENTIALS: Migration = Migration(
    "access-004",
    """
    CREATE TABLE credential_salt (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        salt BLOB NOT NULL
    ) STRICT;

    CREATE TABLE cards (
        id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        hash TEXT NOT NULL,
        subject TEXT NOT NULL,
        from_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL
    ) STRICT;

    CREATE INDEX cards_by_hash ON cards(hash);

    CREATE TABLE pins (
        id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        subject TEXT NOT NULL,
        room TEXT NOT NULL,
        digits TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;

    CREATE TABLE door_groups (
        door TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (door, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE pin_attempts (
        scope TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        since_ms INTEGER NOT NULL,
        locked_until_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE denials (
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('subject', 'card', 'pass', 'plate')),
        value TEXT NOT NULL,
        door TEXT NOT NULL,
        from_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        PRIMARY KEY (kind, value, door, id)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX denials_by_id ON denials(id);

    CREATE TABLE vehicles (
        id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        plate TEXT NOT NULL,
        subject TEXT NOT NULL,
        data TEXT NOT NULL
    ) STRICT;

    CREATE TABLE revocation_list (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        version INTEGER NOT NULL,
        issued_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE revoked (
        kind TEXT NOT NULL CHECK (kind IN ('pass', 'phone', 'all', 'card')),
        value TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (kind, value)
    ) STRICT, WITHOUT ROWID;
    """,
)
