"""Shifts and cases that are read back from custody after a restore are as they were."""

import pytest

from edge.settlement.cases import CaseCount, open_cases
from edge.settlement.shifts import close_shift, current_shift, open_shift
from edge.store.facts import get_fact
from tests.fakes.clock import FakeClock
from tests.fakes.read_back import copy_of, left_out, read_back, tables_of
from tests.fakes.trade import open_store
from tests.settlement.test_cases import AGREED, MISSING, OTHER_SUM, close, note


def test_the_shift_that_was_open_is_open_and_the_one_that_was_closed_is_closed() -> None:
    store = open_store(FakeClock())
    empty = copy_of(store)
    store.run_now(lambda unit: open_shift(unit, actor="clerk", business_date="2026-11-20"))
    opened = copy_of(store)
    store.run_now(lambda unit: close_shift(unit, actor="clerk"))
    second = store.run_now(lambda unit: open_shift(unit, actor="lead", business_date="2026-11-23"))
    for copy in (empty, opened):
        read_back(store, copy)
        assert left_out(copy) == 0
        assert copy.read_now(current_shift) == second
        assert get_fact(copy.connection, "shift_date") == "2026-11-23"
        assert tables_of(copy, "shifts") == tables_of(store, "shifts")


@pytest.mark.parametrize("end", ["", "channel_mistake", "vanished"])
def test_cases_are_as_people_left_them_and_the_day_matched_again_opens_none(end: str) -> None:
    store = open_store(FakeClock())
    note(store, MISSING)
    copies = [copy_of(open_store(FakeClock())), copy_of(store)]
    note(store, OTHER_SUM)
    if end == "vanished":
        note(store, AGREED)
    elif end:
        close(store, open_cases(store.connection)[0], end)
    for copy in copies:
        read_back(store, copy)
        assert left_out(copy) == 0
        query = (
            "SELECT id, date, payee, line, subject, kind, order_id, here_fen, channel_fen, platform_fen,"
            " opened_at_ms, changed_at_ms, closed_at_ms, closed_by, reason FROM cases"
        )
        assert tables_of(copy, query) == tables_of(store, query)
        copy.run_now(lambda unit: unit.begin_epoch("restored"))
        assert note(copy, AGREED if end == "vanished" else OTHER_SUM) == CaseCount()
