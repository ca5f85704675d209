"""Cases: opened once, closed by a named person, by themselves only when the difference is gone."""

import pytest

from edge.errors import Refusal
from edge.settlement.cases import Case, CaseCount, close_case, closed_cases, note_match, open_cases
from edge.settlement.match import BillLine, DayMatch, Own, PlatformLine
from edge.store.inline import InlineStore
from tests.fakes.clock import FakeClock
from tests.fakes.trade import events_of, open_store
from tests.settlement.test_match import billed, known, match, own

WORDS = "问过微信，已退"


@pytest.fixture
def store() -> InlineStore:
    return open_store(FakeClock())


def note(store: InlineStore, found: DayMatch) -> CaseCount:
    return store.run_now(lambda unit: note_match(unit, found))


def differing(
    here: tuple[Own, ...] = (), bill: tuple[BillLine, ...] = (), platform: tuple[PlatformLine, ...] = ()
) -> DayMatch:
    return match(list(here), list(bill), list(platform))


MISSING = differing((own(),), (), (known(),))
AGREED = differing((own(),), (billed(),), (known(),))
OTHER_SUM = differing((own(),), (billed(yuan="12.81"),), (known(),))


def close(store: InlineStore, case: Case, reason: str = "channel_mistake", words: str = WORDS) -> Case:
    return store.run_now(lambda unit: close_case(unit, case.id, staff="k1-1-2", reason=reason, note=words))


def test_a_difference_opens_one_case_however_often_it_is_matched(store: InlineStore) -> None:
    assert note(store, MISSING).opened == 1
    assert note(store, MISSING) == CaseCount()
    assert len(open_cases(store.connection)) == 1
    assert len(events_of(store, "CaseOpened")) == 1
    assert len(events_of(store, "DayMatched")) == 1


def test_a_case_closes_by_itself_only_when_the_difference_has_vanished(store: InlineStore) -> None:
    note(store, MISSING)
    assert note(store, AGREED).vanished == 1
    assert open_cases(store.connection) == ()
    (case,) = closed_cases(store.connection)
    assert (case.closed_by, case.reason) == ("match", "vanished")
    assert [event["reason"] for event in events_of(store, "CaseClosed")] == ["vanished"]


def test_a_line_that_is_no_longer_on_any_side_has_vanished(store: InlineStore) -> None:
    note(store, differing(bill=(billed("w-1"),)))
    assert note(store, differing()).vanished == 1


def test_the_match_of_another_day_leaves_a_case_alone(store: InlineStore) -> None:
    note(store, MISSING)
    other = DayMatch(**{name: getattr(AGREED, name) for name in AGREED.__struct_fields__} | {"agreed": ()})
    elsewhere = DayMatch(
        **{name: getattr(other, name) for name in other.__struct_fields__} | {"date": "2026-11-20"}
    )
    assert note(store, elsewhere).vanished == 0
    assert len(open_cases(store.connection)) == 1


def test_the_same_number_on_the_bills_of_two_payees_is_a_case_of_each(store: InlineStore) -> None:
    foreign = differing(bill=(billed("x-1"),))
    note(store, foreign)
    other = DayMatch(
        **{name: getattr(foreign, name) for name in foreign.__struct_fields__} | {"payee": "water"}
    )
    assert note(store, other).opened == 1
    assert sorted(case.payee for case in open_cases(store.connection)) == sorted([foreign.payee, "water"])
    assert note(store, differing()).vanished == 1
    assert [case.payee for case in open_cases(store.connection)] == ["water"]


def test_a_case_that_looks_different_now_is_changed_not_doubled(store: InlineStore) -> None:
    note(store, MISSING)
    assert note(store, OTHER_SUM).changed == 1
    (case,) = open_cases(store.connection)
    assert (case.kind, case.channel_fen) == ("amount_differs", 1281)
    assert [event["kind"] for event in events_of(store, "CaseChanged")] == ["amount_differs"]


def test_a_person_closes_with_a_reason_and_words(store: InlineStore) -> None:
    note(store, MISSING)
    closed = close(store, open_cases(store.connection)[0])
    assert (closed.closed_by, closed.reason, closed.note) == ("k1-1-2", "channel_mistake", WORDS)
    (event,) = events_of(store, "CaseClosed")
    assert event["case_id"] == closed.id and len(event["note"]) == 64
    assert WORDS not in str(event)


def test_what_a_person_closed_stays_closed_until_it_looks_different(store: InlineStore) -> None:
    note(store, MISSING)
    close(store, open_cases(store.connection)[0])
    assert note(store, MISSING).opened == 0
    assert note(store, OTHER_SUM).opened == 1


def test_a_difference_that_came_back_after_it_vanished_is_a_case_again(store: InlineStore) -> None:
    for found, opened in ((MISSING, 1), (AGREED, 0), (MISSING, 1)):
        assert note(store, found).opened == opened
    assert len(closed_cases(store.connection)) == len(open_cases(store.connection)) == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [("", WORDS), ("vanished", WORDS), ("because", WORDS), ("written_off", ""), ("written_off", " x  ")],
)
def test_without_a_reason_and_words_nobody_closes(store: InlineStore, reason: str, words: str) -> None:
    note(store, MISSING)
    with pytest.raises(Refusal, match="case_reason_missing"):
        close(store, open_cases(store.connection)[0], reason, words)
    assert len(open_cases(store.connection)) == 1


def test_a_closed_case_is_not_closed_again(store: InlineStore) -> None:
    note(store, MISSING)
    case = open_cases(store.connection)[0]
    close(store, case)
    with pytest.raises(Refusal, match="case_already_closed"):
        close(store, case)
    with pytest.raises(Refusal, match="case_unknown"):
        store.run_now(lambda unit: close_case(unit, "k1-1-999", staff="s", reason="written_off", note=WORDS))


def test_a_payment_found_on_the_next_bill_ends_the_case_of_its_own_day(store: InlineStore) -> None:
    early = differing((own(),), (), ())
    note(store, early)
    moved = match([own(date="2026-11-20")], [billed()], [known()])
    assert note(store, moved).vanished == 1
