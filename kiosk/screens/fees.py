"""Bills: grouped by payee, a payment never mixes two; what is collected for others stands apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from kiosk.desks.views import Bill
from kiosk.layout import page_count
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.chart import year_chart
from kiosk.screens.paying import begin_payment
from kiosk.visit import Fees
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

ITEMS: dict[str, Text] = {
    "property_fee": Text("物业费", "Property fee"),
    "water": Text("水费", "Water"),
    "electricity": Text("电费", "Electricity"),
    "parking": Text("停车费", "Parking"),
    "shared": Text("公摊", "Shared costs"),
}
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOUR_MS = 3_600_000


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
    year, month = bill.period.split("-")[:2]
    name = ITEMS.get(bill.item, Text(bill.item, bill.item))
    dated = Text("{name} {month}月", "{name} {en} {year}").fill(
        name=name, month=int(month), en=MONTHS_EN[int(month) - 1], year=year
    )
    return BillRow(bill, dated, _hint(bill))


def _hint(bill: Bill) -> Text:
    month, day = (int(part) for part in bill.due_on.split("-")[1:])
    if bill.penalty_fen:
        return Text(
            "过期 {days} 天，含违约金 {yuan} 元", "{days} days late, with a penalty of {yuan} yuan"
        ).fill(days=bill.overdue_days, yuan=f"{bill.penalty_fen / 100:.2f}")
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
        self.gestures: Mapping[str, Gesture] = {"choose": _choose, "pay": _pay}

    async def enter(self, session: "Session") -> None:
        """Read the bills; the company's own unpaid ones are chosen beforehand."""
        visit = session.visit
        if visit.resident is None:
            visit.wanted, visit.screen = "fees", "identify"
            return
        account = await session.desks.home.account(visit.resident.room)
        kept = visit.fees.chosen if visit.fees else None
        visit.fees = Fees(account)
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
        visit, fees, size = session.visit, session.visit.fees, session.rows("bills")
        if fees is None:
            return {}
        account = fees.account
        pages = page_count(len(account.open), size)
        visit.page = min(visit.page, pages - 1)
        shown = account.open[visit.page * size : (visit.page + 1) * size]
        return {
            "account": account,
            "open_fen": sum(bill.to_pay_fen for bill in account.open),
            "groups": group_bills(shown),
            "chosen": fees.chosen,
            "chosen_fen": sum(bill.to_pay_fen for bill in account.open if bill.id in fees.chosen),
            "as_of": age_words(account.as_of_ms, session.now_ms),
            "page": visit.page,
            "pages": pages,
            "chart": year_chart(account.open + account.settled, visit.language),
        }


class SettledScreen(Screen):
    """Bills already paid, and those that wait for the platform to book them."""

    name = "settled"
    template = "settled.html"
    timeout_s = 90

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


async def _pay(session: "Session", value: str) -> None:
    del value
    visit = session.visit
    if visit.fees is None or visit.resident is None or not visit.fees.chosen:
        return
    chosen = [bill for bill in visit.fees.account.open if bill.id in visit.fees.chosen]
    order = await session.desks.till.place_bills(
        tuple(bill.id for bill in chosen), visit.resident, sum(bill.to_pay_fen for bill in chosen)
    )
    await begin_payment(session, order, origin="fees")
