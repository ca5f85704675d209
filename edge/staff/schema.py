"""Tables of the staff."""

from edge.store.migrate import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "staff-001",
        """
        CREATE TABLE staff (
            id TEXT PRIMARY KEY,
            login TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('clerk', 'supervisor', 'technician', 'auditor', 'manager')),
            pin_hash TEXT NOT NULL,
            active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
            failures INTEGER NOT NULL DEFAULT 0,
            locked_until_ms INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    Migration(
        "staff-002",
        """
        CREATE TABLE staff_with_guards (
            id TEXT PRIMARY KEY,
            login TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            role TEXT NOT NULL
                CHECK (role IN ('clerk', 'supervisor', 'technician', 'auditor', 'manager', 'guard')),
            pin_hash TEXT NOT NULL,
            active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
            failures INTEGER NOT NULL DEFAULT 0,
            locked_until_ms INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;

        INSERT INTO staff_with_guards
        SELECT id, login, name, role, pin_hash, active, failures, locked_until_ms FROM staff;
        DROP TABLE staff;
        ALTER TABLE staff_with_guards RENAME TO staff;
        """,
    ),
)
