"""Tables of the store itself."""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "store-001",
        """
        CREATE TABLE facts (
            name TEXT PRIMARY KEY,
            value ANY NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE journal (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            type TEXT NOT NULL,
            version INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            trust TEXT NOT NULL CHECK (trust IN ('synced', 'holdover', 'unknown')),
            actor TEXT NOT NULL,
            body BLOB NOT NULL CHECK (length(body) <= 65536),
            previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT;

        CREATE TRIGGER journal_only_grows BEFORE INSERT ON journal
        WHEN (NEW.seq, NEW.previous_hash) IS NOT (SELECT seq + 1, hash FROM journal ORDER BY seq DESC LIMIT 1)
            AND EXISTS (SELECT 1 FROM journal)
        BEGIN SELECT RAISE(ABORT, 'journal: not the next link of the chain'); END;

        CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'journal: append only'); END;

        CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'journal: append only'); END;
        """,
    ),
)
