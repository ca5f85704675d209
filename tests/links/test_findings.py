"""The technician's list: bounded, in words, each fault once with its count."""

from edge.links.finding_words import WORDS
from edge.links.findings import MAX_DETAIL, Findings


class Hands:
    """A clock that is moved by hand, ms."""

    now_ms = 1000


def make(limit: int = 3) -> tuple[Findings, Hands]:
    """A short list and its clock."""
    hands = Hands()
    return Findings(now_ms=lambda: hands.now_ms, limit=limit), hands


def test_a_fault_that_is_seen_again_is_one_line_with_its_count() -> None:
    findings, hands = make()
    assert findings.report("relay-2", "bad_format", "evt: no JSON")
    hands.now_ms = 5000
    assert not findings.report("relay-2", "bad_format", "evt: a number")
    (found,) = findings.all()
    assert (found.since_ms, found.last_ms, found.count, found.detail) == (1000, 5000, 2, "evt: a number")
    assert (found.zh, found.en) == WORDS["bad_format"]


def test_a_device_that_is_well_again_leaves_the_list() -> None:
    findings, _ = make()
    for device, code in (("a", "offline"), ("a", "bad_format"), ("b", "offline")):
        findings.report(device, code)
    findings.clear("a", "offline")
    assert not findings.has("a", "offline")
    findings.clear("a")
    assert [(found.device, found.code) for found in findings.all()] == [("b", "offline")]


def test_a_thousand_strangers_fill_no_more_than_the_list() -> None:
    findings, hands = make()
    for number in range(1000):
        hands.now_ms += 1
        findings.report(f"stranger-{number}", "unknown_device")
    assert [found.device for found in findings.all()] == ["stranger-997", "stranger-998", "stranger-999"]
    assert findings.dropped == 997


def test_a_detail_is_one_short_printable_line() -> None:
    findings, _ = make()
    findings.report("a", "bad_format", "\x1b[2J\n" + "x" * 10_000)
    (found,) = findings.all()
    assert found.detail.isprintable() and len(found.detail) == MAX_DETAIL
