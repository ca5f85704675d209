"""Collector: from a read-only connection to a hub's database."""

import sqlite3

from edge.books import ledger
from edge.proof import records
from edge.proof.evidence import Evidence, Journal, Ledger, Link
from edge.store import journal


class StoreCollector:
    """Collects what is committed, again and again; the journal is read on from where it was read to.

    Give it a connection of its own, so that it sees what is on disk and nothing that is still under way.
    A new collector after a power cut takes the old one's `link` as `seen`.
    """

    def __init__(self, connection: sqlite3.Connection, *, seen: Link | None = None) -> None:
        self._connection = connection
        self._seen = seen
        self.journal = Journal()

    @property
    def link(self) -> Link:
        """The last event that was read."""
        return Link(self.journal.head_seq, self.journal.head_hash)

    def go_on(self, connection: sqlite3.Connection) -> None:
        """Read on over another connection to the same database."""
        self._connection = connection

    def collect(self) -> Evidence:
        """Journal, books, shelf, leases, states of orders, attempts and openings: all of one snapshot."""
        connection = self._connection
        connection.execute("BEGIN")
        try:
            self._read_journal()
            return Evidence(
                journal=self.journal,
                seen=self._seen,
                head=Link(head.seq, head.hash.hex()) if (head := journal.read_head(connection)).seq else None,
                ledger=Ledger(ledger.balances(connection), records.read_postings(connection)),
                stock=records.read_stock(connection),
                orders=records.read_states(connection, "sale_orders"),
                attempts=records.read_states(connection, "attempts"),
                openings=records.read_states(connection, "openings"),
                leases=records.read_leases(connection),
                known=frozenset(records.read_persons(connection)),
            )
        finally:
            connection.execute("ROLLBACK")

    def _read_journal(self) -> None:
        after_seq = self.journal.head_seq
        hashes = records.read_hashes(self._connection, after_seq)
        for row in journal.tail(self._connection, after_seq):
            self.journal.add(journal.line(row), claimed_hash=hashes[row.seq])
