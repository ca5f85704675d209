"""The live line over plain evidence: what is on its way, away, cut or late is never red, and never green."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.demo.stage.checking import LOOKS, ON_ITS_WAY_MS, STUCK_MS, Circumstances, Suspicion
from edge.demo.stage.collecting import Hub, Look, mark_late, permits_of, without_outages
from edge.demo.stage.hub_books import TraceReader
from edge.demo.stage.line import STALE_MS, TABLE, Doubt, Line, draw, tell
from edge.demo.stage.secret_scan import SecretScan
from edge.demo.stage.witness import Receipts
from edge.demo.stage.words import Said
from edge.proof.evidence import Custody, Edge, Evidence, Journal, Link, Permit, Says, Stream, Violation
from edge.proof.invariants import INVARIANTS, check

WELL, AWAY, FULL = Hub("ok", online=True), Hub("away"), Hub("unwritable", store="disk full")
CUT = Hub("ok", online=False)
NOW_MS = 1_000_000


class Book:
    """A journal that grows, with what the platform has of it."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.evidence = Evidence(journal=self.journal)

    def add(self, name: str, /, *, epoch: int = 1, **data: Any) -> None:
        """The next event."""
        event: dict[str, Any] = {
            "seq": self.journal.head_seq + 1,
            "source": f"heyuanli/k1/{epoch}",
            "type": f"community.edge.{name}.v1",
            "data": data,
            "timems": NOW_MS,
            "timetrust": "synced",
        }
        self.journal.add(json.dumps(event).encode())

    def door(self, opening: str, *, authorisation: str = "pass:v-1:1", **more: Any) -> None:
        """An intent to open the gate, and that it opened."""
        about: dict[str, Any] = {"opening": opening, "place": "door:gate", "authorisation": authorisation}
        self.add("DoorOpenRequested", **about, **more)
        self.add("DoorOpened", **about)


def pulse(opening: str, at_ms: float = 1_000.0) -> list[Edge]:
    return [Edge(0.0, "17", 0, "start"), Edge(at_ms, "17", 1, opening), Edge(at_ms + 3_000, "17", 0, opening)]


def whys(found: list[Violation]) -> list[str]:
    return [str(each) for each in found]


@pytest.mark.parametrize(
    ("hub", "waiting", "older", "after_ms", "words"),
    [
        pytest.param(WELL, 0, False, 0, None, id="well"),
        pytest.param(WELL, 4, False, ON_ITS_WAY_MS - 1, None, id="on their way"),
        pytest.param(WELL, 4, False, ON_ITS_WAY_MS, "4 entries wait", id="waiting too long"),
        pytest.param(CUT, 4, False, ON_ITS_WAY_MS, "4 entries wait", id="network cut"),
        pytest.param(AWAY, 0, False, 0, "not answered", id="hub away or starting again"),
        pytest.param(FULL, 0, False, 0, "cannot write as usual", id="disk full"),
        pytest.param(WELL, 0, True, 0, "older copy", id="older copy"),
    ],
)
def test_what_cannot_be_judged_is_unknown_with_its_reason_and_never_red(
    hub: Hub, waiting: int, older: bool, after_ms: int, words: str | None
) -> None:
    book, circumstances = Book(), Circumstances()
    look = Look(book.evidence, hub, waiting=waiting, older=older)
    for at_ms in (NOW_MS, NOW_MS + after_ms):
        doubt = circumstances.note(look, at_ms)
        line = draw(
            book.evidence, circumstances.judge(book.evidence, at_ms), doubt=doubt, checked_at_ms=at_ms
        )
    assert line.state == ("ok" if words is None else "unknown")
    assert words is None or (line.doubt is not None and words in line.doubt.words.en)


def test_a_backlog_that_drains_is_green_again_and_the_next_one_waits_anew() -> None:
    circumstances, evidence = Circumstances(), Book().evidence
    assert circumstances.note(Look(evidence, CUT, waiting=3), NOW_MS) is None
    assert circumstances.note(Look(evidence, CUT, waiting=3), NOW_MS + ON_ITS_WAY_MS) is not None
    assert circumstances.note(Look(evidence, WELL), NOW_MS + ON_ITS_WAY_MS + 1) is None
    assert circumstances.note(Look(evidence, WELL, waiting=1), NOW_MS + 2 * ON_ITS_WAY_MS) is None


def test_entries_that_do_not_move_though_the_hub_hears_the_platform_are_red_in_the_end() -> None:
    def judged(hub: Hub, last: int) -> list[str]:
        circumstances = Circumstances()
        circumstances.note(Look(Book().evidence, hub, waiting=5), NOW_MS)
        evidence = Book().evidence
        circumstances.note(Look(evidence, hub, waiting=last), NOW_MS + 2 * STUCK_MS)
        return whys(circumstances.judge(evidence, NOW_MS + 2 * STUCK_MS))

    assert judged(WELL, 5) == ["I13 drained only after 120 s"]
    assert judged(WELL, 4) == judged(CUT, 5) == []


def test_a_violation_is_told_when_two_looks_saw_it_and_no_more_when_it_is_gone() -> None:
    suspicion, once = Suspicion(), Violation("I8", "attempt a is paid, the channel has nothing")
    assert suspicion.confirm([once]) == ([], True)
    assert suspicion.confirm([]) == ([], False)
    assert suspicion.confirm([once]) == ([], True)
    assert suspicion.confirm([once]) == ([once], False)


def test_what_differs_in_other_words_at_each_look_is_not_well() -> None:
    suspicion = Suspicion()
    for number in range(LOOKS):
        assert not suspicion.lasts
        assert suspicion.confirm([Violation("I2", f"sales: hub {number}, platform 0")]) == ([], True)
    assert suspicion.lasts
    suspicion.confirm([])
    assert not suspicion.lasts


def test_red_goes_before_unknown_and_an_old_look_is_no_look() -> None:
    book = Book()
    doubt = Doubt(NOW_MS, Said("断了", "cut"))
    told = [Violation("I9", "order o has 2 successes that stay")]
    assert draw(book.evidence, told, doubt=doubt, checked_at_ms=NOW_MS).state == "bad"
    well = draw(book.evidence, [], doubt=None, checked_at_ms=NOW_MS)
    assert well.at(NOW_MS + STALE_MS).state == "ok"
    assert well.at(NOW_MS + STALE_MS + 1).state == Line().at(NOW_MS).state == "unknown"


def test_every_invariant_has_a_column_and_words_in_both_languages() -> None:
    assert {row.invariant for row in TABLE if not row.part} >= INVARIANTS.keys() - {"I5"} | {"I5"}
    assert {tell(Violation(name, "whatever")).column for name in INVARIANTS} <= {
        "lost",
        "doubled",
        "extra",
        "other",
    }
    assert all(row.words.zh and row.words.en for row in TABLE)


def test_a_pulse_that_a_hub_without_a_disk_fired_is_red_only_once_it_could_have_written_it() -> None:
    evidence = Book().evidence
    evidence.trace = pulse("late-1")
    circumstances = Circumstances()
    circumstances.note(Look(evidence, FULL), NOW_MS)
    assert circumstances.judge(evidence, NOW_MS) == []
    circumstances.note(Look(evidence, WELL), NOW_MS + 1)
    assert circumstances.judge(evidence, NOW_MS + 1) == []
    later_ms = NOW_MS + 2 + ON_ITS_WAY_MS
    circumstances.note(Look(evidence, WELL), later_ms)
    assert whys(circumstances.judge(evidence, later_ms)) == ["I5 pulse late-1 without an intent"]


def test_what_was_only_in_the_memory_of_a_hub_that_was_killed_is_not_held_against_it() -> None:
    evidence = Book().evidence
    evidence.trace = pulse("late-1")
    circumstances = Circumstances()
    for hub, at_ms in ((FULL, 0), (AWAY, 1), (WELL, 2), (WELL, 3 + ON_ITS_WAY_MS)):
        circumstances.note(Look(evidence, hub), NOW_MS + at_ms)
        assert circumstances.judge(evidence, NOW_MS + at_ms) == []


def test_a_pulse_without_an_intent_is_red_at_once_also_while_the_hub_is_away() -> None:
    evidence = Book().evidence
    evidence.trace = pulse("strange")
    circumstances = Circumstances()
    circumstances.note(Look(evidence, AWAY), NOW_MS)
    assert whys(circumstances.judge(evidence, NOW_MS)) == ["I5 pulse strange without an intent"]


def test_a_late_resident_is_well_and_a_late_command_is_red() -> None:
    for kind, authorisation, red in (("resident", "code:c-1", 0), ("command", "command:c-2", 1)):
        book = Book()
        book.door("o-1", authorisation=authorisation, kind=kind, asked_at_ms=NOW_MS, asked_after_seq=0)
        book.evidence.trace = mark_late(pulse("o-1"), book.evidence)
        assert len(check(book.evidence)) == red


def test_an_older_copy_is_not_red_before_it_could_know_and_red_when_no_new_epoch_says_so() -> None:
    book = Book()
    book.add("KioskStarted")
    book.evidence.seen = Link(9, "ff")
    for hub, red in ((WELL, 1), (CUT, 0)):
        circumstances = Circumstances()
        circumstances.note(Look(book.evidence, hub, older=True, waiting=1), NOW_MS)
        assert circumstances.judge(book.evidence, NOW_MS) == []
        later_ms = NOW_MS + STUCK_MS
        circumstances.note(Look(book.evidence, hub, older=True, waiting=1), later_ms)
        assert len(circumstances.judge(book.evidence, later_ms)) == red


def test_an_epoch_that_the_platform_has_more_of_is_no_violation_while_it_is_known_as_elsewhere() -> None:
    book, lost = Book(), Journal()
    book.add("KioskStarted")
    first = book.journal.entries[0]
    lost.put(first._replace(seq=2, hash="aa"))
    book.add("EpochBegan", epoch=2)
    hashes = {(1, 1): first.hash, (1, 2): "aa", (2, 2): book.journal.head_hash}
    streams = [Stream(1, 2, 2, "aa"), Stream(2, 1, 2, book.journal.head_hash, first_seq=2)]
    book.evidence.custody = Custody(streams, True, hashes=hashes)
    assert whys(check(book.evidence))
    book.evidence.elsewhere = lost
    assert check(book.evidence) == []


def test_a_guard_that_was_killed_in_mid_pulse_leaves_no_line_on_for_too_long() -> None:
    edges = [Edge(0, "17", 0, "start"), Edge(10, "17", 1, "o-1"), Edge(9_000, "17", 0, "start")]
    book = Book()
    book.door("o-1")
    book.evidence.trace, book.evidence.pulse_ms = edges, {"17": 3_000}
    assert any(each.invariant == "I6" for each in check(book.evidence))
    book.evidence.trace = without_outages(edges)
    assert check(book.evidence) == []
    book.evidence.trace = without_outages([*edges[:2], Edge(9_000, "17", 0, "o-1")])
    assert any(each.invariant == "I6" for each in check(book.evidence))


def test_opened_needs_a_contact_that_moved_and_a_guard_with_gaps_is_no_witness() -> None:
    book = Book()
    book.door("o-1")
    book.evidence.trace, book.evidence.contact_of = pulse("o-1"), {"door:gate": "27"}
    book.evidence.contacts = [Says(0, "27", "closed"), Says(1_400, "27", "open")]
    assert check(book.evidence) == []
    book.evidence.contacts = [Says(0, "27", "closed"), Says(100, "27", "open")]
    circumstances = Circumstances()
    circumstances.note(Look(book.evidence, WELL), NOW_MS)
    assert len(circumstances.judge(book.evidence, NOW_MS)) == 1
    circumstances.note(Look(book.evidence, WELL, gaps=1), NOW_MS)
    assert circumstances.judge(book.evidence, NOW_MS) == []


def test_what_the_platform_did_not_issue_opens_red_and_codes_of_phones_are_not_asked_for() -> None:
    book = Book()
    book.door("o-1", authorisation="code:c-7")
    book.evidence.permits = permits_of(book.evidence, {})
    assert check(book.evidence) == []
    book.door("o-2", authorisation="pass:v-9:1")
    book.evidence.permits = permits_of(book.evidence, {"v-1": Permit("visitor", 1)})
    assert whys(check(book.evidence)) == ["I5 o-2 was let in by v-9, which nobody issued"]


def test_what_a_phone_was_told_and_whose_cell_it_is_are_held_against_the_journal() -> None:
    book = Book()
    book.door("o-1", authorisation="command:c-1")
    book.add("PickupStarted", session="s-1", order_id="order-1")
    book.add(
        "CellOpenRequested",
        session="s-1",
        place="cell:bank-a/A01",
        opening="o-2",
        authorisation="pickup:s-1:0:1",
    )
    book.evidence.told_opened = frozenset({"command:c-1"})
    book.evidence.cells_of = {"order-1": frozenset({"cell:bank-a/A01"})}
    assert check(book.evidence) == []
    book.evidence.told_opened = frozenset({"command:c-2"})
    book.evidence.cells_of = {"order-1": frozenset({"cell:bank-a/B03"})}
    assert {each.invariant for each in check(book.evidence)} == {"I5", "I7"}


def test_a_receipt_is_remembered_once_and_other_screens_are_none() -> None:
    receipts = Receipts(0)
    page = '<main data-screen="receipt"><span>小票 7 · </span><span>单号 k1-1-310</span></main>'
    for html in ("", '<main data-screen="pay">单号 k1-1-309</main>', page, page):
        receipts.take(html)
    assert [sale.order for sale in receipts.sales()] == ["k1-1-310"]


def test_a_trace_is_read_on_and_also_where_it_began_anew(tmp_path: Path) -> None:
    trace = tmp_path / "guard.trace"
    reader = TraceReader(trace, "sat:")
    reader.look()
    line = b'{"at_boot_ns":1000000,"line":17,"level":1,"id":"o-%d"}\n'
    trace.write_bytes(line % 1 + line[:9])
    reader.look()
    trace.write_bytes(line % 1 + line % 2)
    reader.look()
    trace.rename(tmp_path / "guard.trace.1")
    trace.write_bytes(line % 3 + b'{"at_boot_ns":2,"line":27,"input":"open","lost":2}\n')
    reader.look()
    assert [(edge.line, edge.id) for edge in reader.edges] == [("sat:17", f"o-{n}") for n in (1, 2, 3)]
    assert [said.says for said in reader.contacts] == ["open"]
    assert reader.gaps == 1


def test_a_secret_in_a_new_line_of_a_log_is_found_and_stays_found(tmp_path: Path) -> None:
    scan, evidence = SecretScan(tmp_path, {"a PIN": "482913"}), Book().evidence
    (tmp_path / "platform.log").write_text("482913\n")
    (tmp_path / "hub.log").write_text("started\n")
    assert scan.look(evidence, {}) == []
    with (tmp_path / "hub.log").open("a") as log:
        log.write("pin 482913\nthe text 7f\n")
    found = scan.look(evidence, {"the pass v-1": "text 7f"})
    assert whys(found) == [
        "I12 a PIN stands in the log hub.log",
        "I12 the pass v-1 stands in the log hub.log",
    ]
    assert scan.look(evidence, {}) == found
