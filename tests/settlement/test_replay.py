"""Shifts that are read back from custody after a restore are as they were."""

from edge.settlement.shifts import close_shift, current_shift, open_shift
from edge.store.facts import get_fact
from tests.fakes.clock import FakeClock
from tests.fakes.read_back import copy_of, left_out, read_back, tables_of
from tests.fakes.trade import open_store


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
