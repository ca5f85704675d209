"""The platform's accounts in the test's thread: events go straight to their appliers."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from cloud_sync.platform.applying import APPLIERS, settle_due
from cloud_sync.platform.balances import Cause, open_account
from cloud_sync.platform.feed import get_record
from cloud_sync.platform.leases import credit, raise_lease
from cloud_sync.platform.penalty import keep_figures
from cloud_sync.platform.store.sqlite import SqliteConnection, open_memory
from cloud_sync.platform.stored import StoredEvent
from cloud_sync.wire.accounts import LeaseRaise
from cloud_sync.wire.collections import Lease
from cloud_sync.wire.feed import AppliedThrough

DAY_MS = 86_400_000
START_MS = 1_795_312_800_000
TERMS: dict[str, Any] = {
    "version": 1,
    "points_return_days": 7,
    "points_claim_days": 30,
    "points_expire_days": 365,
    "lease_limit_fen": 50,
}


@dataclass
class Accounts:
    """A platform with one device, `k1`, whose events come one after another."""

    connection: SqliteConnection = field(default_factory=lambda: open_memory(home="heyuanli"))
    now_ms: int = START_MS
    seq: int = 0
    epoch: int = 1

    def __post_init__(self) -> None:
        self.terms()
        self.stream("k1", 1)

    def terms(self, **changes: Any) -> None:
        """Keep the contract's figures, some of them changed."""
        keep_figures(self.connection, {**TERMS, **changes})

    def stream(self, device: str, epoch: int) -> None:
        """The platform has heard of this epoch of a device."""
        self.connection.execute(
            "INSERT INTO streams (device, epoch, first_seq, head_seq, head_hash, applied_seq, last_ms)"
            " VALUES (?,?,1,100,'',100,0)",
            (device, epoch),
        )

    def account(self, kind: str = "wallet", issuer: str = "shop", *, fen: int = 0) -> str:
        """The resident's account, begun with so much."""
        account = open_account(self.connection, "res-1203", kind, issuer)
        if fen:
            credit(self.connection, account, "opening", fen, Cause(f"seed:{account}", self.now_ms))
        return account

    def apply(self, name: str, version: int = 1, *, device: str = "k1", **body: Any) -> None:
        """Apply one event of the device."""
        self.seq += 1
        type_name = f"community.edge.{name}.v{version}"
        at = AppliedThrough(device, self.epoch, self.seq)
        APPLIERS[type_name](
            self.connection, StoredEvent(at, type_name, self.now_ms, msgspec.json.encode(body))
        )

    def sell(self, order: str, *tenders: dict[str, Any], **more: Any) -> None:
        """A sale of 10.00, paid with tenders in part."""
        body = {"order_id": order, "total_fen": 1000, "payee": "shop", "contract_version": 1}
        self.apply("SaleSettled", 3, **{**body, "tenders": tenders, **more})

    def spend(self, order: str, account: str, fen: int, *, lease: str = "", kind: str = "wallet") -> None:
        """A sale of which so much came out of an account."""
        held = lease or self.lease(account).id
        self.sell(order, {"kind": kind, "account": account, "lease": held, "amount_fen": fen})

    def lease(self, account: str, number: int = 1, *, device: str = "k1") -> Lease:
        """A lease as the feed has it."""
        record = get_record(self.connection, "leases", f"{account}@{device}-{self.epoch}#{number}")
        assert record is not None
        return msgspec.convert(record, Lease)

    def raised(self, account: str, fen: int, **more: Any) -> Lease:
        """Ask for more in a lease."""
        return raise_lease(self.connection, "k1", account, LeaseRaise(self.epoch, fen, **more))

    def record(self, account: str) -> dict[str, Any]:
        """The account as the feed has it."""
        record = get_record(self.connection, "accounts", account)
        assert record is not None
        return record

    def pass_days(self, days: int) -> None:
        """Let days go by, and do what time brings."""
        self.now_ms += days * DAY_MS
        settle_due(self.connection, now_ms=self.now_ms)

    def incidents(self) -> list[str]:
        """Codes of what went wrong."""
        return [row["code"] for row in self.connection.execute("SELECT code FROM incidents ORDER BY id")]

    def check(self) -> None:
        """I10: balances are the folds of their lines; nothing is leased out that is not there."""
        folds = self.connection.execute(
            "SELECT a.balance_fen, a.pending_fen, coalesce(sum(l.amount_fen * (1 - l.pending)), 0),"
            " coalesce(sum(l.amount_fen * l.pending), 0) FROM accounts a"
            " LEFT JOIN account_lines l ON l.account=a.id GROUP BY a.id"
        )
        for balance, pending, counted, waiting in folds:
            assert (balance, pending) == (counted, waiting)
        spent = self.connection.execute(
            "SELECT l.id, l.spent_fen, l.granted_fen, (SELECT coalesce(-sum(amount_fen), 0)"
            " FROM account_lines s WHERE s.lease=l.id) FROM leases l"
        )
        for lease, spent_fen, _, told in spent:
            assert spent_fen == told, lease
