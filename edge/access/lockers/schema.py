"""Tables of the lockers.

That a cell never holds two orders (I7) is a unique index, `parcels_one_in_a_cell`, not a habit of the code.
"""

from edge.store.migrate import Migration

LOCKERS = Migration(
    "access-005",
    """
        CREATE TABLE locker_cells (
            bank TEXT NOT NULL,
            cell TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('free', 'reserved', 'occupied', 'held', 'out_of_order')),
            reason TEXT NOT NULL DEFAULT '',
            since_ms INTEGER NOT NULL,
            PRIMARY KEY (bank, cell)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE parcels (
            order_id TEXT NOT NULL,
            parcel TEXT NOT NULL,
            bank TEXT NOT NULL,
            cell TEXT NOT NULL,
            mailbox TEXT NOT NULL,
            origin TEXT NOT NULL CHECK (origin IN ('deposit', 'feed')),
            state TEXT NOT NULL CHECK (state IN ('in_cell', 'taken', 'removed')),
            stored_at_ms INTEGER NOT NULL,
            overdue_at_ms INTEGER NOT NULL,
            overdue INTEGER NOT NULL DEFAULT 0,
            ended_at_ms INTEGER,
            PRIMARY KEY (order_id, parcel)
        ) STRICT, WITHOUT ROWID;

        CREATE UNIQUE INDEX parcels_one_in_a_cell ON parcels(bank, cell) WHERE state = 'in_cell';
        CREATE INDEX parcels_by_mailbox ON parcels(mailbox) WHERE state = 'in_cell';

        CREATE TABLE deposits (
            id TEXT PRIMARY KEY,
            by TEXT NOT NULL CHECK (by IN ('courier', 'clerk')),
            who TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'ended')),
            started_at_ms INTEGER NOT NULL,
            touched_at_ms INTEGER NOT NULL,
            ended_at_ms INTEGER
        ) STRICT;

        CREATE UNIQUE INDEX deposits_one_open ON deposits(by, who) WHERE state = 'open';

        CREATE TABLE deposit_parcels (
            deposit TEXT NOT NULL REFERENCES deposits(id),
            position INTEGER NOT NULL,
            order_id TEXT NOT NULL,
            parcel TEXT NOT NULL,
            mailbox TEXT NOT NULL,
            room TEXT NOT NULL,
            size TEXT NOT NULL,
            accessible INTEGER NOT NULL,
            bank TEXT NOT NULL,
            cell TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN
                ('reserved', 'requested', 'opened', 'stored', 'unknown', 'refused', 'released')),
            wish TEXT NOT NULL DEFAULT '' CHECK (wish IN ('', 'too_small', 'not_empty', 'cancel')),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 2),
            opening TEXT,
            PRIMARY KEY (deposit, position)
        ) STRICT, WITHOUT ROWID;

        CREATE UNIQUE INDEX deposit_parcels_in_one_hand ON deposit_parcels(bank, cell)
        WHERE state IN ('reserved', 'requested', 'opened', 'unknown', 'refused');

        CREATE TABLE staff_cells (
            opening TEXT PRIMARY KEY,
            bank TEXT NOT NULL,
            cell TEXT NOT NULL,
            by_first TEXT NOT NULL,
            by_second TEXT NOT NULL,
            reason TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN
                ('requested', 'opened', 'closed', 'unknown', 'refused', 'done')),
            at_ms INTEGER NOT NULL
        ) STRICT;

        CREATE UNIQUE INDEX staff_cells_in_one_hand ON staff_cells(bank, cell)
        WHERE state IN ('requested', 'opened', 'closed', 'unknown');

        CREATE TABLE bank_halts (
            id TEXT PRIMARY KEY,
            bank TEXT NOT NULL,
            asked TEXT NOT NULL,
            moved TEXT NOT NULL,
            halted_at_ms INTEGER NOT NULL,
            cleared_at_ms INTEGER,
            cleared_by TEXT
        ) STRICT;

        CREATE UNIQUE INDEX bank_halts_one_live ON bank_halts(bank) WHERE cleared_at_ms IS NULL;

        CREATE TABLE locker_cases (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            bank TEXT NOT NULL,
            cell TEXT NOT NULL,
            order_id TEXT NOT NULL,
            opened_at_ms INTEGER NOT NULL,
            outcome TEXT NOT NULL DEFAULT '',
            closed_by TEXT,
            closed_at_ms INTEGER
        ) STRICT;

        CREATE UNIQUE INDEX locker_cases_one_open ON locker_cases(bank, cell, kind, order_id)
        WHERE closed_at_ms IS NULL;

        CREATE TABLE locker_due (
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            due_at_ms INTEGER NOT NULL,
            PRIMARY KEY (kind, subject)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX locker_due_next ON locker_due(due_at_ms);

        CREATE TABLE code_attempts (
            source TEXT PRIMARY KEY,
            failures INTEGER NOT NULL,
            locked_until_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE pickup_sessions ADD COLUMN by TEXT NOT NULL DEFAULT 'pass';
        ALTER TABLE pickup_sessions ADD COLUMN touched_at_ms INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE pickup_cells_new (
            session TEXT NOT NULL REFERENCES pickup_sessions(id),
            position INTEGER NOT NULL,
            bank TEXT NOT NULL,
            cell TEXT NOT NULL,
            parcel TEXT NOT NULL,
            items_zh TEXT NOT NULL,
            items_en TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN
                ('waiting', 'requested', 'opened', 'closed', 'unknown', 'refused', 'given_up', 'disputed')),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 2),
            opening TEXT,
            problem TEXT NOT NULL DEFAULT '' CHECK (problem IN ('', 'empty', 'wrong')),
            PRIMARY KEY (session, position)
        ) STRICT, WITHOUT ROWID;

        INSERT INTO pickup_cells_new(session, position, bank, cell, parcel, items_zh, items_en, state,
            attempts, opening)
        SELECT session, position, bank, cell, parcel, items_zh, items_en, state, attempts, opening
        FROM pickup_cells;
        DROP TABLE pickup_cells;
        ALTER TABLE pickup_cells_new RENAME TO pickup_cells;

        CREATE UNIQUE INDEX pickup_cells_in_one_hand ON pickup_cells(bank, cell)
        WHERE state IN ('requested', 'opened');
        """,
)

CODES = Migration(
    "access-007",
    """
    DROP TABLE code_attempts;

    CREATE TABLE pickup_codes (
        order_id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        hash TEXT NOT NULL,
        until_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX pickup_codes_by_hash ON pickup_codes(hash);
    CREATE INDEX pickup_cells_by_cell ON pickup_cells(bank, cell);
    """,
)
