"""docs/contract.md claims nothing that no test shows, and names nothing that is not there."""

import pytest

from tests.contract.checking import NUMBERS, faults
from tests.contract.clause import Clause, Function, State, absent, done, of, part, proofs
from tests.contract.clauses import CLAUSES, SECTIONS
from tests.contract.document import DOCUMENT, describe

SHOWN = of("homes/fees", "a_paid_bill_is_not_paid_again")
SOUND = done("Bills are paid", ("screen:fees", "edge journal verify"), SHOWN)


def test_the_contract_is_what_the_clauses_say() -> None:
    assert DOCUMENT.read_text() == describe(SECTIONS), "run: python -m tests.contract.document"


def test_every_claim_has_its_test_and_every_name_exists() -> None:
    assert faults(CLAUSES) == []


def planted(*functions: Function) -> list[str]:
    return faults([Clause("R3", "planted", functions)], ("R3",))


def test_a_sound_clause_has_no_faults() -> None:
    everywhere = ("phone:records", "counter:GET /doors", "kiosk:GET /gate/{door}/", "control:GET /books")
    more = (
        "platform:GET /phone",
        "event:DoorForced",
        "setting:door.held_open_s",
        "make demo",
        "edge demo --check",
    )
    assert planted(SOUND, part("So", "more", (*everywhere, *more), proofs("core")), absent("Nothing")) == []


NOWHERE = (
    *("screen:fee", "phone:cod", "counter:GET /door", "kiosk:GET /doors", "platform:POST /phone/api"),
    *("control:GET /", "event:DoorForce", "setting:door.held_open", "edge journal prove", "edge fly"),
    *("edge demo --chec", "make x", "fees"),
)


@pytest.mark.parametrize("place", NOWHERE)
def test_a_place_that_is_not_there_is_a_fault(place: str) -> None:
    assert planted(done("Bills are paid", (place,), SHOWN)) == [
        f"R3, 'Bills are paid': no such place: {place}"
    ]


@pytest.mark.parametrize(
    "test",
    [
        *of("homes/fees", "a_paid_bill_is_not"),
        *of("homes/fee", "a_paid_bill_is_not_paid_again"),
        *proofs("cor"),
    ],
)
def test_a_test_that_is_not_there_is_a_fault(test: str) -> None:
    assert planted(done("Bills are paid", ("screen:fees",), (test,))) == [
        f"R3, 'Bills are paid': no such test: {test}"
    ]


def test_a_claim_without_test_or_place_or_what_is_missing_is_a_fault() -> None:
    fees = ("screen:fees",)
    assert planted(done("A", fees)) == ["R3, 'A': done without a test"]
    assert planted(part("B", "more", fees)) == ["R3, 'B': part without a test"]
    assert planted(done("C", (), SHOWN)) == ["R3, 'C': done without a screen, route or command"]
    assert planted(part("D", "", fees, SHOWN)) == ["R3, 'D': part without what is missing"]
    assert planted(Function("E", State.DONE, fees, SHOWN, "more")) == ["R3, 'E': done, and something missing"]


def test_every_clause_stands_there_once() -> None:
    sound = [Clause(number, "sound", (SOUND,)) for number in NUMBERS]
    assert faults(sound) == []
    assert faults(sound[1:]) == ["R1: listed 0 times"]
    assert faults([*sound, sound[0]]) == ["R1: listed 2 times"]
    assert faults([*sound, Clause("Z1", "", (SOUND,))]) == ["Z1: no such clause"]
    assert faults([*sound[1:], Clause("R1", "empty", ())]) == ["R1: no functions"]


def test_a_changed_clause_makes_the_document_stale() -> None:
    changed = (("Other", (Clause("R3", "Fees", (SOUND,)),)), *SECTIONS[1:])
    assert describe(changed) != describe(SECTIONS)
