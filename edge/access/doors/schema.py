"""Tables of the doors."""

from edge.store.migrate import Migration

DOORS: Migration = Migration(
    "access-003",
    """
    CREATE TABLE openings_new (
        id TEXT PRIMARY KEY,
        place TEXT NOT NULL,
        authorisation TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN (
            'visitor', 'staff', 'resident', 'command', 'pickup', 'card', 'room_pin', 'guard', 'deposit',
            'staff_cell', 'test')),
        pass_id TEXT,
        person TEXT,
        session TEXT,
        position INTEGER,
        state TEXT NOT NULL CHECK (state IN ('intended', 'fired', 'opened', 'unknown', 'refused')),
        reason TEXT NOT NULL DEFAULT '',
        requested_at_ms INTEGER NOT NULL,
        fired_at_ms INTEGER,
        decided_at_ms INTEGER,
        source TEXT NOT NULL DEFAULT ''
    ) STRICT;

    INSERT INTO openings_new(
        rowid, id, place, authorisation, kind, pass_id, person, session, position, state, reason,
        requested_at_ms, fired_at_ms, decided_at_ms)
    SELECT rowid, id, place, authorisation, kind, pass_id, person, session, position, state, reason,
        requested_at_ms, fired_at_ms, decided_at_ms
    FROM openings ORDER BY rowid;

    DROP TABLE openings;
    ALTER TABLE openings_new RENAME TO openings;

    CREATE INDEX openings_undecided ON openings(place) WHERE state IN ('intended', 'fired');
    CREATE INDEX openings_by_pass ON openings(pass_id) WHERE pass_id IS NOT NULL;
    CREATE INDEX openings_by_session ON openings(session, position) WHERE session IS NOT NULL;

    ALTER TABLE holds ADD COLUMN kind TEXT NOT NULL DEFAULT 'staff' CHECK (kind IN ('staff', 'schedule'));

    CREATE TABLE lock_downs (
        id TEXT PRIMARY KEY,
        doors TEXT NOT NULL,
        reason TEXT NOT NULL,
        began_at_ms INTEGER NOT NULL,
        ended_at_ms INTEGER
    ) STRICT;

    CREATE INDEX lock_downs_live ON lock_downs(id) WHERE ended_at_ms IS NULL;

    CREATE TABLE fire_releases (
        id TEXT PRIMARY KEY,
        input TEXT NOT NULL,
        doors TEXT NOT NULL,
        began_at_ms INTEGER NOT NULL,
        reset_at_ms INTEGER,
        reset_by TEXT
    ) STRICT;

    CREATE UNIQUE INDEX fire_releases_live ON fire_releases(input) WHERE reset_at_ms IS NULL;

    CREATE TABLE door_alarms (
        id TEXT PRIMARY KEY,
        door TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('forced', 'held_open', 'contact_lost')),
        began_at_ms INTEGER NOT NULL,
        ended_at_ms INTEGER,
        seen_at_ms INTEGER,
        seen_by TEXT
    ) STRICT;

    CREATE INDEX door_alarms_live ON door_alarms(door) WHERE ended_at_ms IS NULL OR seen_at_ms IS NULL;

    CREATE TABLE door_notes (
        subject TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        note TEXT NOT NULL
    ) STRICT;

    CREATE TABLE door_policies (
        door TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        data TEXT NOT NULL,
        turn_at_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE holidays (
        id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        from_day TEXT NOT NULL,
        until_day TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('holiday', 'workday'))
    ) STRICT;

    CREATE TABLE passages (
        zone TEXT NOT NULL,
        subject TEXT NOT NULL,
        direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
        opening TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (zone, subject)
    ) STRICT, WITHOUT ROWID;
    """,
)
"""`openings` is built anew for its further kinds; `doors` of a lock-down is a JSON list, empty for all."""
