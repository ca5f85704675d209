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


class Told(NamedTuple):
    """How the journal tells of a rule's sets: the sum of `amounts` over all `events` of a `source`.

    With `parts` the amounts, and the source unless the event has it, are of that list's items of `kinds`.
    """

    events: tuple[str, ...]
    source: str
    amounts: tuple[str, ...] = ("amount_fen",)
    parts: str = ""
    kinds: tuple[str, ...] = ()


class PostingRule(NamedTuple):
    """What a business event posts.

    `told` says which journal event is written with the postings, None for a rule that is held against none.
    Rules may share it: each source is then posted by one of them. What it tells is what the lines of the
    roles `paid` hold, by default the first line.
    """

    number: int
    name: str
    meaning: str
    told: Told | None
    lines: tuple[RuleLine, ...]
    paid: tuple[str, ...] = ()

    @property
    def paid_lines(self) -> tuple[int, ...]:
        """Numbers of the lines whose sum the event tells."""
        return tuple(n for n, line in enumerate(self.lines, 1) if line.role in self.paid) or (1,)


CHART_002: tuple[AccountStem, ...] = (
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
"""What `books-002` inserts."""

CHART_003: tuple[AccountStem, ...] = (
    AccountStem(
        "assets:tenders",
        "应收抵扣款",
        "What issuers of points, wallets and prepaid fees owe this payee for what was paid with them here",
    ),
    AccountStem(
        "assets:receivable",
        "应收货款",
        "Goods that a supervisor released before the outcome of their payment was known",
    ),
    AccountStem(
        "liability:tenders",
        "应付抵扣款",
        "What this issuer owes payees for points, wallet money and prepaid fees that were spent with them",
    ),
    AccountStem("liability:wallet", "储值余额", "Wallet money 储值 of residents at this issuer"),
    AccountStem("liability:prepaid", "预存物业费", "Property fee that residents prepaid 预存 to this issuer"),
)
"""What `books-003` inserts."""

CHART: tuple[AccountStem, ...] = (*CHART_002, *CHART_003)
"""Every kind of account. A device's books hold what that device did: a liability that was made elsewhere and
spent here is in debit here."""

_PAID = ("total", "tenders", "receivable")
_GOODS = (
    RuleLine("goods", CREDIT, "income:goods"),
    RuleLine("saving", DEBIT, "expense:promotions"),
    RuleLine("points", DEBIT, "expense:points"),
    RuleLine("points", CREDIT, "liability:points"),
)
_SALE = (
    RuleLine("total", DEBIT, "assets:channel"),
    *_GOODS,
    RuleLine("tenders", DEBIT, "assets:tenders"),
    RuleLine("receivable", DEBIT, "assets:receivable"),
)
_SALE_REFUND = (
    RuleLine("total", CREDIT, "liability:refunds"),
    RuleLine("goods", DEBIT, "income:goods"),
    RuleLine("saving", CREDIT, "expense:promotions"),
    RuleLine("points", CREDIT, "expense:points"),
    RuleLine("points_back", DEBIT, "liability:points"),
)


def _bills(principal: str, penalty: str) -> tuple[RuleLine, ...]:
    """Money in for bills."""
    return (
        RuleLine("total", DEBIT, "assets:channel"),
        RuleLine("principal", CREDIT, principal),
        RuleLine("penalty", CREDIT, penalty),
        RuleLine("tenders", DEBIT, "assets:tenders"),
    )


def _bills_back(principal: str, penalty: str) -> tuple[RuleLine, ...]:
    """Money that has to go back for bills."""
    return (
        RuleLine("total", CREDIT, "liability:refunds"),
        RuleLine("principal", DEBIT, principal),
        RuleLine("penalty", DEBIT, penalty),
    )


def _moved(debit: str, credit: str) -> tuple[RuleLine, ...]:
    """One amount from one account to another."""
    return (RuleLine("total", DEBIT, debit), RuleLine("total", CREDIT, credit))


_BILL_PAID = Told(("BillPaid",), "order_id", ("amount_fen", "penalty_fen"))
_REFUND_DUE = Told(("RefundRequested",), "refund_id")
_TENDERED = Told(("RefundRequested",), "part_id", parts="parts", kinds=("points", "prepaid_fee", "wallet"))


def _spent(kind: str) -> Told:
    """What an account of a kind paid in an attempt."""
    return Told(("SaleSettled", "BillPaid"), "attempt_id", parts="tenders", kinds=(kind,))


RULES_001: tuple[PostingRule, ...] = (
    PostingRule(
        1,
        "sale",
        "Goods sold: `total` is what the channel captured, beside points and wallet, or a release",
        Told(("SaleSettled",), "order_id", ("total_fen",)),
        _SALE,
        _PAID,
    ),
    PostingRule(
        2,
        "sale_refund",
        "Goods taken back, all or in part: `points_back` can be less than the points they earned, where the"
        " refund shrinks by what was spent of them",
        _REFUND_DUE,
        _SALE_REFUND,
    ),
    PostingRule(
        3,
        "fee",
        "Bills of the payee's own paid: property fee, parking",
        _BILL_PAID,
        _bills("liability:fees", "liability:penalties"),
        _PAID,
    ),
    PostingRule(
        4,
        "fee_refund",
        "A fee given back",
        _REFUND_DUE,
        _bills_back("liability:fees", "liability:penalties"),
    ),
    PostingRule(
        5,
        "points_earned",
        "Points granted without a sale",
        None,
        (RuleLine("points", DEBIT, "expense:points"), RuleLine("points", CREDIT, "liability:points")),
    ),
    PostingRule(
        6,
        "refund_due",
        "Money captured that settles nothing: late, or for an order that cannot be settled any more",
        _REFUND_DUE,
        _moved("assets:channel", "liability:refunds"),
    ),
)
"""Numbered by `books-001`."""

RULES_002: tuple[PostingRule, ...] = (
    PostingRule(
        7,
        "collected",
        "Bills collected for others paid: water, electricity, shared costs",
        _BILL_PAID,
        _bills("liability:collected", "liability:collected_penalties"),
        _PAID,
    ),
    PostingRule(
        8,
        "collected_refund",
        "What was collected for others given back",
        _REFUND_DUE,
        _bills_back("liability:collected", "liability:collected_penalties"),
    ),
)
"""Numbered by `books-002`."""

RULES_003: tuple[PostingRule, ...] = (
    PostingRule(
        9,
        "refund_paid",
        "The channel's part of a refund has gone back",
        Told(("RefundPaid",), "part_id"),
        _moved("liability:refunds", "assets:channel"),
    ),
    PostingRule(
        10,
        "refund_tendered",
        "A part of a refund goes back to points, a wallet or a prepaid fee; in the payee's books",
        _TENDERED,
        _moved("liability:refunds", "assets:tenders"),
    ),
    PostingRule(
        11,
        "points_spent",
        "Points paid with; in the books of their issuer",
        _spent("points"),
        _moved("liability:points", "liability:tenders"),
    ),
    PostingRule(
        12,
        "wallet_spent",
        "Wallet money paid with; in the books of its issuer",
        _spent("wallet"),
        _moved("liability:wallet", "liability:tenders"),
    ),
    PostingRule(
        13,
        "prepaid_fee_spent",
        "Prepaid property fee paid with; in the books of its issuer",
        _spent("prepaid_fee"),
        _moved("liability:prepaid", "liability:tenders"),
    ),
    PostingRule(
        14,
        "points_refunded",
        "Points given back; in the books of their issuer",
        _TENDERED._replace(kinds=("points",)),
        _moved("liability:tenders", "liability:points"),
    ),
    PostingRule(
        15,
        "wallet_refunded",
        "Wallet money given back; in the books of its issuer",
        _TENDERED._replace(kinds=("wallet",)),
        _moved("liability:tenders", "liability:wallet"),
    ),
    PostingRule(
        16,
        "prepaid_fee_refunded",
        "Prepaid property fee given back; in the books of its issuer",
        _TENDERED._replace(kinds=("prepaid_fee",)),
        _moved("liability:tenders", "liability:prepaid"),
    ),
    PostingRule(
        17,
        "top_up",
        "Money added to a wallet or a prepaid fee",
        Told(("TopUpSettled",), "order_id"),
        (
            RuleLine("total", DEBIT, "assets:channel"),
            RuleLine("wallet", CREDIT, "liability:wallet"),
            RuleLine("prepaid_fee", CREDIT, "liability:prepaid"),
        ),
    ),
    PostingRule(
        18,
        "receivable_paid",
        "The payment of released goods turned out to be made",
        None,
        _moved("assets:channel", "assets:receivable"),
    ),
    PostingRule(
        19,
        "fee_credited",
        "A bill paid twice: what came second becomes prepaid fee, by the payer's choice",
        Told(("BillCredited",), "credit_id"),
        (
            RuleLine("total", CREDIT, "liability:prepaid"),
            RuleLine("principal", DEBIT, "liability:fees"),
            RuleLine("penalty", DEBIT, "liability:penalties"),
        ),
    ),
)
"""Numbered by `books-003`."""

RULES: Mapping[str, PostingRule] = {rule.name: rule for rule in (*RULES_001, *RULES_002, *RULES_003)}
"""Every posting rule by its name."""
