"""Figures that the platform computes by its own SQL from the events that it received."""

import sqlite3

import msgspec


class Total(msgspec.Struct, frozen=True):
    """How many, and how much in fen."""

    count: int
    total_fen: int


class DeviceFigures(msgspec.Struct, frozen=True):
    """Custody of one stream: equal to the device's own journal when both are in step."""

    device: str
    epoch: int
    first_seq: int
    events: int
    head_seq: int
    head_hash: str
    applied_seq: int
    parked: int
    quarantine: str | None


class SiteFigures(msgspec.Struct, frozen=True):
    """What the platform knows about a site, for comparison with the site's own books."""

    sales: Total
    fees: Total
    penalties_fen: int
    orders_collected: int
    openings: dict[str, int]
    devices: list[DeviceFigures]


def compute_figures(connection: sqlite3.Connection) -> SiteFigures:
    """Count and sum over everything applied so far."""
    sale = connection.execute("SELECT count(*), coalesce(sum(total_fen), 0) FROM sales").fetchone()
    fee = connection.execute(
        "SELECT count(*), coalesce(sum(amount_fen + penalty_fen), 0), coalesce(sum(penalty_fen), 0) FROM fees"
    ).fetchone()
    collected = connection.execute("SELECT count(DISTINCT order_id) FROM collections_done").fetchone()[0]
    openings = connection.execute("SELECT outcome, count(*) FROM openings GROUP BY outcome ORDER BY outcome")
    devices = connection.execute(
        "SELECT s.device, s.epoch, s.first_seq, s.head_seq, s.head_hash, s.applied_seq, s.quarantine,"
        " (SELECT count(*) FROM events e WHERE e.device=s.device AND e.epoch=s.epoch) AS events,"
        " (SELECT count(*) FROM parked p WHERE p.device=s.device AND p.epoch=s.epoch) AS parked"
        " FROM streams s ORDER BY s.device, s.epoch"
    )
    return SiteFigures(
        sales=Total(sale[0], sale[1]),
        fees=Total(fee[0], fee[1]),
        penalties_fen=fee[2],
        orders_collected=collected,
        openings={outcome: count for outcome, count in openings},
        devices=[msgspec.convert(dict(row), DeviceFigures) for row in devices],
    )
