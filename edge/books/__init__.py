"""The ledger: double entry in integer fen, sealed sets, posting rules as data."""
