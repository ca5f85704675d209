"""Tables of the access room."""

from edge.access.boards import schema as boards
from edge.access.credentials import schema as credentials
from edge.access.doors import schema as doors
from edge.access.lockers import schema as lockers
from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "access-001",
        """
        CREATE TABLE openings (
            id TEXT PRIMARY KEY,
            place TEXT NOT NULL,
            authorisation TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('visitor', 'staff', 'resident', 'command', 'pickup')),
            pass_id TEXT,
            subject TEXT,
            session TEXT,
            position INTEGER,
            state TEXT NOT NULL CHECK (state IN ('intended', 'fired', 'opened', 'unknown', 'refused')),
            reason TEXT NOT NULL DEFAULT '',
            requested_at_ms INTEGER NOT NULL,
            fired_at_ms INTEGER,
            decided_at_ms INTEGER
        ) STRICT;

        CREATE INDEX openings_undecided ON openings(place) WHERE state IN ('intended', 'fired');
        CREATE INDEX openings_by_pass ON openings(pass_id) WHERE pass_id IS NOT NULL;
        CREATE INDEX openings_by_session ON openings(session, position) WHERE session IS NOT NULL;

        CREATE TABLE grants (
            id TEXT NOT NULL,
            version INTEGER NOT NULL,
            subject TEXT NOT NULL,
            door TEXT NOT NULL,
            from_ms INTEGER NOT NULL,
            until_ms INTEGER NOT NULL,
            PRIMARY KEY (subject, door, id)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX grants_by_id ON grants(id);

        CREATE TABLE revocations (
            id TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            pass_id TEXT NOT NULL,
            until_ms INTEGER NOT NULL
        ) STRICT;

        CREATE INDEX revocations_by_pass ON revocations(pass_id);

        CREATE TABLE pickup_sessions (
            id TEXT PRIMARY KEY,
            order_id TEXT NOT NULL,
            pass_id TEXT NOT NULL,
            subject TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'collected', 'partial')),
            started_at_ms INTEGER NOT NULL,
            ended_at_ms INTEGER
        ) STRICT;

        CREATE UNIQUE INDEX pickup_sessions_one_of_an_order ON pickup_sessions(order_id);

        CREATE TABLE pickup_cells (
            session TEXT NOT NULL REFERENCES pickup_sessions(id),
            position INTEGER NOT NULL,
            bank TEXT NOT NULL,
            cell TEXT NOT NULL,
            parcel TEXT NOT NULL,
            items_zh TEXT NOT NULL,
            items_en TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN
                ('waiting', 'requested', 'opened', 'closed', 'unknown', 'refused', 'given_up')),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 2),
            opening TEXT,
            PRIMARY KEY (session, position)
        ) STRICT, WITHOUT ROWID;

        CREATE UNIQUE INDEX pickup_cells_in_one_hand ON pickup_cells(bank, cell)
        WHERE state IN ('requested', 'opened');

        CREATE TABLE holds (
            id TEXT PRIMARY KEY,
            door TEXT NOT NULL,
            reason TEXT NOT NULL,
            from_ms INTEGER NOT NULL,
            until_ms INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('live', 'ended'))
        ) STRICT;

        CREATE INDEX holds_live ON holds(door) WHERE state = 'live';
        """,
    ),
    Migration(
        "access-002",
        """
        ALTER TABLE openings RENAME COLUMN subject TO person;
        UPDATE openings SET person = NULL;
        ALTER TABLE pickup_sessions RENAME COLUMN subject TO person;
        UPDATE pickup_sessions SET person = '';
        """,
    ),
    doors.DOORS,
    credentials.CREDENTIALS,
    lockers.LOCKERS,
    boards.BOARDS,
    lockers.CODES,
)
