"""Mixed tenders: what accounts pay of an order beside the channel.

A channel cannot be held; so the parts of accounts are held first, in the unit that creates the attempt, the
channel is charged last, and the unit that settles turns holds into spends. An attempt that ends without money
frees its holds, one whose outcome is unknown keeps them. Every part lies within a lease (`edge.pay.leases`).
Parts are used in this order: points, prepaid fee, wallet, channel; they go back in reverse.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from edge.books.ledger import post
from edge.pay import account_records as records
from edge.pay.accounts import POINTS, PREPAID_FEE, WALLET, Account, accounts_of, find_account, note_move
from edge.pay.copies import own_epoch
from edge.pay.errors import AccountUnknown, LeaseExceeded, OtherIssuer, TenderNotAllowed, TendersDiffer
from edge.pay.events import Tender
from edge.pay.leases import find_lease, lease_left_fen, return_if_recalled
from edge.store.history import PastEvent
from edge.store.unit import Unit

__all__ = [
    "ORDER_OF_USE",
    "Offer",
    "OrderLimits",
    "Tender",
    "give_back",
    "hold",
    "in_order_of_use",
    "issuer_of",
    "note_spent",
    "offers",
    "release",
    "share_tenders",
    "spend",
    "tenders_of",
]

ORDER_OF_USE: tuple[str, ...] = (POINTS, PREPAID_FEE, WALLET)
_OF_ISSUER = (PREPAID_FEE, WALLET)


class OrderLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What accounts may pay of an order, as its room says: whose order it is, to whom, and most fen by kind.

    `subject` is None when nobody was identified: then nothing is paid from accounts.
    """

    subject: str | None
    payee: str
    total_fen: int
    points_fen: int = 0
    prepaid_fee_fen: int = 0
    wallet_fen: int = 0

    def most_fen(self, kind: str) -> int:
        """Return the most that an account of a kind may pay."""
        return {"points": self.points_fen, "prepaid_fee": self.prepaid_fee_fen, "wallet": self.wallet_fen}[
            kind
        ]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What one account may pay of an order: `usable_fen` in all, `left_fen` of it while offline.

    `reason` says why nothing: "other_issuer", "not_for_this" or "no_balance"; empty when something.
    """

    kind: str
    account: str
    issuer: str
    balance_fen: int
    usable_fen: int
    left_fen: int
    reason: str = ""


def offers(connection: sqlite3.Connection, limits: OrderLimits) -> tuple[Offer, ...]:
    """Return what each account of the order's resident may pay of it, in the order of use."""
    if limits.subject is None:
        return ()
    found = accounts_of(connection, limits.subject)
    ranked = sorted(found, key=lambda account: ORDER_OF_USE.index(account.kind))
    return tuple(_offer(connection, account, limits) for account in ranked)


def _offer(connection: sqlite3.Connection, account: Account, limits: OrderLimits) -> Offer:
    reason = _why_not(account, limits)
    if not reason and account.balance_fen <= 0:
        reason = "no_balance"
    usable_fen = 0 if reason else min(account.balance_fen, limits.most_fen(account.kind))
    return Offer(
        kind=account.kind,
        account=account.id,
        issuer=account.issuer,
        balance_fen=account.balance_fen,
        usable_fen=usable_fen,
        left_fen=min(usable_fen, lease_left_fen(connection, account.id)),
        reason=reason,
    )


def _why_not(account: Account, limits: OrderLimits) -> str:
    if account.kind in _OF_ISSUER and account.issuer != limits.payee:
        return OtherIssuer.code
    return "" if limits.most_fen(account.kind) > 0 else "not_for_this"


def in_order_of_use(tenders: Sequence[Tender]) -> tuple[Tender, ...]:
    """Return tenders as they are used."""
    return tuple(sorted(tenders, key=lambda tender: ORDER_OF_USE.index(tender.kind)))


def hold(
    unit: Unit, attempt_id: str, amount_fen: int, tenders: Sequence[Tender], limits: OrderLimits
) -> None:
    """Hold what accounts pay beside the channel's `amount_fen`, in the unit that creates the attempt.

    Raises, before its first write, TendersDiffer, AccountUnknown, OtherIssuer, TenderNotAllowed,
    LeaseExceeded.
    """
    _check_sum(amount_fen, tenders, limits)
    accounts = [_check_tender(unit, tender, limits) for tender in tenders]
    issuers = {account.id: account.issuer for account in accounts}
    for place, tender in enumerate(in_order_of_use(tenders), 1):
        row = {**msgspec.structs.asdict(tender), "issuer": issuers[tender.account]}
        records.insert_hold(unit.connection, attempt_id, place, row)


def _check_sum(amount_fen: int, tenders: Sequence[Tender], limits: OrderLimits) -> None:
    kinds = {tender.kind for tender in tenders}
    sound = kinds <= set(ORDER_OF_USE) and len(kinds) == len(tenders) > 0
    sound = sound and amount_fen >= 0 and all(tender.amount_fen > 0 for tender in tenders)
    if not sound or amount_fen + sum(tender.amount_fen for tender in tenders) != limits.total_fen:
        raise TendersDiffer(total_fen=limits.total_fen)


def _check_tender(unit: Unit, tender: Tender, limits: OrderLimits) -> Account:
    account = find_account(unit.connection, tender.account)
    if account.kind != tender.kind or account.subject != limits.subject:
        raise AccountUnknown(account=tender.account)
    if account.kind in _OF_ISSUER and account.issuer != limits.payee:
        raise OtherIssuer(issuer=account.issuer)
    if tender.amount_fen > limits.most_fen(tender.kind):
        raise TenderNotAllowed(kind=tender.kind, most_fen=limits.most_fen(tender.kind))
    lease = find_lease(unit.connection, tender.lease)
    if lease is None or lease.account != account.id:
        raise LeaseExceeded(left_fen=0)
    live = lease.epoch == own_epoch(unit.connection) and not (lease.recall or lease.closed or lease.returned)
    left_fen = lease.left_fen if live else 0
    if tender.amount_fen > left_fen:
        raise LeaseExceeded(left_fen=left_fen)
    return account


def tenders_of(connection: sqlite3.Connection, attempt_id: str) -> tuple[Tender, ...]:
    """Return what accounts pay or paid in an attempt, in order of use; nothing once it was released."""
    rows = records.holds_of(connection, attempt_id)
    return tuple(msgspec.convert(row, Tender) for row in rows if row["state"] != "released")


def spend(unit: Unit, attempt_id: str, past: PastEvent | None = None) -> None:
    """Turn the holds of an attempt into spends, after its order was settled, in the same unit.

    With `past` as the settlement did that was read back: then a recalled lease is not told of again.
    """
    rows = [row for row in records.holds_of(unit.connection, attempt_id) if row["state"] == "held"]
    records.set_holds(unit.connection, attempt_id, "spent")
    for row in rows:
        records.spend_lease(unit.connection, row["lease"], row["amount_fen"])
        post(unit, f"{row['kind']}_spent", attempt_id, {"total": row["amount_fen"]}, payee=row["issuer"])
        if past is None:
            return_if_recalled(unit, row["lease"])


def note_spent(unit: Unit, tenders: Iterable[Tender], past: PastEvent | None = None) -> None:
    """Lay over accounts what the settlement just recorded (or read back, `past`) takes of them.

    Each event its own part: the account's record names the place of the event that told it, and a part that
    was laid over at a later one would be taken off twice until the account moves again.
    """
    for tender in tenders:
        note_move(unit, tender.account, -tender.amount_fen, past)


def release(unit: Unit, attempt_id: str) -> None:
    """Free the holds of an attempt that ended without money, in the unit that ends it."""
    rows = [row for row in records.holds_of(unit.connection, attempt_id) if row["state"] == "held"]
    records.set_holds(unit.connection, attempt_id, "released")
    for row in rows:
        return_if_recalled(unit, row["lease"])


def give_back(unit: Unit, part_id: str, payee: str, tender: Tender, past: PastEvent | None = None) -> None:
    """Do the part of a refund that goes back to an account; the event of the refund, recorded before this,
    tells the platform.

    The lease that was spent stays spent: the money is in the account again, not in the lease.
    """
    issuer = issuer_of(unit.connection, tender, payee)
    post(unit, "refund_tendered", part_id, {"total": tender.amount_fen}, payee=payee)
    post(unit, f"{tender.kind}_refunded", part_id, {"total": tender.amount_fen}, payee=issuer)
    note_move(unit, tender.account, tender.amount_fen, past)


def issuer_of(connection: sqlite3.Connection, tender: Tender, payee: str) -> str:
    """Return whose account paid, as noted when it did; for one that nobody knows here, the payee itself."""
    account = records.account_row(connection, tender.account)
    known = "" if account is None else account["issuer"]
    return records.issuer_of_lease(connection, tender.lease) or known or payee


def share_tenders(tenders: Sequence[Tender], amounts: Sequence[int]) -> tuple[tuple[Tender, ...], ...]:
    """Share what accounts paid out over the bills of an order, bill by bill, each at most its amount.

    `amounts` are fen; what the accounts did not pay of them the channel did.
    """
    shares: list[tuple[Tender, ...]] = []
    left = [tender.amount_fen for tender in tenders]
    for amount in amounts:
        parts: list[Tender] = []
        for place, tender in enumerate(tenders):
            part = min(left[place], amount - sum(each.amount_fen for each in parts))
            if part > 0:
                parts.append(msgspec.structs.replace(tender, amount_fen=part))
                left[place] -= part
        shares.append(tuple(parts))
    return tuple(shares)
