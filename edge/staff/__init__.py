"""The people who work here: accounts, roles, PINs and lock-out."""
