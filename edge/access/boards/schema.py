"""Tables of the proved boards."""

from edge.store.migrate import Migration

BOARDS = Migration(
    "access-006",
    """
        CREATE TABLE bank_proofs (
            bank TEXT PRIMARY KEY,
            wiring TEXT NOT NULL,
            closed_level TEXT NOT NULL,
            tested TEXT NOT NULL,
            skipped TEXT NOT NULL,
            account TEXT NOT NULL,
            at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
    """,
)
"""`tested` and `skipped` are names of cells with blanks between them."""
