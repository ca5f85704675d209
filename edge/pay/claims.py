"""Which account holds the points of a sale whose buyer was not known when it was paid."""

import sqlite3

from edge.pay import account_records as records


def claimed_account(connection: sqlite3.Connection, order_id: str) -> str:
    """Return the account that claimed an order's points here; empty when none did."""
    row = records.claim_row(connection, order_id)
    return "" if row is None else str(row["account"])
