"""The row *ledger*: whatever is posted, refused, rolled back or lost with its commit, the books stay right.

A trial posts random business events of several payees in shared commits, with their refunds, and between them
what must not get in: sets that do not balance or mix payees, rows for a sealed set, a second posting of a
source, accounts outside the chart, units that fail after they posted, and commits that fail with all their
units. A model of plain dictionaries says what every account holds.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random
from typing import NamedTuple

from edge.books import schema
from edge.books.chart import RULES
from edge.books.ledger import balances, post
from edge.books.records import Posting, account_number, insert_postings, open_account
from edge.books.verification import verify_books
from edge.ids import Identity
from edge.store.connections import prepare_writer
from edge.store.inline import InlineStore
from edge.store.migrate import Migration
from edge.store.schema import MIGRATIONS
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.proofs.planting import replaced
from tests.proofs.proof import Proof, Trial

PAYEES = ("shop", "property", "water", "power")
REFUNDS = {"sale": "sale_refund", "fee": "fee_refund", "collected": "collected_refund"}
BATCHES, UNITS = 8, 6
LIMIT_FEN = 2_000_000
LOST_COMMITS = 0.15


class Event(NamedTuple):
    """One business event: what `post` is told of it."""

    rule: str
    source: str
    payee: str
    amounts: dict[str, int]


class Step(NamedTuple):
    """One unit: its name, the work, and the event that stands afterwards; None when it has to fail."""

    name: str
    work: Callable[[Unit], object]
    event: Event | None


class Spoilt(Exception):
    """A use case that fails after it posted."""


class Books:
    """One trial's store, and the model of what its accounts hold."""

    def __init__(self, image: bytes, seed: int) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(image)
        self.store = InlineStore(prepare_writer(connection), site="heyuanli", device="k1", clock=FakeClock())
        self._random = Random(seed)
        self._held: Counter[str] = Counter()
        self._posted: list[Event] = []
        self._counter = 0
        self._told: list[str] = []

    def run(self) -> None:
        """All batches of a trial, each checked."""
        for _ in range(BATCHES):
            self._run_batch()
            self._check()

    def _run_batch(self) -> None:
        steps = [self._choose() for _ in range(self._random.randint(1, UNITS))]
        lost = self._random.random() < LOST_COMMITS
        self._told.append(", ".join(step.name for step in steps) + ("; this commit fails" if lost else ""))
        works = [step.work for step in steps]
        outcomes = self.store.executor.run_batch([*works, _spoil_commit] if lost else works)
        for step, outcome in zip(steps, outcomes, strict=False):
            stands = step.event is not None and not lost
            assert stands is (outcome.error is None), self._story(f"{step.name}: {outcome.error!r}")
            if step.event is not None and stands:
                self._take(step.event)

    def _take(self, event: Event) -> None:
        for line in RULES[event.rule].lines:
            self._held[f"{line.stem}:{event.payee}"] += line.side * event.amounts.get(line.role, 0)
        self._posted.append(event)

    def _check(self) -> None:
        held = {account: fen for account, fen in balances(self.store.connection).items() if fen}
        expected = {account: fen for account, fen in self._held.items() if fen}
        assert held == expected, self._story(f"kept {held}, expected {expected}")
        report = verify_books(self.store.connection)
        # The trial writes no journal, so that only the books themselves are judged.
        wrong = [each for each in report.differences if each.code != "event_missing"]
        assert not wrong, self._story(str(wrong))
        assert report.sets == len(self._posted), self._story(f"{report.sets} sets for {len(self._posted)}")

    def _story(self, what: str) -> str:
        return f"{what}\nbatches:\n" + "\n".join(self._told)

    def _choose(self) -> Step:
        steps: dict[Callable[[], Step], int] = {self._event: 8}
        if self._posted:
            steps |= {self._refund: 4, self._late: 2, self._twice: 1}
        steps |= {self._unbalanced: 1, self._mixed: 2, self._stray: 1, self._spoilt: 2}
        return self._random.choices(list(steps), list(steps.values()))[0]()

    def _event(self) -> Step:
        rule = self._random.choice(("sale", "sale", "fee", "collected", "points_earned", "refund_due"))
        total, other, points = (self._random.randrange(0, LIMIT_FEN) for _ in range(3))
        amounts = {"total": total}
        if rule == "sale":
            amounts |= {"goods": total + other, "saving": other, "points": points}
        elif rule == "points_earned":
            amounts = {"points": points}
        elif rule != "refund_due":
            amounts |= {"principal": total - total // 9, "penalty": total // 9}
        return _posting(Event(rule, self._next_id(), self._random.choice(PAYEES), amounts), rule)

    def _refund(self) -> Step:
        """Of all of an earlier event, or of a part of it."""
        earlier = self._random.choice(self._posted)
        if earlier.rule not in REFUNDS:
            return self._event()
        share = self._random.choice((1, 1, 2, 3))
        amounts = {role: fen // share for role, fen in earlier.amounts.items()}
        if "goods" in amounts:
            amounts["points_back"] = amounts["points"]
            amounts["goods"] = amounts["total"] + amounts["saving"]
        else:
            amounts["total"] = amounts["principal"] + amounts["penalty"]
        event = Event(REFUNDS[earlier.rule], self._next_id(), earlier.payee, amounts)
        return _posting(event, event.rule)

    def _twice(self) -> Step:
        return _posting(self._random.choice(self._posted), "posted twice")._replace(event=None)

    def _unbalanced(self) -> Step:
        amounts = {"total": self._random.randrange(1, LIMIT_FEN), "goods": 0, "saving": 0, "points": 0}
        return _posting(Event("sale", self._next_id(), "shop", amounts), "unbalanced")._replace(event=None)

    def _spoilt(self) -> Step:
        step = self._event()

        def work(unit: Unit) -> None:
            step.work(unit)
            raise Spoilt

        return Step(f"{step.name}, then spoilt", work, None)

    def _mixed(self) -> Step:
        key, fen = Identity.parse(self._next_id()).key, self._random.randrange(1, LIMIT_FEN)
        payees = self._random.sample(PAYEES, 2)

        def work(unit: Unit) -> None:
            accounts = [_account(unit, "assets:channel", payee) for payee in payees]
            sides = ((1, accounts[0], fen), (2, accounts[1], -fen))
            rows: list[Posting] = [(key, 6, line, account, amount) for line, account, amount in sides]
            insert_postings(unit.connection, [*rows, (key, 6, 0, None, 0)])

        return Step("payees mixed", work, None)

    def _late(self) -> Step:
        event, fen = self._random.choice(self._posted), self._random.randrange(1, LIMIT_FEN)
        key, rule = Identity.parse(event.source).key, RULES[event.rule]

        def work(unit: Unit) -> None:
            account = _account(unit, rule.lines[0].stem, event.payee)
            late = [(key, rule.number, 98, account, fen), (key, rule.number, 99, account, -fen)]
            insert_postings(unit.connection, late)

        return Step("rows after the seal", work, None)

    def _stray(self) -> Step:
        stem, payee = self._random.choice((("assets:pocket", "shop"), ("income:goods", "")))
        return Step("stray account", lambda unit: open_account(unit.connection, stem, payee), None)

    def _next_id(self) -> str:
        self._counter += 1
        return f"k1-1-{self._counter}"


def _posting(event: Event, name: str) -> Step:
    def work(unit: Unit) -> None:
        post(unit, event.rule, event.source, event.amounts, payee=event.payee)

    return Step(name, work, event)


def _account(unit: Unit, stem: str, payee: str) -> int:
    number = account_number(unit.connection, f"{stem}:{payee}")
    return open_account(unit.connection, stem, payee) if number is None else number


def _spoil_commit(unit: Unit) -> None:
    """A broken reference that is only looked at by COMMIT, which then fails for all units of the batch."""
    unit.connection.execute("PRAGMA defer_foreign_keys = ON")
    insert_postings(unit.connection, [(1, 1, 1, 10**9, 0)])


@contextmanager
def _open() -> Iterator[Trial]:
    empty = InlineStore.in_memory(clock=FakeClock(), migrations=(*MIGRATIONS, *schema.MIGRATIONS))
    image = empty.connection.serialize()
    empty.close()

    def trial(seed: int) -> int:
        books = Books(image, seed)
        try:
            books.run()
        finally:
            books.store.close()
        return 1

    yield trial


def _planted(statements: str) -> Callable[[], AbstractContextManager[None]]:
    """A database whose triggers are other than the product's."""
    return lambda: replaced(
        schema, "MIGRATIONS", (*schema.MIGRATIONS, Migration("books-planted", statements))
    )


PROOF = Proof(
    name="ledger",
    promise="Sealed sets sum to zero and stay with one payee, balances equal their folds, whatever fails",
    open=_open,
    suite=200,
    goal=50_000,
    planted={
        "seal trigger dropped": _planted("DROP TRIGGER seal_demands_balance;"),
        "row added after the seal": _planted("DROP TRIGGER sealed_set_takes_no_rows;"),
        "payees mixed": _planted("DROP TRIGGER seal_demands_one_payee;"),
        "account outside the chart": _planted("DROP TRIGGER accounts_are_in_the_chart;"),
        "balance not kept on refund": _planted(
            """
            DROP TRIGGER posting_moves_its_balance;
            CREATE TRIGGER posting_moves_its_balance AFTER INSERT ON postings
            WHEN NEW.line > 0 AND NEW.rule NOT IN (SELECT number FROM posting_rules WHERE name LIKE '%refund')
            BEGIN
                UPDATE accounts SET balance_fen = balance_fen + NEW.amount_fen WHERE number = NEW.account;
            END;
            """
        ),
    },
)
