"""Are the books right? Every balance folded anew, every set checked and held against its journal event.

Reads everything, so it runs in a job process (`edge books verify`, and once a day by a timer), never on a
screen's path. The journal is cut by retention: a set whose event may have been in the part that is gone is
not held against it. An entry that was read back from custody after a restore need not have a set: the books
of those days are the platform's (docs/adr/0033).
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from edge.books import records
from edge.books.chart import RULES, Told
from edge.books.records import SetTotal
from edge.ids import Identity
from edge.money import format_yuan
from edge.store import journal
from edge.store.facts import get_fact
from edge.store.history import history_range

_TOLD = frozenset(rule.told for rule in RULES.values() if rule.told is not None)
_BY_EVENT: dict[str, tuple[Told, ...]] = {
    event: tuple(told for told in _TOLD if event in told.events)
    for event in {event for told in _TOLD for event in told.events}
}


class Difference(msgspec.Struct, frozen=True):
    """One thing that is wrong: a stable code, the account or set, what was expected and found in words."""

    code: str
    subject: str
    words: str


class BooksReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, and all that differs; `unheld` sets are older than the journal that is kept."""

    accounts: int
    sets: int
    events: int
    unheld: int
    differences: tuple[Difference, ...]


def verify_books(connection: sqlite3.Connection) -> BooksReport:
    """Check all of the books and name every difference; none is good news."""
    journaled = _Journal(connection)
    differences = list(_check_balances(connection))
    accounts, sets, unheld = len(records.kept_balances(connection)), 0, 0
    device = str(get_fact(connection, "device"))
    for total in records.sum_sets(connection):
        sets += 1
        source = str(Identity.from_key(device, total.source))
        differences += _check_set(source, total)
        unheld += journaled.is_cut_off(total)
        differences += journaled.check(source, total)
    differences += journaled.unposted()
    return BooksReport(
        accounts=accounts, sets=sets, events=journaled.events, unheld=unheld, differences=tuple(differences)
    )


def _check_balances(connection: sqlite3.Connection) -> Iterator[Difference]:
    balances = records.fold_balances(connection)
    for each in balances:
        if each.kept_fen != each.folded_fen:
            kept, folded = format_yuan(each.kept_fen), format_yuan(each.folded_fen)
            yield Difference("balance_differs", each.code, f"kept {kept}, its postings sum to {folded}")
        if not each.payee:
            yield Difference("account_outside_chart", each.code, "no line of the chart of accounts")
    if total := sum(each.kept_fen for each in balances):
        yield Difference(
            "trial_balance", "all accounts", f"the balances sum to {format_yuan(total)}, not to zero"
        )


def _check_set(source: str, total: SetTotal) -> Iterator[Difference]:
    subject = f"{source}/{total.rule}"
    if total.sum_fen:
        yield Difference(
            "set_unbalanced", subject, f"its rows sum to {format_yuan(total.sum_fen)}, not to zero"
        )
    if not total.sealed:
        yield Difference("set_unsealed", subject, "it has no seal")
    if total.payees > 1:
        yield Difference("payees_mixed", subject, f"it posts to accounts of {total.payees} payees")
    if total.strays:
        yield Difference("account_unknown", subject, f"{total.strays} rows name no account")


class _Journal:
    """What the journal tells of money: the sum per posted source, taken out as its set is found."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sums: dict[tuple[Told, int], int] = {}
        self._begins_at = 0
        self._read_back: set[tuple[Told, int]] = set()
        first_back, last_back = history_range(connection)
        self.events = 0
        for number, row in enumerate(journal.tail(connection, 0)):
            if number == 0 and row.seq > 1:
                self._begins_at = Identity.parse(row.id).key
            if (tellers := _BY_EVENT.get(row.type)) is not None:
                self.events += 1
                body = msgspec.json.decode(row.body)
                for told in tellers:
                    self._take(told, body, is_back=first_back <= row.seq <= last_back)

    def _take(self, told: Told, body: dict[str, Any], *, is_back: bool) -> None:
        parts = [body]
        if told.parts:
            # Events of earlier versions have no parts.
            parts = [{**body, **part} for part in body.get(told.parts, ()) if part["kind"] in told.kinds]
        for part in parts:
            place = (told, Identity.parse(part[told.source]).key)
            self._sums[place] = self._sums.get(place, 0) + sum(part[name] for name in told.amounts)
            if is_back:
                self._read_back.add(place)

    def is_cut_off(self, total: SetTotal) -> bool:
        """Whether the event of a set may be gone: the set is older than the oldest event, and not told of."""
        told = RULES[total.rule].told
        return total.source < self._begins_at and (told, total.source) not in self._sums

    def check(self, source: str, total: SetTotal) -> Iterator[Difference]:
        """Hold one set against its event."""
        told, subject = RULES[total.rule].told, f"{source}/{total.rule}"
        if told is None:
            return
        events = " or ".join(told.events)
        told_fen = self._sums.pop((told, total.source), None)
        if told_fen is None:
            if total.paid_fen and total.source >= self._begins_at:
                yield Difference("event_missing", subject, f"the journal holds no {events} of it")
        elif told_fen != total.paid_fen:
            says, posted = format_yuan(told_fen), format_yuan(total.paid_fen)
            yield Difference("amount_differs", subject, f"{events} says {says}, posted are {posted}")

    def unposted(self) -> Iterator[Difference]:
        """Events whose set is missing; call it after all sets were checked."""
        for told, key in self._sums.keys() - self._read_back:
            source, events = Identity.from_key("", key), " or ".join(told.events)
            what = " ".join(("no postings of", *told.kinds)) if told.kinds else "no postings"
            yield Difference(
                "set_missing", f"{events} {source.epoch}-{source.counter}", f"the event has {what}"
            )
