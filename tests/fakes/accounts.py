"""Accounts and leases as the feed sends them, and mixed payments in one step, for the tests of trade."""

from typing import Any

from edge.homes.fees import settle_bills
from edge.pay.accounts import apply_account
from edge.pay.attempts import Attempt, Finding, apply_finding, create_attempt
from edge.pay.leases import apply_lease
from edge.pay.policy import NO_CHANNEL, WECHAT
from edge.pay.states import Answer
from edge.pay.tenders import OrderLimits, Tender
from edge.pay.top_up import settle_top_up
from edge.shop.checkout import PlacedOrder, sale_limits, settle_sale
from edge.store.inline import InlineStore

SETTLE = {"sale": settle_sale, "fee": settle_bills, "top_up": settle_top_up}
SUBJECT = "res-1"


def put_account(
    store: InlineStore,
    kind: str,
    balance_fen: int,
    *,
    issuer: str = "property",
    pending_fen: int = 0,
    subject: str = SUBJECT,
    version: int = 1,
    through: int | None = None,
) -> str:
    """Take an account of a resident from the feed, as of our event at seq `through`; return its id."""
    account_id = f"a-{kind}-{issuer}-{subject}"
    data: dict[str, Any] = {
        "subject": subject,
        "kind": kind,
        "issuer": issuer,
        "balance_fen": balance_fen,
        "pending_fen": pending_fen,
        "lines": [{"at_ms": 1, "kind": "opening", "amount_fen": balance_fen}],
    }
    if through is not None:
        data["applied_through"] = {"device": "k1", "epoch": 1, "seq": through}
    store.run_now(lambda unit: apply_account(unit, account_id, version, data))
    return account_id


def put_lease(
    store: InlineStore, account: str, granted_fen: int, *, version: int = 1, number: int = 1, **changes: Any
) -> str:
    """Take a lease of an account from the feed and return its id."""
    data: dict[str, Any] = {
        "account": account,
        "device": "k1",
        "epoch": 1,
        "granted_fen": granted_fen,
        **changes,
    }
    lease_id = f"{account}@{data['device']}-{data['epoch']}#{number}"
    store.run_now(lambda unit: apply_lease(unit, lease_id, version, data))
    return lease_id


def tender(store: InlineStore, kind: str, amount_fen: int, **account: Any) -> Tender:
    """A tender of an account that holds 100.00 yuan, all of it leased."""
    account_id = put_account(store, kind, 10_000, **account)
    return Tender(
        kind=kind, account=account_id, lease=put_lease(store, account_id, 10_000), amount_fen=amount_fen
    )


def begin(
    store: InlineStore, order: PlacedOrder, *tenders: Tender, limits: OrderLimits | None = None
) -> Attempt:
    """Hold tenders for an order of the shop and ask the channel for the rest."""
    left_fen = order.total_fen - sum(each.amount_fen for each in tenders)
    known = limits or sale_limits(store.connection, order.order_id)
    return store.run_now(
        lambda unit: create_attempt(
            unit,
            order.order_id,
            order.payee,
            left_fen,
            WECHAT if left_fen else NO_CHANNEL,
            held=tenders,
            limits=known,
        )
    )


def end(store: InlineStore, attempt: Attempt, answer: Answer = Answer.PAID) -> Attempt:
    """Tell an attempt what became of it at the channel."""
    captured_fen = attempt.amount_fen if answer is Answer.PAID else 0
    reason = "" if answer is Answer.PAID else "test"
    finding = Finding(answer=answer, reason=reason, amount_fen=captured_fen)
    return store.run_now(lambda unit: apply_finding(unit, attempt.id, finding, SETTLE))


def pay(store: InlineStore, order: PlacedOrder, *tenders: Tender) -> Attempt:
    """Pay an order with tenders and, for the rest, the channel."""
    return end(store, begin(store, order, *tenders))
