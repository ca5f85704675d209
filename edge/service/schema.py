"""Tables of the service room."""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "service-001",
        """
        CREATE TABLE timers (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            due_at_ms INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            state TEXT NOT NULL CHECK (state IN ('due', 'done', 'parked')),
            reason TEXT NOT NULL DEFAULT '',
            UNIQUE (kind, subject)
        ) STRICT;

        CREATE INDEX timers_due ON timers(due_at_ms) WHERE state = 'due';

        CREATE TABLE alarms (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            source TEXT NOT NULL,
            detail TEXT NOT NULL,
            raised_at_ms INTEGER NOT NULL,
            cleared_at_ms INTEGER
        ) STRICT;

        CREATE UNIQUE INDEX alarms_live ON alarms(kind, source) WHERE cleared_at_ms IS NULL;
        """,
    ),
)
