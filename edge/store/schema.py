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
    Migration(
        "store-002",
        """
        CREATE TABLE personal (
            commitment TEXT PRIMARY KEY,
            subject TEXT NOT NULL UNIQUE,
            salt BLOB NOT NULL CHECK (length(salt) >= 16),
            content BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE checkpoints (
            seq INTEGER PRIMARY KEY,
            epoch INTEGER NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            at_ms INTEGER NOT NULL,
            message BLOB NOT NULL
        ) STRICT;

        CREATE TRIGGER checkpoints_are_of_this_chain BEFORE INSERT ON checkpoints
        WHEN NEW.hash IS NOT (SELECT hash FROM journal WHERE seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'checkpoint: not of this chain'); END;

        CREATE TABLE journal_cuts (
            seq INTEGER PRIMARY KEY REFERENCES checkpoints (seq),
            first_seq INTEGER NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            archive TEXT NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            bytes INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            dropped_at_ms INTEGER,
            cutting_to INTEGER
        ) STRICT;

        CREATE TRIGGER cuts_stand_at_a_checkpoint BEFORE INSERT ON journal_cuts
        WHEN NEW.cutting_to IS NOT NULL
            OR NEW.hash IS NOT (SELECT hash FROM checkpoints WHERE seq = NEW.seq)
            OR NEW.hash IS NOT (SELECT hash FROM journal WHERE seq = NEW.seq)
            OR NEW.first_seq IS NOT (SELECT min(seq) FROM journal)
            OR NEW.seq >= (SELECT max(seq) FROM journal)
            OR NEW.seq > coalesce((SELECT value FROM facts WHERE name = 'uplink.acknowledged_seq'), 0)
        BEGIN SELECT RAISE(ABORT, 'journal: no cut is allowed there'); END;

        CREATE TRIGGER cuts_keep_their_place BEFORE UPDATE OF seq, first_seq, hash ON journal_cuts
        BEGIN SELECT RAISE(ABORT, 'journal: a cut stays as it is'); END;

        CREATE TRIGGER cuts_never_vanish BEFORE DELETE ON journal_cuts
        BEGIN SELECT RAISE(ABORT, 'journal: a cut stays as it is'); END;

        DROP TRIGGER journal_never_shrinks;

        CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal
        WHEN NOT EXISTS (SELECT 1 FROM journal_cuts
                         WHERE OLD.seq BETWEEN first_seq AND min(cutting_to, seq))
            OR OLD.seq IS NOT (SELECT min(seq) FROM journal)
        BEGIN SELECT RAISE(ABORT, 'journal: append only'); END;
        """,
    ),
    Migration(
        "store-003",
        """
        CREATE TABLE telemetry (
            number INTEGER PRIMARY KEY,
            epoch INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            trust TEXT NOT NULL,
            gauges BLOB NOT NULL CHECK (length(gauges) <= 1024)
        ) STRICT;
        """,
    ),
)
