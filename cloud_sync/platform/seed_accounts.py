"""Accounts of a community file: opened once, with the lines that they begin with."""

from typing import Any, Literal

import msgspec

from cloud_sync.platform.balances import Cause, move, open_account
from cloud_sync.platform.leases import settle_account
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.terms import DAY_MS
from cloud_sync.wire.collections import LineKind


class SeedLine(msgspec.Struct, frozen=True):
    """A line that was there before: so many days ago, pending for so many days from now, if any."""

    kind: LineKind
    amount_fen: int
    days_ago: int = 0
    order: str = ""
    pending_days: int = 0
    expires_days: int | None = None


class SeedAccount(msgspec.Struct, frozen=True):
    """An account and what it begins with."""

    subject: str
    kind: Literal["points", "wallet", "prepaid_fee"]
    issuer: str
    lines: list[SeedLine] = []


def seed_account(connection: Connection, record: dict[str, Any], *, now_ms: int) -> None:
    """Open an account with its lines; seeding again moves nothing. Raises msgspec.ValidationError."""
    wanted = msgspec.convert(record, SeedAccount)
    account = open_account(connection, wanted.subject, wanted.kind, wanted.issuer)
    moved = False
    for number, line in enumerate(wanted.lines):
        at_ms = now_ms - line.days_ago * DAY_MS
        counts_ms = now_ms + line.pending_days * DAY_MS if line.pending_days else 0
        ends_ms = None if line.expires_days is None else now_ms + line.expires_days * DAY_MS
        moved |= move(
            connection,
            account,
            line.kind,
            line.amount_fen,
            Cause(f"seed:{account}:{number}", at_ms, line.order),
            pending_until_ms=counts_ms,
            expires_ms=ends_ms,
        )
    if moved:
        settle_account(connection, account)
