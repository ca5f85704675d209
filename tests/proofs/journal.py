"""The journal: random histories with checkpoints, cuts, erasures, restarts and a disk that spoils archives.

The trial keeps a list of every line that was ever committed. After each step the archives and the table
together must hold exactly these lines, nothing may be gone that the platform does not hold, and the chain
must verify. At the end the journal is spoilt in the database and in a file; the product's two verifiers and
the independent one must name the first bad entry.
"""

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from cloud_sync.checkpoints import Verdict, keep_checkpoint
from edge.errors import Refusal
from edge.store import archive, canonical, checkpoints, journal, personal, retention_records
from edge.store.archive import ArchiveWriter
from edge.store.checkpoints import StoredCheckpoint
from edge.store.events import Event, PersonErased
from edge.store.facts import get_int, put_fact
from edge.store.inline import InlineStore
from edge.store.journal import VerifyResult
from edge.store.retention import DAY_MS, Retention
from edge.store.schema import MIGRATIONS
from edge.store.unit import Unit
from edge.trust import checkpoint as signed_checkpoint
from edge.trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from edge.trust.cose import peek
from edge.trust.keys import KeySet, SigningKey, verifying_key
from tests.fakes.clock import FakeClock
from tests.proofs import spoiling
from tests.proofs.planting import replaced
from tests.proofs.proof import Proof, Trial

RESIDENTS = tuple(f"res-{number}" for number in range(1201, 1209))
STEPS = 30
_AFTER_OPENING: list[Callable[[sqlite3.Connection], None]] = []
"""What planted bugs do to a fresh database."""


class Visited(Event, frozen=True, kw_only=True):
    """An event about somebody, for this proof."""

    TYPE: ClassVar[str] = "Visited"
    person: str | None
    text: str


class History:
    """One device with its platform's key, and all that was ever committed."""

    def __init__(self, seed: int, key: SigningKey, folder: Path) -> None:
        self.random = random.Random(seed)
        self.clock = FakeClock()
        self.store = InlineStore.in_memory(clock=self.clock, migrations=MIGRATIONS)
        for spoil in _AFTER_OPENING:
            spoil(self.store.connection)
        self.key = key
        self.keys = KeySet(1, [verifying_key(key)])
        self.folder = folder
        self.lines: list[bytes] = []
        self.acknowledged = 0
        self.signed_ms: dict[int, int] = {}
        self.erased: set[str] = set()
        self.retention = Retention(
            store=self.store, clock=self.clock, folder=folder, alarm=lambda unit, detail: None
        )

    @property
    def connection(self) -> sqlite3.Connection:
        """The database."""
        return self.store.connection

    def step(self) -> None:
        """Do one random thing, then check everything."""
        act = self.random.choices(
            (
                self.record,
                self.acknowledge,
                self.sign,
                self.forge,
                self.wait,
                self.cut,
                self.erase,
                self.restart,
                self.meddle,
            ),
            (8, 3, 3, 2, 3, 3, 1, 1, 2),
        )[0]
        act()
        self.learn()
        self.check(act.__name__)

    def record(self) -> None:
        """Commit a few events, about somebody or nobody."""
        for _ in range(self.random.randint(1, 5)):
            subject = self.random.choice((None, *RESIDENTS))
            text = self.random.choice(("", "测试", 'quote " and \\ slash', "line\nend", "\u2028"))

            def work(unit: Unit, subject: str | None = subject, text: str = text) -> None:
                person = None if subject is None else personal.commit_person(unit, subject)
                unit.record(Visited(person=person, text=text), actor="proof")

            self.store.run_now(work)

    def acknowledge(self) -> None:
        """Let the platform take custody of some more."""
        self.acknowledged = self.random.randint(self.acknowledged, len(self.lines))
        seq = self.acknowledged
        self.store.run_now(lambda unit: put_fact(unit.connection, journal.ACKNOWLEDGED, seq))

    def sign(self) -> None:
        """The platform signs its head; its acknowledgement may have been lost on the way."""
        seq = self._some_seq()
        if seq is not None:
            message = self._signed(self.key, seq)
            said = open_checkpoint(message, self.keys, site="heyuanli", device="k1")
            assert self._keep(said, message) is Verdict.KEPT
            self.signed_ms.setdefault(seq, said.at_ms)

    def forge(self) -> None:
        """Somebody else signs, dated long ago, so that a cut would be due at once."""
        seq = self._some_seq()
        if seq is None:
            return
        self.clock.at_ms -= 400 * DAY_MS
        message = self._signed(SigningKey.generate(self.key.kid, self.key.purpose), seq)
        self.clock.at_ms += 400 * DAY_MS
        with suppress(Refusal):
            said = open_checkpoint(message, self.keys, site="heyuanli", device="k1")
            self._keep(said, message)
            raise AssertionError(f"a checkpoint of entry {seq} was believed whose signature is forged")

    def wait(self) -> None:
        """Days go by."""
        self.clock.at_ms += self.random.randint(1, 150) * DAY_MS

    def cut(self) -> None:
        """Retention runs, at times on a disk that spoils what is written."""
        if self.random.random() < 0.3:
            with replaced(ArchiveWriter, "publish", _spoiling(self.random)):
                asyncio.run(self.retention.cut_to_budget())
        else:
            asyncio.run(self.retention.cut_to_budget())

    def erase(self) -> None:
        """A resident leaves."""
        subject = self.random.choice(RESIDENTS)
        row = self.connection.execute(
            "SELECT commitment FROM personal WHERE subject = ?", (subject,)
        ).fetchone()
        erased = self.store.run_now(
            lambda unit: personal.erase_person(unit, subject, actor="proof", reason="left")
        )
        assert erased == (row is not None)
        if row is not None:
            self.erased.add(row[0])

    def restart(self) -> None:
        """The hub starts again on the same database."""
        self.store = InlineStore(self.connection, site="heyuanli", device="k1", clock=self.clock)
        self.retention = Retention(
            store=self.store, clock=self.clock, folder=self.folder, alarm=lambda unit, detail: None
        )

    def meddle(self) -> None:
        """A plain statement tries to change or delete entries."""
        seq = self.random.randint(1, max(1, len(self.lines)))
        statement = self.random.choice(("DELETE FROM journal WHERE seq = ?", "UPDATE journal SET actor = ?"))
        with suppress(sqlite3.IntegrityError):
            if self.connection.execute(statement, (seq,)).rowcount:
                raise AssertionError(f"the table let go of entry {seq}: {statement}")

    def learn(self) -> None:
        """Note the lines that were committed since."""
        rows = journal.tail(self.connection, len(self.lines))
        self.lines += [archive.entry_line(row) for row in rows]

    def check(self, act: str) -> None:
        """All that must hold after any step."""
        found = journal.verify(self.connection)
        first = journal.first_kept(self.connection).seq
        assert found.first_bad_seq is None, f"after {act}: entry {found.first_bad_seq}: {found.fault}"
        assert found.head.seq == len(self.lines), f"after {act}: the journal ends at {found.head.seq}"
        kept = [archive.entry_line(row) for row in journal.tail(self.connection, first)]
        assert kept == self.lines[first:], f"after {act}: the table holds other lines"
        assert first <= self.acknowledged, f"after {act}: {first} is gone, {self.acknowledged} acknowledged"
        if act == "cut":
            self.check_archives(first)
        self.check_persons(act)

    def check_archives(self, first: int) -> None:
        """What left the table is in archives that both verifiers accept, and was due."""
        paths = sorted(self.folder.glob("*.ndjson.gz"))
        archived: list[bytes] = []
        for path in paths:
            seq = spoiling.judge(path)
            assert seq is None, f"{path.name}: entry {seq} is bad, and the table has let go of it"
            with archive.open_file(path) as file:
                archived += file.readlines()[1:]
        assert archived[:first] == self.lines[:first], "archives do not hold what left the table"
        if first:
            age_days = (self.clock.at_ms - self.signed_ms[first]) // DAY_MS
            assert age_days >= 180, f"entry {first} was cut {age_days} days after it was signed"

    def check_persons(self, act: str) -> None:
        """Who was erased cannot be found by trying everybody with everything that is left."""
        salts = [salt for (salt,) in self.connection.execute("SELECT salt FROM personal")]
        contents = [canonical.encode({"site": "heyuanli", "subject": subject}) for subject in RESIDENTS]
        guesses = {personal.commitment_of(salt, content) for salt in salts for content in contents}
        found = self.erased & guesses
        assert not found, f"after {act}: a person who was erased is found by trying all residents"

    def spoil(self) -> None:
        """Spoil the journal in a file and in the database; every verifier must name the first bad entry."""
        spoiling.spoil_file(self.random, self.connection, self.folder)
        spoiling.spoil_database(self.random, self.connection)

    def _some_seq(self) -> int | None:
        first = journal.first_kept(self.connection).seq
        return self.random.randint(first + 1, len(self.lines)) if len(self.lines) > first else None

    def _signed(self, key: SigningKey, seq: int) -> bytes:
        digest = journal.hash_at(self.connection, seq).hex()
        said = Checkpoint(site="heyuanli", device="k1", epoch=1, seq=seq, hash=digest, at_ms=self.clock.at_ms)
        return sign_checkpoint(key, said)

    def _keep(self, said: Checkpoint, message: bytes) -> Verdict:
        return self.store.run_now(lambda unit: keep_checkpoint(unit, said, message))


def _spoiling(chosen: random.Random) -> Callable[[ArchiveWriter], None]:
    """A disk that gives back another bit than it was given."""

    def publish(writer: ArchiveWriter) -> None:
        packed = bytearray(writer.draft.read_bytes())
        place = chosen.randrange(10, len(packed))  # the ten bytes before hold no content (RFC 1952)
        packed[place] ^= 1 << chosen.randrange(8)
        writer.draft.write_bytes(packed)
        writer.draft.replace(writer.path)

    return publish


@contextmanager
def _open() -> Iterator[Trial]:
    key = SigningKey.generate("custody-1", "custody")

    def trial(seed: int) -> int:
        with tempfile.TemporaryDirectory() as folder:
            history = History(seed, key, Path(folder))
            try:
                for _ in range(STEPS):
                    history.step()
                history.record()
                history.learn()
                history.spoil()
            finally:
                history.connection.close()
        return 1

    yield trial


@contextmanager
def _after_opening(*statements: str) -> Iterator[None]:
    def run(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    _AFTER_OPENING.append(run)
    try:
        yield
    finally:
        _AFTER_OPENING.remove(run)


@contextmanager
def _cut_unacknowledged() -> Iterator[None]:
    find = retention_records.find_cut

    def find_all(connection: sqlite3.Connection, **limits: Any) -> StoredCheckpoint | None:
        acknowledged = get_int(connection, journal.ACKNOWLEDGED)
        put_fact(connection, journal.ACKNOWLEDGED, 2**40)
        try:
            return find(connection, **limits)
        finally:
            put_fact(connection, journal.ACKNOWLEDGED, acknowledged)

    with (
        replaced(retention_records, "find_cut", find_all),
        _after_opening("DROP TRIGGER cuts_stand_at_a_checkpoint"),
    ):
        yield


@contextmanager
def _signature_unchecked() -> Iterator[None]:
    with replaced(signed_checkpoint, "open_signed", lambda message, keys, **options: peek(message)[1]):
        yield


@contextmanager
def _salt_kept() -> Iterator[None]:
    def erase(unit: Unit, subject: str, *, actor: str, reason: str) -> bool:
        found = unit.connection.execute("SELECT 1 FROM personal WHERE subject = ?", (subject,)).fetchone()
        if found is not None:
            unit.record(PersonErased(reason=reason), actor=actor)
        return found is not None

    with replaced(personal, "erase_person", erase):
        yield


@contextmanager
def _archive_unverified() -> Iterator[None]:
    async def trust(self: Retention, path: Path, last_hash: str) -> None:
        """Whatever was written is called good."""

    with replaced(Retention, "_check", trust):
        yield


@contextmanager
def _last_unverified() -> Iterator[None]:
    verify = journal.verify

    def verify_all_but_one(connection: sqlite3.Connection) -> VerifyResult:
        found = verify(connection)
        last = journal.read_head(connection)
        return VerifyResult(None, found.count, last) if found.first_bad_seq == last.seq else found

    with replaced(journal, "verify", verify_all_but_one):
        yield


@contextmanager
def _any_chain_signed() -> Iterator[None]:
    with replaced(checkpoints, "hashes_after", lambda connection, seq: {}):
        yield


PROOF = Proof(
    name="journal",
    promise="Only acknowledged, signed, archived entries leave the journal; the first bad one is named",
    open=_open,
    suite=100,
    goal=20_000,
    planted={
        "cut before acknowledged": _cut_unacknowledged,
        "checkpoint's signature not checked": _signature_unchecked,
        "erasure keeps the salt": _salt_kept,
        "archive not verified before the cut": _archive_unverified,
        "last entry not verified": _last_unverified,
        "append-only trigger dropped": lambda: _after_opening("DROP TRIGGER journal_never_shrinks"),
        "checkpoints not compared": _any_chain_signed,
    },
)
