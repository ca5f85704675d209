"""The rules of the three-way match, over plain values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.money import format_yuan
from edge.settlement.match import BillLine, DayMatch, Difference, Kind, Own, PlatformLine, match_day

DATE = "2026-11-21"


def own(subject: str = "k1-1-7", fen: int = 1280, **changes: object) -> Own:
    facts = {
        "line": "payment",
        "payee": "shop",
        "order_id": "k1-1-6",
        "state": "done",
        "date": DATE,
        **changes,
    }
    return Own(subject=subject, amount_fen=fen, **facts)  # type: ignore[arg-type]


def billed(subject: str = "k1-1-7", yuan: str = "12.80", **changes: object) -> BillLine:
    facts = {"line": "payment", "payee": "shop", **changes}
    return BillLine(subject=subject, amount_yuan=yuan, **facts)  # type: ignore[arg-type]


def known(subject: str = "k1-1-7", fen: int = 1280, **changes: object) -> PlatformLine:
    facts = {"line": "payment", "payee": "shop", **changes}
    return PlatformLine(subject=subject, amount_fen=fen, **facts)  # type: ignore[arg-type]


def match(
    here: list[Own],
    bill: list[BillLine],
    platform: list[PlatformLine],
    *,
    elsewhere: frozenset[tuple[str, str]] = frozenset(),
) -> DayMatch:
    return match_day(
        DATE,
        "shop",
        here=here,
        bill=bill,
        platform=platform,
        device="k1",
        elsewhere=elsewhere,  # type: ignore[arg-type]
    )


def only(found: DayMatch) -> Difference:
    assert len(found.differences) == 1, found
    assert found.agreed == ()
    return found.differences[0]


def test_what_all_three_say_alike_is_agreed() -> None:
    found = match([own()], [billed()], [known()])
    assert (found.agreed, found.differences) == ((("payment", "k1-1-7"),), ())
    assert found.here == found.channel == found.platform == (1, 1280)


def test_a_refund_counts_against_the_day() -> None:
    back = {"line": "refund"}
    found = match(
        [own(), own("k1-1-9", 280, **back)],
        [billed(), billed("k1-1-9", "2.80", **back)],
        [known(), known("k1-1-9", 280, **back)],
    )
    assert found.differences == ()
    assert found.here == found.channel == found.platform == (2, 1000)


CASES = [
    ("missing here", [], [billed()], [known()], Kind.MISSING_HERE),
    ("only the channel", [], [billed("w-55")], [], Kind.MISSING_HERE),
    ("not done here", [own(state="not_done")], [billed()], [known()], Kind.MISSING_HERE),
    ("missing at the channel", [own()], [], [known()], Kind.MISSING_AT_CHANNEL),
    ("only here", [own()], [], [], Kind.MISSING_AT_CHANNEL),
    ("only the platform", [], [], [known()], Kind.MISSING_AT_CHANNEL),
    ("missing at the platform", [own()], [billed()], [], Kind.MISSING_AT_PLATFORM),
    ("one fen", [own()], [billed(yuan="12.81")], [known()], Kind.AMOUNT_DIFFERS),
    ("platform's sum", [own()], [billed()], [known(fen=1281)], Kind.AMOUNT_DIFFERS),
    ("a sum and nothing", [own()], [billed(yuan="12.8")], [known(fen=1)], Kind.AMOUNT_DIFFERS),
    ("charged twice", [own()], [billed(), billed()], [known()], Kind.TWICE_AT_CHANNEL),
    ("three decimals", [own()], [billed(yuan="12.800")], [known()], Kind.UNREADABLE),
    ("negative", [own()], [billed(yuan="-12.80")], [known()], Kind.UNREADABLE),
    ("zero", [own()], [billed(yuan="0.00")], [known()], Kind.UNREADABLE),
    ("words", [own()], [billed(yuan="¥12.80")], [known()], Kind.UNREADABLE),
    ("overflow", [own()], [billed(yuan="9" * 15)], [known()], Kind.UNREADABLE),
    ("another payee's bill", [own()], [billed(payee="property")], [known()], Kind.PAYEE_DIFFERS),
    ("another payee here", [own(payee="property")], [billed()], [known()], Kind.PAYEE_DIFFERS),
    ("no outcome here, paid there", [own(state="open")], [billed()], [known()], Kind.UNKNOWN_OPEN),
    ("no outcome anywhere", [own(state="open")], [], [], Kind.UNKNOWN_OPEN),
    ("a refund under a payment's name", [own()], [billed(line="refund")], [], None),
]


@pytest.mark.parametrize(("here", "bill", "platform", "kind"), [case[1:] for case in CASES])
def test_every_difference_has_its_kind(
    here: list[Own], bill: list[BillLine], platform: list[PlatformLine], kind: Kind | None
) -> None:
    found = match(here, bill, platform)
    if kind is None:
        assert [each.kind for each in found.differences] == [Kind.MISSING_AT_CHANNEL, Kind.MISSING_HERE]
    else:
        assert only(found).kind is kind


def test_a_difference_tells_what_each_side_has() -> None:
    found = only(match([own()], [billed(yuan="12.81")], []))
    assert (found.order_id, found.here_fen, found.channel_fen, found.platform_fen) == (
        "k1-1-6",
        1280,
        1281,
        None,
    )


def test_what_another_device_asked_for_is_its_own_to_know() -> None:
    assert match([], [billed("k2-1-7")], [known("k2-1-7")]).differences == ()
    assert only(match([], [billed("k2-1-7")], [])).kind is Kind.MISSING_HERE
    assert only(match([], [billed("k2-1-7", "1.00")], [known("k2-1-7")])).kind is Kind.AMOUNT_DIFFERS


def test_a_payment_near_midnight_is_matched_on_the_bill_that_has_it() -> None:
    found = match([own(date="2026-11-20")], [billed()], [known()])
    assert found.moved == (("payment", "k1-1-7"),)
    assert found.here == (0, 0)
    again = match([own()], [], [], elsewhere=frozenset({("payment", "k1-1-7")}))
    assert (again.agreed, again.differences) == ((), ())


def test_what_certainly_did_not_happen_is_no_difference() -> None:
    found = match([own(state="not_done")], [], [])
    assert (found.agreed, found.differences) == ((), ())


_FEN = st.one_of(st.none(), st.integers(1, 3))


@given(st.lists(st.tuples(_FEN, _FEN, _FEN), max_size=12))
def test_equal_sides_and_no_case_are_the_same_thing(rows: list[tuple[int | None, ...]]) -> None:
    names = [f"k1-1-{number + 1}" for number in range(len(rows))]
    found = match(
        [own(name, row[0]) for name, row in zip(names, rows, strict=True) if row[0]],
        [billed(name, format_yuan(row[1])) for name, row in zip(names, rows, strict=True) if row[1]],
        [known(name, row[2]) for name, row in zip(names, rows, strict=True) if row[2]],
    )
    wrong = {name for name, row in zip(names, rows, strict=True) if len(set(row)) > 1}
    assert {each.subject for each in found.differences} == wrong
    assert len(found.differences) == len(wrong)
    explained = sum((each.here_fen or 0) - (each.channel_fen or 0) for each in found.differences)
    assert found.here.total_fen - found.channel.total_fen == explained
