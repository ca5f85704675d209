"""Figures that the platform computes by its own SQL from the events that it received."""

import msgspec

from cloud_sync.platform.store.port import Connection


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


class KindFigures(msgspec.Struct, frozen=True):
    """All accounts of a kind: what they hold, what of it devices may spend, and why they moved, in fen.

    `unequal` counts accounts whose balance is not the fold of its lines: always 0.
    """

    kind: str
    accounts: int
    balance_fen: int
    pending_fen: int
    leased_fen: int
    moved: dict[str, int]
    unequal: int


class LeaseFigures(msgspec.Struct, frozen=True):
    """What one epoch of a device was granted of a kind and has spent, in fen, and how many leases are out.

    `exceeded` counts leases of which more was spent than granted.
    """

    device: str
    epoch: int
    kind: str
    granted_fen: int
    spent_fen: int
    open: int
    exceeded: int


class SiteFigures(msgspec.Struct, frozen=True):
    """What the platform knows about a site, for comparison with the site's own books."""

    sales: Total
    fees: Total
    penalties_fen: int
    orders_collected: int
    openings: dict[str, int]
    devices: list[DeviceFigures]
    accounts: list[KindFigures] = []
    leases: list[LeaseFigures] = []


def compute_figures(connection: Connection) -> SiteFigures:
    """Count and sum over everything of the site that was applied so far."""
    site = (connection.site,)
    sale = connection.execute(
        "SELECT count(*), coalesce(sum(total_fen), 0) FROM sales"
        " WHERE device IN (SELECT device FROM streams WHERE site=?)",
        site,
    ).fetchone()
    fee = connection.execute(
        "SELECT count(*), coalesce(sum(amount_fen + penalty_fen), 0), coalesce(sum(penalty_fen), 0) FROM fees"
        " WHERE device IN (SELECT device FROM streams WHERE site=?)",
        site,
    ).fetchone()
    collected = connection.execute(
        "SELECT count(DISTINCT order_id) FROM collections_done"
        " WHERE device IN (SELECT device FROM streams WHERE site=?)",
        site,
    ).fetchone()[0]
    openings = connection.execute(
        "SELECT outcome, count(*) FROM openings"
        " WHERE device IN (SELECT device FROM streams WHERE site=?) GROUP BY outcome ORDER BY outcome",
        site,
    )
    devices = connection.execute(
        "SELECT s.device, s.epoch, s.first_seq, s.head_seq, s.head_hash, s.applied_seq, s.quarantine,"
        " (SELECT count(*) FROM events e WHERE e.device=s.device AND e.epoch=s.epoch) AS events,"
        " (SELECT count(*) FROM parked p WHERE p.device=s.device AND p.epoch=s.epoch) AS parked"
        " FROM streams s WHERE s.site=? ORDER BY s.device, s.epoch",
        site,
    )
    return SiteFigures(
        sales=Total(sale[0], sale[1]),
        fees=Total(fee[0], fee[1]),
        penalties_fen=fee[2],
        orders_collected=collected,
        openings={outcome: count for outcome, count in openings},
        devices=[msgspec.convert(dict(row), DeviceFigures) for row in devices],
        accounts=_kinds(connection),
        leases=_leases(connection),
    )


def _kinds(connection: Connection) -> list[KindFigures]:
    rows = connection.execute(
        "WITH folds AS (SELECT a.id, coalesce(sum(l.amount_fen) FILTER (WHERE l.pending=0), 0) AS counted,"
        " coalesce(sum(l.amount_fen) FILTER (WHERE l.pending=1), 0) AS waiting"
        " FROM accounts a LEFT JOIN account_lines l ON l.account=a.id WHERE a.site=? GROUP BY a.id),"
        " lent AS (SELECT account, sum(granted_fen - spent_fen) AS fen FROM leases"
        " WHERE closed=0 AND granted_fen>spent_fen GROUP BY account)"
        " SELECT a.kind, count(*) AS accounts, sum(a.balance_fen) AS balance_fen,"
        " sum(a.pending_fen) AS pending_fen, coalesce(sum(o.fen), 0) AS leased_fen,"
        " count(*) FILTER (WHERE a.balance_fen<>f.counted OR a.pending_fen<>f.waiting) AS unequal"
        " FROM accounts a JOIN folds f ON f.id=a.id LEFT JOIN lent o ON o.account=a.id"
        " GROUP BY a.kind ORDER BY a.kind",
        (connection.site,),
    ).fetchall()
    moved: dict[str, dict[str, int]] = {row["kind"]: {} for row in rows}
    for kind, line, fen in connection.execute(
        "SELECT a.kind, l.kind, sum(l.amount_fen) FROM account_lines l JOIN accounts a ON a.id=l.account"
        " WHERE a.site=? GROUP BY a.kind, l.kind ORDER BY a.kind, l.kind",
        (connection.site,),
    ):
        moved[kind][line] = fen
    return [msgspec.convert({**dict(row), "moved": moved[row["kind"]]}, KindFigures) for row in rows]


def _leases(connection: Connection) -> list[LeaseFigures]:
    rows = connection.execute(
        "SELECT l.device, l.epoch, a.kind, sum(l.granted_fen) AS granted_fen, sum(l.spent_fen) AS spent_fen,"
        " count(*) FILTER (WHERE l.closed=0) AS open,"
        " count(*) FILTER (WHERE l.spent_fen>l.granted_fen) AS exceeded FROM leases l"
        " JOIN accounts a ON a.id=l.account WHERE a.site=? GROUP BY l.device, l.epoch, a.kind"
        " ORDER BY l.device, l.epoch, a.kind",
        (connection.site,),
    )
    return [msgspec.convert(dict(row), LeaseFigures) for row in rows]
