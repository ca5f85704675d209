"""All SQL of the proved boards."""

import sqlite3

import msgspec


class BankProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk along a bank has proved, for this wiring and no other. `closed_level`: of a closed door."""

    bank: str
    wiring: str
    closed_level: str
    tested: tuple[str, ...]
    skipped: tuple[str, ...]
    account: str
    at_ms: int


def all_proofs(connection: sqlite3.Connection) -> list[BankProof]:
    """The proof of every bank that has one."""
    rows = connection.execute(
        "SELECT bank, wiring, closed_level, tested, skipped, account, at_ms FROM bank_proofs ORDER BY bank"
    )
    return [
        BankProof(
            bank=bank,
            wiring=wiring,
            closed_level=level,
            tested=tuple(tested.split()),
            skipped=tuple(skipped.split()),
            account=account,
            at_ms=at_ms,
        )
        for bank, wiring, level, tested, skipped, account, at_ms in rows
    ]


def keep_proof(connection: sqlite3.Connection, proof: BankProof) -> None:
    """Write the newest proof of a bank."""
    connection.execute(
        "INSERT OR REPLACE INTO bank_proofs(bank, wiring, closed_level, tested, skipped, account, at_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            proof.bank,
            proof.wiring,
            proof.closed_level,
            " ".join(proof.tested),
            " ".join(proof.skipped),
            proof.account,
            proof.at_ms,
        ),
    )


def drop_proof(connection: sqlite3.Connection, bank: str) -> bool:
    """Believe the proof of a bank no longer; whether there was one."""
    return connection.execute("DELETE FROM bank_proofs WHERE bank = ?", (bank,)).rowcount > 0


def cells_in_use(connection: sqlite3.Connection, bank: str) -> frozenset[str]:
    """Cells that hold something, are kept for something, or wait for a person to look."""
    rows = connection.execute(
        "SELECT cell FROM locker_cells WHERE bank = ? AND state IN ('reserved', 'occupied', 'held')", (bank,)
    )
    return frozenset(str(cell) for (cell,) in rows)
