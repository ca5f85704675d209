"""The chart of accounts and the posting rules: what the code runs, the database enforces and the docs print.

An account is a *stem* of the chart and a payee, written `assets:channel:goods-co`: payees are legal persons,
so each has books of its own, and a set of postings stays within one payee's. A rule says what one business
event posts: each line names a role of the event's amounts, a side, and a stem.

To add an account or a rule, append it to a new tuple here and insert that tuple by a new migration in
`schema.py`, as `books-002` does.
"""

from collections.abc import Mapping
from typing import NamedTuple

DEBIT, CREDIT = 1, -1


class AccountStem(NamedTuple):
    """A kind of account; `stem` begins with its class (assets, liability, income, expense, equity)."""

    stem: str
    name_zh: str
    meaning: str

    @property
    def kind(self) -> str:
        """The class of the account."""
        return self.stem.partition(":")[0]


class RuleLine(NamedTuple):
    """Debits or credits the amount of a role to an account; an amount of zero posts nothing."""

    role: str
    side: int
    stem: str


class PostingRule(NamedTuple):
    """What a business event posts.

    `event` is the type of the journal event that is written with the postings, "" for a rule that no use case
    posts yet; the event's field `source` names the posted source, and the sum of its fields `amounts` over
    all events of that source is what the rule's first line holds.
    """

    number: int
    name: str
    meaning: str
    event: str
    source: str
    amounts: tuple[str, ...]
    lines: tuple[RuleLine, ...]


CHART: tuple[AccountStem, ...] = (
    AccountStem(
        "assets:channel",
        "渠道待结算款",
        "Money that payment channels captured for this payee and have not settled to its bank yet",
    ),
    AccountStem("income:goods", "商品销售收入", "Goods at their shelf price, before any saving"),
    AccountStem("expense:promotions", "促销优惠", "What promotions took off the shelf price"),
    AccountStem("expense:points", "积分费用", "Points granted, at one fen each"),
    AccountStem("liability:points", "应付积分", "Points that residents hold and may still spend"),
    AccountStem(
        "liability:fees",
        "预收物业费",
        "The payee's own fees received at the kiosk, until matched with its bills on the platform",
    ),
    AccountStem("liability:penalties", "预收违约金", "Late penalties received with the payee's own fees"),
    AccountStem(
        "liability:collected",
        "代收款",
        "Collected for others (water, electricity): never the property company's money",
    ),
    AccountStem(
        "liability:collected_penalties",
        "代收违约金",
        "Penalties on what is collected for others, where the contract asks for them",
    ),
    AccountStem("liability:refunds", "应退款", "Money that came too late or for nothing and goes back"),
)
"""The chart, as inserted by `books-002`."""

_SALE = (
    RuleLine("total", DEBIT, "assets:channel"),
    RuleLine("goods", CREDIT, "income:goods"),
    RuleLine("saving", DEBIT, "expense:promotions"),
    RuleLine("points", DEBIT, "expense:points"),
    RuleLine("points", CREDIT, "liability:points"),
)
_FEE = (
    RuleLine("total", DEBIT, "assets:channel"),
    RuleLine("principal", CREDIT, "liability:fees"),
    RuleLine("penalty", CREDIT, "liability:penalties"),
)
_COLLECTED = (
    RuleLine("total", DEBIT, "assets:channel"),
    RuleLine("principal", CREDIT, "liability:collected"),
    RuleLine("penalty", CREDIT, "liability:collected_penalties"),
)


def _turned(lines: tuple[RuleLine, ...]) -> tuple[RuleLine, ...]:
    """The same lines on the other sides: what takes a posting back."""
    return tuple(line._replace(side=-line.side) for line in lines)


RULES_001: tuple[PostingRule, ...] = (
    PostingRule(1, "sale", "Goods sold and paid", "SaleSettled", "order_id", ("total_fen",), _SALE),
    PostingRule(2, "sale_refund", "Goods taken back, all or in part", "", "", (), _turned(_SALE)),
    PostingRule(
        3,
        "fee",
        "Bills of the payee's own paid: property fee, parking",
        "BillPaid",
        "order_id",
        ("amount_fen", "penalty_fen"),
        _FEE,
    ),
    PostingRule(4, "fee_refund", "A fee given back", "", "", (), _turned(_FEE)),
    PostingRule(
        5,
        "points_earned",
        "Points granted without a sale",
        "",
        "",
        (),
        (RuleLine("points", DEBIT, "expense:points"), RuleLine("points", CREDIT, "liability:points")),
    ),
    PostingRule(
        6,
        "refund_due",
        "Money captured that settles nothing: late, or for an order that cannot be settled any more",
        "RefundRequested",
        "refund_id",
        ("amount_fen",),
        (RuleLine("total", DEBIT, "assets:channel"), RuleLine("total", CREDIT, "liability:refunds")),
    ),
)
"""Numbered by `books-001`."""

RULES_002: tuple[PostingRule, ...] = (
    PostingRule(
        7,
        "collected",
        "Bills collected for others paid: water, electricity, shared costs",
        "BillPaid",
        "order_id",
        ("amount_fen", "penalty_fen"),
        _COLLECTED,
    ),
    PostingRule(
        8, "collected_refund", "What was collected for others given back", "", "", (), _turned(_COLLECTED)
    ),
)
"""Numbered by `books-002`."""

RULES: Mapping[str, PostingRule] = {rule.name: rule for rule in (*RULES_001, *RULES_002)}
"""Every posting rule by its name."""
