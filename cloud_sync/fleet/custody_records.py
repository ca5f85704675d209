"""SQL over the platform's store: what it holds of a fleet, read for comparison and for figures."""

from typing import NamedTuple

from cloud_sync.platform.store.port import Connection


class Standing(NamedTuple):
    """Everything in custody, what of it was not applied yet, commands by state."""

    events: int
    unapplied: int
    parked: int
    commands: dict[str, int]


class Held(NamedTuple):
    """One event in custody."""

    epoch: int
    seq: int
    id: str
    hash: str
    line: bytes


class Counted(NamedTuple):
    """What the platform made of a device's events: openings of doors, sales and their sum."""

    openings: int
    sales: int
    sales_fen: int


def read_standing(connection: Connection) -> Standing:
    """How custody stands, over every site."""
    heads = connection.execute(
        "SELECT coalesce(sum(head_seq - first_seq + 1), 0), coalesce(sum(head_seq - applied_seq), 0)"
        " FROM streams"
    ).fetchone()
    parked = connection.execute("SELECT count(*) FROM parked").fetchone()[0]
    states = connection.execute("SELECT state, count(*) FROM commands GROUP BY state").fetchall()
    return Standing(heads[0], heads[1], parked, {row[0]: row[1] for row in states})


def read_held(connection: Connection, device: str) -> list[Held]:
    """Every event in custody of a device, by epoch and seq."""
    rows = connection.execute(
        "SELECT epoch, seq, id, hash, line FROM events WHERE device=? ORDER BY epoch, seq", (device,)
    )
    return [Held(row[0], row[1], row[2], row[3], bytes(row[4])) for row in rows]


def read_counted(connection: Connection, device: str) -> Counted:
    """What was counted of a device."""
    openings = connection.execute("SELECT count(*) FROM openings WHERE device=?", (device,)).fetchone()[0]
    sales = connection.execute(
        "SELECT count(*), coalesce(sum(total_fen), 0) FROM sales WHERE device=?", (device,)
    ).fetchone()
    return Counted(openings, sales[0], sales[1])


def read_newest_cursor(connection: Connection, site: str) -> int:
    """Where the site's feed ends."""
    row = connection.execute("SELECT coalesce(max(cursor), 0) FROM records WHERE site=?", (site,)).fetchone()
    return int(row[0])


def sum_cursors(connection: Connection, home: str) -> int:
    """The ends of all sites' feeds but the home site's, added up: equal when every site has read its own."""
    row = connection.execute(
        "SELECT coalesce(sum(newest), 0) FROM"
        " (SELECT max(cursor) AS newest FROM records WHERE site<>? GROUP BY site) AS feeds",
        (home,),
    ).fetchone()
    return int(row[0])


def read_opened(connection: Connection, device: str) -> set[str]:
    """Ids of the device's commands of which the platform says that the door opened."""
    rows = connection.execute("SELECT id FROM commands WHERE device=? AND state='opened'", (device,))
    return {str(row[0]) for row in rows}


def read_incidents(connection: Connection) -> dict[str, int]:
    """Incidents of all devices, counted by code."""
    rows = connection.execute("SELECT code, count(*) FROM incidents GROUP BY code").fetchall()
    return {row[0]: row[1] for row in rows}


def server_processes(connection: Connection) -> list[int]:
    """Process ids of a PostgreSQL server on this machine: every part of it that has a name there."""
    return [int(row[0]) for row in connection.execute("SELECT pid FROM pg_stat_activity").fetchall()]
