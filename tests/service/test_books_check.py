from edge.service.books_check import note_books
from edge.service.schema import MIGRATIONS as SERVICE
from edge.store.inline import InlineStore
from edge.store.schema import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.fakes.trade import events_of


def test_a_difference_is_one_alarm_until_the_books_hold_again() -> None:
    store = InlineStore.in_memory(clock=FakeClock(), migrations=(*MIGRATIONS, *SERVICE))
    assert not store.run_now(lambda unit: note_books(unit, ["kept 1.00, its postings sum to 0.99"]))
    assert not store.run_now(lambda unit: note_books(unit, ["kept 1.00, its postings sum to 0.99"]))
    (raised,) = events_of(store, "AlarmRaised")
    assert (raised["kind"], raised["source"]) == ("books_differ", "books")
    assert store.run_now(lambda unit: note_books(unit, []))
    assert len(events_of(store, "AlarmCleared")) == 1
    store.close()
