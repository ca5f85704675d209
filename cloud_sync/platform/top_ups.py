"""Money that a resident adds in the app: paid to the account's issuer, credited once the channel has it."""

from typing import ClassVar

from cloud_sync.platform.balances import PREPAID_FEE, WALLET, Cause
from cloud_sync.platform.leases import AccountUnknown, credit
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.terms import read_terms
from cloud_sync.platform.told import note_app_top_up
from cloud_sync.wire.payments import Channel, PaymentRequest
from edge.errors import Refusal

APP = "app"
"""Who asked, where a device asks otherwise: no journal of the site has these payments.

Attempts are numbered from the platform's time on, so that a platform that begins anew uses none again.
"""


class BalanceLimit(Refusal):
    """The wallet would hold more than the contract lets it; `room_fen` still fits."""

    code: ClassVar[str] = "balance_limit"


def begin_top_up(
    connection: Connection,
    subject: str,
    account: str,
    amount_fen: int,
    channel: Channel,
    *,
    now_ms: int,
) -> PaymentRequest:
    """Note a top-up and return what to ask the channel for. Raises AccountUnknown, BalanceLimit."""
    row = connection.execute(
        "SELECT * FROM accounts WHERE id=? AND subject=? AND kind IN (?,?)",
        (account, subject, WALLET, PREPAID_FEE),
    ).fetchone()
    if row is None:
        raise AccountUnknown(account=account)
    if row["kind"] == WALLET:
        room_fen = max(0, (read_terms(connection).wallet_limit_fen or 0) - row["balance_fen"])
        if amount_fen > room_fen:
            raise BalanceLimit(account=account, room_fen=room_fen)
    last = connection.execute("SELECT coalesce(max(number), 0) FROM app_top_ups").fetchone()[0]
    number = max(now_ms, last + 1)
    attempt = f"{APP}-1-{number}"
    connection.execute(
        "INSERT INTO app_top_ups (number, attempt, account, amount_fen) VALUES (?,?,?,?)",
        (number, attempt, account, amount_fen),
    )
    return PaymentRequest(attempt, attempt, row["issuer"], amount_fen, channel, "")


def credit_paid(connection: Connection) -> int:
    """Credit every top-up that a channel has taken, with what it took; returns how many."""
    rows = connection.execute(
        "SELECT t.attempt, t.captured_fen, t.paid_ms, u.account FROM app_top_ups u"
        " JOIN trades t USING (attempt) WHERE u.credited=0 AND t.state='paid' ORDER BY t.paid_ms"
    ).fetchall()
    for row in rows:
        cause = Cause(f"topped_up:{row['attempt']}", row["paid_ms"], row["attempt"])
        if credit(connection, row["account"], "topped_up", row["captured_fen"], cause):
            note_app_top_up(connection, row["attempt"], row["account"], row["captured_fen"], row["paid_ms"])
        connection.execute("UPDATE app_top_ups SET credited=1 WHERE attempt=?", (row["attempt"],))
    return len(rows)
