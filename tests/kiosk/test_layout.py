"""Rows and pages: what does not fit is on another page, never hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.desks.views import Bill
from kiosk.layout import ROWS, layout_of, page_count, rows
from kiosk.screens.chart import year_chart
from kiosk.screens.fees import age_words, group_bills
from tests.fakes.kiosk_desks import a_year_of_bills
from tests.fakes.kiosk_stand import Stand


@pytest.mark.parametrize(
    ("width", "height", "layout"),
    [(1080, 1920, "portrait"), (1920, 1080, "landscape"), (1280, 800, "short"), (800, 800, "portrait")],
)
def test_a_screen_of_a_size_gets_its_layout(width: int, height: int, layout: str) -> None:
    assert layout_of(width, height) == layout


@given(st.integers(0, 500), st.sampled_from(sorted(ROWS)), st.booleans())
def test_every_row_is_on_some_page(count: int, name: str, tight: bool) -> None:
    size = rows(name, "short", tight=tight)
    assert (page_count(count, size) - 1) * size < max(1, count) <= max(1, page_count(count, size) * size)


async def test_every_basket_line_can_be_reached_by_paging() -> None:
    stand = Stand()
    skus = ["soy", "milk", "noodle", "orange", "rice", "oil", "tissue", "yogurt", "eggs"]
    await stand.do("touch", "open=shop", *(f"add={sku}" for sku in skus))
    seen: list[str] = []
    for _ in range(3):
        view = stand.session.screen.view(stand.session)
        lines = view["lines"]
        assert isinstance(lines, tuple)
        seen += [line.product.sku for line in lines]
        await stand.do("lines=next")
    assert sorted(set(seen)) == sorted(skus)
    await stand.do("lines=next", "lines=next")
    last = stand.session.screen.view(stand.session)["lines"]
    assert last, "paging past the end stays on the last page"


def test_bills_of_one_payee_stand_together() -> None:
    groups = group_bills(a_year_of_bills().open)
    assert [group.for_others for group in groups] == [False, True]
    assert [len(group.rows) for group in groups] == [1, 2]


def test_a_late_bill_says_its_days_and_its_penalty() -> None:
    late = Bill(
        id="x",
        item="property_fee",
        period="2026-10",
        due_on="2026-10-31",
        payee="p",
        payee_name=a_year_of_bills().open[0].payee_name,
        open_fen=26880,
        penalty_fen=97,
        amount_fen=26880,
        for_others=False,
        overdue_days=12,
    )
    hint = group_bills((late,))[0].rows[0].hint
    assert hint.zh == "过期 12 天，含违约金 0.97 元"
    assert late.to_pay_fen == 26977


def test_the_chart_has_twelve_months_and_outlines_what_is_owed() -> None:
    account = a_year_of_bills()
    chart = year_chart(account.open + account.settled, "zh")
    assert chart is not None
    assert len(chart.months) == 12
    assert sum(bar.kind == "due" for bar in chart.bars) == 3
    assert all(bar.y >= 40 and bar.y + bar.height <= 281 for bar in chart.bars)
    assert year_chart(account.open[:1], "en") is None


def test_how_old_the_bills_are_is_said() -> None:
    assert age_words(None, 0) is None
    recent, older = age_words(0, 600_000), age_words(0, 8 * 3_600_000)
    assert recent is not None and "10 分钟前" in recent.zh
    assert older is not None and "8 hours" in older.en
