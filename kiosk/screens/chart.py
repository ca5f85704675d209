"""The year as a chart: twelve months, stacked by item, dashed red outline = owed."""

from collections import defaultdict
from dataclasses import dataclass

from kiosk.desks.views import Bill
from kiosk.words import Language, Text

ITEM_CLASSES = {"property_fee": "b1", "parking": "b4", "water": "b2", "shared": "b3", "electricity": "b5"}
ITEM_NAMES = {
    "property_fee": Text("物业费", "Property fee"),
    "parking": Text("停车费", "Parking"),
    "water": Text("水费", "Water"),
    "shared": Text("公摊", "Shared"),
    "electricity": Text("电费", "Electricity"),
}
BASE_Y, TALLEST = 280, 236
FIRST_X, STEP_X = 68, 75


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a month's stack; kind: colour class, or due."""

    kind: str
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing, and the sentence that says the same."""

    bars: tuple[Bar, ...]
    months: tuple[tuple[int, str], ...]
    lines: tuple[tuple[int, str], ...]
    legend: tuple[tuple[str, str], ...]
    label: str


def year_chart(bills: tuple[Bill, ...], language: Language) -> Chart | None:
    """The last twelve months that have bills; None when there are fewer than three."""
    by_month: dict[str, list[Bill]] = defaultdict(list)
    for bill in bills:
        by_month[bill.period[:7]].append(bill)
    months = sorted(by_month)[-12:]
    if len(months) < 3:
        return None
    tallest_fen = max(sum(_sum(bill) for bill in by_month[month]) for month in months)
    scale = TALLEST / max(1, tallest_fen)
    bars: list[Bar] = []
    for place, month in enumerate(months):
        bars += _stack(by_month[month], FIRST_X + place * STEP_X, scale)
    seen = {bill.item for month in months for bill in by_month[month]}
    legend = [(css, ITEM_NAMES[item].say(language)) for item, css in ITEM_CLASSES.items() if item in seen]
    legend.append(("due", Text("没缴", "Unpaid").say(language)))
    owed = [month for month in months if any(bill.state == "open" for bill in by_month[month])]
    return Chart(
        bars=tuple(bars),
        months=tuple(
            (FIRST_X + place * STEP_X + 26, _month_words(month, place, len(months), language))
            for place, month in enumerate(months)
        ),
        lines=tuple((round(BASE_Y - yuan * 100 * scale), str(yuan)) for yuan in _ticks(tallest_fen)),
        legend=tuple(legend),
        label=Text(
            "最近 {n} 个月每月的账单，最多 {most} 元；没缴的月份：{owed}",
            "Bills of the last {n} months, {most} yuan at most; months unpaid: {owed}",
        ).say(language, n=len(months), most=f"{tallest_fen / 100:.2f}", owed=", ".join(owed) or "0"),
    )


def _stack(bills: list[Bill], x: int, scale: float) -> list[Bar]:
    y, bars = float(BASE_Y), []
    for bill in sorted(
        bills, key=lambda bill: list(ITEM_CLASSES).index(bill.item) if bill.item in ITEM_CLASSES else 9
    ):
        height = max(6.0, _sum(bill) * scale)
        y -= height
        owed = bill.state == "open"
        inset = 2 if owed else 0
        kind = "due" if owed else ITEM_CLASSES.get(bill.item, "b5")
        bars.append(Bar(kind, x, round(y + inset, 1), round(height - 2 - 2 * inset, 1)))
    return bars


def _sum(bill: Bill) -> int:
    return bill.open_fen if bill.state == "open" else bill.amount_fen


def _ticks(tallest_fen: int) -> tuple[int, ...]:
    """One or two round sums in yuan for the axis."""
    yuan = tallest_fen // 100
    step = next((size for size in (1000, 500, 200, 100, 50, 20, 10) if size <= yuan * 0.6), 5)
    return tuple(mark for mark in (step, 2 * step) if mark <= yuan)


def _month_words(month: str, place: int, count: int, language: Language) -> str:
    number = str(int(month[5:]))
    return f"{number}月" if language == "zh" and place in (0, count - 1) else number
