"""Points of purchases: earned, pending until goods cannot go back any more, then counting, one day too old.

1 point is worth 1 fen. The sale says what is earned; the contract when it counts and when it ends.
"""

from cloud_sync.platform.balances import POINTS, Cause, move, publish, read_account
from cloud_sync.platform.leases import free_of, recall_all, settle_account
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.terms import DAY_MS, read_terms
from cloud_sync.wire.collections import LineKind
from cloud_sync.wire.feed import AppliedThrough


def note_order(
    connection: Connection,
    order: str,
    points: int,
    *,
    claim_hash: str,
    contract_version: int,
    at_ms: int,
) -> None:
    """Remember what an order earned, whoever it belongs to; the first time counts."""
    connection.execute(
        "INSERT INTO order_points (order_id, points, claim_hash, settled_ms, contract_version)"
        " VALUES (?,?,?,?,?) ON CONFLICT (order_id) DO NOTHING",
        (order, points, claim_hash, at_ms, contract_version),
    )


def give(
    connection: Connection,
    order: str,
    account: str,
    kind: LineKind,
    *,
    at_ms: int,
    event: AppliedThrough | None = None,
) -> bool:
    """Give an order's points to an account: pending until its goods cannot go back any more.

    False when somebody has them already. Raises AccountMissing.
    """
    read_account(connection, account, POINTS)
    row = connection.execute("SELECT * FROM order_points WHERE order_id=?", (order,)).fetchone()
    if row is None or row["account"]:
        return False
    connection.execute("UPDATE order_points SET account=? WHERE order_id=?", (account, order))
    points = row["points"] - row["taken_back"]
    if points <= 0:
        return True
    terms = read_terms(connection, row["contract_version"])
    counts_ms = row["settled_ms"] + terms.points_return_days * DAY_MS
    ends_ms = None if terms.points_expire_days is None else counts_ms + terms.points_expire_days * DAY_MS
    cause = Cause(f"earned:{order}", at_ms, order, event=event)
    waits = counts_ms if counts_ms > at_ms else 0
    move(connection, account, kind, points, cause, pending_until_ms=waits, expires_ms=ends_ms)
    settle_account(connection, account)
    return True


def take_back(
    connection: Connection,
    order: str,
    points: int,
    from_account: int,
    *,
    part: str,
    at_ms: int,
    event: AppliedThrough | None = None,
) -> None:
    """Take the points of returned goods back: `from_account` of them out of the account that has them.

    The rest was kept from the refund. Points of nobody become fewer to claim. Pending ones leave what is
    pending, others the balance, also below zero.
    """
    if connection.execute("SELECT 1 FROM account_lines WHERE key=?", (f"back:{part}",)).fetchone():
        return
    connection.execute("UPDATE order_points SET taken_back=taken_back+? WHERE order_id=?", (points, order))
    row = connection.execute(
        "SELECT o.account, l.pending_until_ms, l.pending FROM order_points o"
        " LEFT JOIN account_lines l ON l.key='earned:' || o.order_id WHERE o.order_id=?",
        (order,),
    ).fetchone()
    if row is None or not row["account"] or from_account <= 0:
        return
    waits = row["pending_until_ms"] if row["pending"] else 0
    cause = Cause(f"back:{part}", at_ms, order, event=event)
    move(connection, row["account"], "taken_back", -from_account, cause, pending_until_ms=waits)
    settle_account(connection, row["account"])


def ripen(connection: Connection, *, now_ms: int) -> int:
    """Let pending lines count whose time has come; returns how many accounts changed."""
    rows = connection.execute(
        "SELECT account, sum(amount_fen) AS fen FROM account_lines WHERE pending=1 AND pending_until_ms<=?"
        " GROUP BY account ORDER BY account",
        (now_ms,),
    ).fetchall()
    for row in rows:
        connection.execute(
            "UPDATE account_lines SET pending=0 WHERE account=? AND pending=1 AND pending_until_ms<=?",
            (row["account"], now_ms),
        )
        connection.execute(
            "UPDATE accounts SET balance_fen=balance_fen+?, pending_fen=pending_fen-? WHERE id=?",
            (row["fen"], row["fen"], row["account"]),
        )
        settle_account(connection, row["account"])
    return len(rows)


def expire(connection: Connection, *, now_ms: int) -> int:
    """End points that are too old and were not spent: the oldest are always spent first.

    What is leased out is asked back and ends when it is here. Returns how many accounts lost some.
    """
    rows = connection.execute(
        "SELECT DISTINCT account FROM account_lines WHERE expires_ms<=? AND expiry_done=0 AND pending=0"
        " ORDER BY account",
        (now_ms,),
    ).fetchall()
    return sum(_expire_in(connection, row["account"], now_ms) for row in rows)


def _expire_in(connection: Connection, account: str, now_ms: int) -> bool:
    old_fen = _too_old(connection, account, now_ms)
    free_fen = free_of(connection, account)
    ends_fen = min(old_fen, free_fen)
    if ends_fen > 0:
        done = connection.execute(
            "SELECT count(*) FROM account_lines WHERE account=? AND kind='expired'", (account,)
        ).fetchone()[0]
        move(connection, account, "expired", -ends_fen, Cause(f"expired:{account}:{done}", now_ms))
        publish(connection, account)
    connection.execute("UPDATE accounts SET expiring_fen=? WHERE id=?", (old_fen - ends_fen, account))
    if old_fen > free_fen:
        recall_all(connection, account)
    else:
        connection.execute(
            "UPDATE account_lines SET expiry_done=1 WHERE account=? AND expires_ms<=? AND pending=0",
            (account, now_ms),
        )
    return ends_fen > 0


def _too_old(connection: Connection, account: str, now_ms: int) -> int:
    """Points whose end has passed, less everything that ever left the account; at most the balance."""
    row = connection.execute(
        "SELECT a.balance_fen,"
        " (SELECT coalesce(sum(amount_fen), 0) FROM account_lines l"
        "  WHERE l.account=a.id AND pending=0 AND amount_fen>0 AND expires_ms<=?) AS old,"
        " (SELECT coalesce(-sum(amount_fen), 0) FROM account_lines l"
        "  WHERE l.account=a.id AND pending=0 AND amount_fen<0) AS gone"
        " FROM accounts a WHERE a.id=?",
        (now_ms, account),
    ).fetchone()
    return max(0, min(int(row["old"]) - int(row["gone"]), int(row["balance_fen"])))
