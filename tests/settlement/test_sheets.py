"""Matches and cases as files for a spreadsheet."""

from edge.settlement.cases import close_case, closed_cases, note_match, open_cases
from edge.settlement.sheets import cases_csv
from tests.fakes.clock import FakeClock
from tests.fakes.trade import open_store
from tests.settlement.test_match import billed, known, match, own


def test_a_persons_words_are_never_a_formula() -> None:
    store = open_store(FakeClock())
    store.run_now(lambda unit: note_match(unit, match([own()], [billed(yuan="12.81")], [known()])))
    (case,) = open_cases(store.connection)
    words = "=HYPERLINK(1)"
    store.run_now(lambda unit: close_case(unit, case.id, staff="k1-1-2", reason="written_off", note=words))
    line = cases_csv(closed_cases(store.connection)).splitlines()[1]
    assert line.endswith(f",written_off,'{words}")
    assert "12.80,12.81,12.80,2026-11-22 10:00:00,2026-11-22 10:00:00" in line
