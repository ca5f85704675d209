"""Three-way match 三方对账: this device's journal, the channel's bill, the platform's own view of the day.

Rules over plain values: no database, no network, no clock. A *subject* is what has one identity on all
three sides: a payment attempt, or a part of a refund. Sums are fen; `date` is the channel's, ISO text.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from edge.ids import Identity
from edge.money import parse_yuan

Line = Literal["payment", "refund"]


class Kind(StrEnum):
    """What is wrong with a subject, the gravest first: the first that holds is the one that is told."""

    TWICE_AT_CHANNEL = "twice_at_channel"
    UNREADABLE = "unreadable"
    PAYEE_DIFFERS = "payee_differs"
    UNKNOWN_OPEN = "unknown_open"
    AMOUNT_DIFFERS = "amount_differs"
    MISSING_HERE = "missing_here"
    MISSING_AT_CHANNEL = "missing_at_channel"
    MISSING_AT_PLATFORM = "missing_at_platform"


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What this device knows of a subject.

    `state`: "done" (money moved), "open" (no outcome yet), "not_done" (it certainly did not).
    """

    line: Line
    subject: str
    payee: str
    order_id: str
    amount_fen: int
    state: Literal["done", "open", "not_done"]
    date: str


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the channel's bill; `amount_yuan` as the channel writes it: "12.80"."""

    line: Line
    subject: str
    payee: str
    amount_yuan: str
    channel: str = ""
    channel_id: str = ""


class PlatformLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform's own rows say of a subject whose money moved."""

    line: Line
    subject: str
    payee: str
    amount_fen: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A subject on which the three do not agree; a side that has nothing is None."""

    line: Line
    subject: str
    kind: Kind
    order_id: str = ""
    here_fen: int | None = None
    channel_fen: int | None = None
    platform_fen: int | None = None


class Side(NamedTuple):
    """What one side has on a day: lines, and payments less refunds in fen."""

    lines: int
    total_fen: int


class DayMatch(msgspec.Struct, frozen=True, kw_only=True):
    """The match of one date and payee.

    `agreed` are the subjects on which all agree; those of them in `moved` are ours of another date.
    """

    date: str
    payee: str
    agreed: tuple[tuple[Line, str], ...]
    moved: tuple[tuple[Line, str], ...]
    differences: tuple[Difference, ...]
    here: Side
    channel: Side
    platform: Side


Subject = tuple[Line, str]


class _Seen(NamedTuple):
    """All that is known of one subject."""

    here: Own | None
    channel: Sequence[BillLine]
    platform: PlatformLine | None


def match_day(
    date: str,
    payee: str,
    *,
    here: Iterable[Own],
    bill: Iterable[BillLine],
    platform: Iterable[PlatformLine],
    device: str,
    elsewhere: frozenset[Subject] = frozenset(),
) -> DayMatch:
    """Hold the three against each other.

    `here` holds this device's subjects of the date and, whatever their date and payee, those that bill or
    platform name. What another device of the site asked for is that device's to know: bill and platform have
    to agree on it. `elsewhere` are subjects that agreed on the bill of another date already.
    """
    own = {(each.line, each.subject): each for each in here}
    billed: Mapping[Subject, list[BillLine]] = defaultdict(list)
    for line in bill:
        billed[line.line, line.subject].append(line)
    known = {(each.line, each.subject): each for each in platform}
    agreed: list[Subject] = []
    differences: list[Difference] = []
    for subject in sorted(own.keys() | billed.keys() | known.keys()):
        seen = _Seen(own.get(subject), billed.get(subject, ()), known.get(subject))
        if not _counts(seen, date) or (not seen.channel and subject in elsewhere):
            continue
        kind = _kind_of(seen, payee, is_ours=_is_ours(subject[1], device))
        if kind is None:
            agreed.append(subject)
        else:
            differences.append(_difference(subject, seen, kind))
    return DayMatch(
        date=date,
        payee=payee,
        agreed=tuple(agreed),
        moved=tuple(s for s in agreed if s in own and own[s].date != date),
        differences=tuple(differences),
        here=_side((each.line, each.amount_fen) for each in own.values() if _is_of(each, date, payee)),
        channel=_side((line.line, read_yuan(line) or 0) for lines in billed.values() for line in lines),
        platform=_side((each.line, each.amount_fen) for each in known.values()),
    )


def read_yuan(line: BillLine) -> int | None:
    """The sum of a bill's line in fen; None when it is no sum of money that moved."""
    try:
        fen = parse_yuan(line.amount_yuan)
    except ValueError:
        return None
    return fen if fen > 0 else None


def _is_of(own: Own, date: str, payee: str) -> bool:
    return own.state == "done" and own.date == date and own.payee == payee


def _counts(seen: _Seen, date: str) -> bool:
    """Ours alone and of another date, or certainly not done: nothing to hold against anything."""
    if seen.channel or seen.platform is not None:
        return True
    return seen.here is not None and seen.here.date == date and seen.here.state != "not_done"


def _is_ours(subject: str, device: str) -> bool:
    """Whether this device has to know of it; what is no identity of a device is nobody's in particular."""
    try:
        return Identity.parse(subject).device == device
    except ValueError:
        return False


def _kind_of(seen: _Seen, payee: str, *, is_ours: bool) -> Kind | None:
    here = seen.here
    done = here if here is not None and here.state == "done" else None
    channel = [read_yuan(line) for line in seen.channel]
    sums = {each.amount_fen for each in (done, seen.platform) if each is not None} | set(channel)
    payees = {each.payee for each in (here, seen.platform, *seen.channel) if each is not None}
    checks = (
        (Kind.TWICE_AT_CHANNEL, len(channel) > 1),
        (Kind.UNREADABLE, None in channel),
        (Kind.PAYEE_DIFFERS, payees != {payee}),
        (Kind.UNKNOWN_OPEN, here is not None and here.state == "open"),
        (Kind.AMOUNT_DIFFERS, len(sums) > 1),
        (Kind.MISSING_HERE, done is None and bool(channel) and (is_ours or seen.platform is None)),
        (Kind.MISSING_AT_CHANNEL, not channel),
        (Kind.MISSING_AT_PLATFORM, seen.platform is None),
    )
    return next((kind for kind, holds in checks if holds), None)


def _difference(subject: Subject, seen: _Seen, kind: Kind) -> Difference:
    sums = [read_yuan(line) for line in seen.channel]
    return Difference(
        line=subject[0],
        subject=subject[1],
        kind=kind,
        order_id=seen.here.order_id if seen.here else "",
        here_fen=seen.here.amount_fen if seen.here and seen.here.state != "not_done" else None,
        channel_fen=sum(fen or 0 for fen in sums) if sums else None,
        platform_fen=seen.platform.amount_fen if seen.platform else None,
    )


def _side(lines: Iterable[tuple[Line, int]]) -> Side:
    count = total = 0
    for line, fen in lines:
        count += 1
        total += fen if line == "payment" else -fen
    return Side(count, total)
