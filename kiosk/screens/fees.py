"""Bills: grouped by payee, a payment never mixes two; what is collected for others stands apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from edge.errors import Refusal
from edge.money import format_yuan
from kiosk.bill_words import MONTHS_EN, dated_name
from kiosk.desks.money_views import AccountKind
from kiosk.desks.views import Bill
from kiosk.layout import page_count
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.chart import year_chart
from kiosk.screens.paying import begin_payment
from kiosk.visit import Fees, PartPayment
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill with its words."""

    bill: Bill
    name: Text
    hint: Text


@dataclass(frozen=True, slots=True)
class BillGroup:
    """Bills of one payee."""

    payee: Text
    for_others: bool
    rows: tuple[BillRow, ...]


def bill_row(bill: Bill) -> BillRow:
    """What a bill is called and what is to be known about its date."""
    return BillRow(bill, dated_name(bill.item, bill.period), _hint(bill))


def _hint(bill: Bill) -> Text:
    if bill.paid_fen and bill.state == "open":
        return Text("付过一部分，共 {yuan} 元", "Paid in part, {yuan} yuan in all").fill(
            yuan=format_yuan(bill.amount_fen)
        )
    month, day = (int(part) for part in bill.due_on.split("-")[1:])
    if bill.penalty_fen:
        return Text(
            "过期 {days} 天，含违约金 {yuan} 元", "{days} days late, with a penalty of {yuan} yuan"
        ).fill(days=bill.overdue_days, yuan=format_yuan(bill.penalty_fen))
    if bill.overdue_days:
        return Text("过期 {days} 天，没有违约金", "{days} days late, no penalty").fill(days=bill.overdue_days)
    return Text("{month}月{day}日前缴，没有违约金", "Due by {day} {en}, no penalty").fill(
        month=month, day=day, en=MONTHS_EN[month - 1]
    )


def group_bills(bills: tuple[Bill, ...]) -> tuple[BillGroup, ...]:
    """Bills of one payee together, in the order they come."""
    groups = []
    for _, members in groupby(bills, key=lambda bill: (bill.for_others, bill.payee)):
        same = tuple(members)
        groups.append(
            BillGroup(same[0].payee_name, same[0].for_others, tuple(bill_row(bill) for bill in same))
        )
    return tuple(groups)


def age_words(as_of_ms: int | None, now_ms: int) -> Text | None:
    """How old the copy of the bills is."""
    if as_of_ms is None:
        return None
    minutes = max(0, now_ms - as_of_ms) // 60_000
    if minutes < 2:
        return Text("账单数据刚更新", "Bills updated just now")
    if minutes < 120:
        return Text("账单数据 {n} 分钟前更新", "Bills updated {n} min ago").fill(n=minutes)
    return Text("账单数据 {n} 小时前更新", "Bills updated {n} hours ago").fill(n=minutes // 60)


class FeesScreen(Screen):
    """Bills of the identified room. Without a resident code it leads to identification."""

    name = "fees"
    template = "fees.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {
            "choose": _choose,
            "pay": _pay,
            "part": _part,
            "points": _pay_with_points,
        }

    async def enter(self, session: "Session") -> None:
        """Read the bills; the company's own unpaid ones are chosen beforehand."""
        visit = session.visit
        if visit.resident is None:
            visit.wanted, visit.screen = "fees", "identify"
            return
        account = await session.desks.home.account(visit.resident.room)
        kept = visit.fees.chosen if visit.fees else None
        books = await session.desks.accounts.books(visit.resident, "points")
        visit.fees = Fees(account, points_fen=max(0, books[0].balance_fen) if books else 0)
        ids = {bill.id for bill in account.open}
        if kept is not None:
            visit.fees.chosen = kept & ids
        elif account.open and not account.open[0].for_others:
            first = account.open[0].payee
            visit.fees.chosen = {
                bill.id for bill in account.open if bill.payee == first and not bill.for_others
            }

    def view(self, session: "Session") -> dict[str, object]:
        """One page of bills in groups, the year as a chart."""
        visit, fees = session.visit, session.visit.fees
        if fees is None:
            return {}
        size = session.rows("bills_points" if fees.points_fen else "bills")
        account = fees.account
        pages = page_count(len(account.open), size)
        visit.page = min(visit.page, pages - 1)
        shown = account.open[visit.page * size : (visit.page + 1) * size]
        chosen = [bill for bill in account.open if bill.id in fees.chosen]
        own_fen = sum(bill.to_pay_fen for bill in chosen if not bill.for_others)
        return {
            "account": account,
            "points_fen": fees.points_fen,
            "offset_fen": min(fees.points_fen, own_fen),
            "may_part": any(bill.part_allowed for bill in chosen),
            "open_fen": sum(bill.to_pay_fen for bill in account.open),
            "groups": group_bills(shown),
            "chosen": fees.chosen,
            "chosen_fen": sum(bill.to_pay_fen for bill in chosen),
            "as_of": age_words(account.as_of_ms, session.now_ms),
            "page": visit.page,
            "pages": pages,
            "chart": year_chart(account.open + account.settled, visit.language),
        }


class SettledScreen(Screen):
    """Bills already paid, and those that wait for the platform to book them; a tap shows the receipt."""

    name = "settled"
    template = "settled.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {"receipt": _receipt_again}

    def view(self, session: "Session") -> dict[str, object]:
        """One page of paid bills."""
        bills = session.visit.fees.account.settled if session.visit.fees else ()
        size = session.rows("settled")
        pages = page_count(len(bills), size)
        session.visit.page = min(session.visit.page, pages - 1)
        start = session.visit.page * size
        return {
            "rows": [bill_row(bill) for bill in bills[start : start + size]],
            "page": session.visit.page,
            "pages": pages,
        }


async def _choose(session: "Session", value: str) -> None:
    fees = session.visit.fees
    bill = next((bill for bill in fees.account.open if bill.id == value), None) if fees else None
    if fees is None or bill is None:
        return
    if value in fees.chosen:
        fees.chosen = fees.chosen - {value}
        return
    payees = {other.payee for other in fees.account.open if other.id in fees.chosen}
    if payees - {bill.payee}:
        fees.chosen = {value}
        session.say(
            Text("一次只能付给一家，已换成这张", "One payee at a time; this bill is chosen now"), icon="bill"
        )
    else:
        fees.chosen = fees.chosen | {value}


def _chosen(session: "Session") -> list[Bill]:
    fees = session.visit.fees
    return [] if fees is None else [bill for bill in fees.account.open if bill.id in fees.chosen]


async def _pay(session: "Session", value: str) -> None:
    del value
    await _place(session, None)


async def _pay_with_points(session: "Session", value: str) -> None:
    """用积分抵 in one touch: the chosen bills, points first, the rest by phone."""
    del value
    if session.visit.fees is not None and session.visit.fees.points_fen > 0:
        await _place(session, "points")


async def _place(session: "Session", using: AccountKind | None) -> None:
    visit, chosen = session.visit, _chosen(session)
    if visit.resident is None or not chosen:
        return
    total_fen = sum(bill.to_pay_fen for bill in chosen)
    try:
        order = await session.desks.till.place_bills(
            tuple(bill.id for bill in chosen), visit.resident, total_fen
        )
    except Refusal:
        # One of them was paid meanwhile, perhaps: behind the words stands the list as it is now.
        await session.screen.enter(session)
        raise
    await begin_payment(session, order, origin="fees", using=using)


async def _part(session: "Session", value: str) -> None:
    """Type a sum; where only some of the chosen bills may be paid in part, the desk says which may not."""
    del value
    chosen = _chosen(session)
    if any(bill.part_allowed for bill in chosen):
        total_fen = sum(bill.to_pay_fen for bill in chosen)
        session.visit.part = PartPayment(tuple(bill.id for bill in chosen), total_fen)
        await session.show("fee_part")


async def _receipt_again(session: "Session", value: str) -> None:
    """One more copy 补打 of the receipt of a bill that was paid here."""
    visit = session.visit
    if visit.resident is None or visit.fees is None:
        return
    if value in {bill.id for bill in visit.fees.account.settled}:
        visit.receipt = await session.desks.fees.receipt_again(value, visit.resident)
        visit.receipt_page = 0
        await session.show("receipt")
