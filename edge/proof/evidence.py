"""What the invariants are judged by: plain data, each part None while nobody collected it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

GENESIS = bytes(32).hex()
"""Previous hash of the first event (docs/protocol.md)."""


class Violation(NamedTuple):
    """An invariant that does not hold ("I5"), and why, in words."""

    invariant: str
    why: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.why}"


class Entry(NamedTuple):
    """One journal event: its kind is the type without prefix and version, `hash` is recomputed here."""

    seq: int
    epoch: int
    kind: str
    data: dict[str, Any]
    at_ms: int
    trust: str
    line: bytes
    hash: str


class Journal:
    """The journal's lines with their chain, computed again from the raw bytes as they are added.

    `after_seq` and `after_hash` are the checkpoint to verify from; `faults` names what did not fit.
    """

    def __init__(self, after_seq: int = 0, after_hash: str = GENESIS) -> None:
        self.entries: list[Entry] = []
        self.faults: list[str] = []
        self.after_seq, self.after_hash = after_seq, after_hash
        self._of: dict[str, list[Entry]] = {}

    @property
    def head_seq(self) -> int:
        """Seq of the last event."""
        return self.entries[-1].seq if self.entries else self.after_seq

    @property
    def head_hash(self) -> str:
        """Hash of the last event, in hex."""
        return self.entries[-1].hash if self.entries else self.after_hash

    def of(self, *kinds: str) -> list[Entry]:
        """Events of these kinds; in order of seq within each kind, kinds one after another."""
        if len(kinds) == 1:
            return self._of.get(kinds[0], [])
        return [entry for kind in kinds for entry in self._of.get(kind, [])]

    def add(self, line: bytes, claimed_hash: str | None = None) -> Entry:
        """Add the next line; `claimed_hash` is what the hub's own row says, where that is known."""
        event = json.loads(line)
        digest = hashlib.sha256(self.head_hash.encode("ascii") + line).hexdigest()
        entry = Entry(
            seq=event["seq"],
            epoch=int(event["source"].rpartition("/")[2]),
            kind=event["type"].split(".")[-2],
            data=event["data"],
            at_ms=event["timems"],
            trust=event["timetrust"],
            line=line,
            hash=digest,
        )
        if entry.seq != self.head_seq + 1:
            self.faults.append(f"seq {entry.seq} follows {self.head_seq}")
        if claimed_hash is not None and claimed_hash != digest:
            self.faults.append(f"the chain breaks at {entry.seq}")
        self.put(entry)
        return entry

    def put(self, entry: Entry) -> None:
        """Add an entry as it is, for what it says: the chain is not looked at."""
        self.entries.append(entry)
        self._of.setdefault(entry.kind, []).append(entry)

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> "Journal":
        """All lines from the first event on."""
        journal = cls()
        for line in lines:
            journal.add(line)
        return journal


class Link(NamedTuple):
    """A place in the chain: seq and hash (hex)."""

    seq: int
    hash: str


class Posting(NamedTuple):
    """One row of the ledger; `account` None is the seal of its set (`source`, `rule`)."""

    source: str
    rule: str
    account: str | None
    amount_fen: int


class Ledger(NamedTuple):
    """Balances as the hub tells them, the rows where they are known, and what the hub found wrong itself."""

    balances: Mapping[str, int]
    postings: Sequence[Posting] | None = None
    found: Sequence[str] = ()


class Stock(NamedTuple):
    """One product: on hand, what its moves add up to, and pieces reserved by orders that wait."""

    sku: str
    on_hand: int
    moved: int
    reserved: int = 0
    may_be_negative: bool = False


class Stream(NamedTuple):
    """What the platform holds of one epoch of this device."""

    epoch: int
    events: int
    head_seq: int
    head_hash: str
    parked: int = 0
    quarantine: str | None = None
    first_seq: int = 1


class Custody(NamedTuple):
    """The platform's side. `hashes` are by (epoch, seq); `figures` are counts by its own SQL, by name.

    `drained` says that everything should have arrived and been applied; otherwise a part is enough.
    `acknowledged_seq` is what the device believes the platform to have.
    """

    streams: Sequence[Stream]
    drained: bool
    figures: Mapping[str, int] | None = None
    hashes: Mapping[tuple[int, int], str] | None = None
    acknowledged_seq: int | None = None


class Success(NamedTuple):
    """Money that a channel really took."""

    attempt: str
    amount_fen: int


class GivenBack(NamedTuple):
    """Money that a channel really gave back, under the part's id as the channel got it."""

    part: str
    attempt: str
    amount_fen: int


class LeaseUse(NamedTuple):
    """A lease in the device's own table."""

    granted_fen: int
    spent_fen: int
    held_fen: int


class Balance(NamedTuple):
    """What an account says, and what the movements that are known of it add up to."""

    told_fen: int
    fold_fen: int


class ToldSale(NamedTuple):
    """A sale that a person was told of; not `writable`: made while the journal could not be written."""

    order: str
    total_fen: int
    writable: bool = True


class Edge(NamedTuple):
    """One edge of a line's trace; the `id` of a level 1 is the opening, or "hold".

    `after_seq` is the journal's last committed seq at that moment, `writable` whether it could be written:
    only a simulation knows them.
    """

    at_ms: float
    line: str
    level: int
    id: str
    after_seq: int | None = None
    writable: bool = True


class Says(NamedTuple):
    """What a contact or an input said, at the moment at which the guard's trace has it."""

    at_ms: float
    line: str
    says: str


class Held(NamedTuple):
    """A time in which a line was wanted on, on the trace's clock; `until_ms` None is still."""

    line: str
    from_ms: float
    until_ms: float | None


class Permit(NamedTuple):
    """What was really issued under an id (of a pass, code or command).

    `uses` None is without limit; the window is judged by the time that the hub stamped. After
    `void_after_seq` (a revocation, a broken session, a higher counter) no new intent may come of it.
    """

    kind: str
    uses: int | None = None
    from_ms: int = 0
    until_ms: int | None = None
    places: frozenset[str] | None = None
    void_after_seq: int | None = None


class Recovery(NamedTuple):
    """Seconds from the end of the faults until ready, and until drained."""

    ready_s: float
    drained_s: float


@dataclass(kw_only=True)
class Evidence:
    """Everything that was collected; `check` uses what is there.

    `elsewhere` is what an earlier life of the device recorded past the copy that it goes on from now:
    only the platform has it. It is read for what it says, not as a chain.
    `seen` is the last link that was read as committed before (a power cut ago); `told` the sales that people
    were told of; `asked` the orders that anybody ever asked for; `openings`, `attempts` and `orders` the
    states of the tables by id; `known` the commitments that still name somebody, `forgotten` those of people
    who were erased; `settled` says that every attempt has come to its end and late money was
    looked for; `channel` and `channel_refunds` are what the channels themselves say; `grants` the most that
    the platform ever let this device spend of each lease, `leases` the device's own table, `balances` the
    platform's accounts; `no_points` are orders that points may not pay; `active` are (cell, order) of the
    hub's copy that wait in a cell; `pulse_ms` is by line; `contacts` is what the doors' contacts said, and
    `contact_of` the line of each door's contact, by place; `told_opened` are authorisations of which somebody
    was told that the door opened; `cells_of` are the places in which the platform ever knew an order's
    parcels; `lost` are openings that were only in memory when the power was cut.
    """

    journal: Journal
    elsewhere: Journal = field(default_factory=Journal)
    seen: Link | None = None
    head: Link | None = None
    told: Sequence[ToldSale] = ()
    asked: frozenset[str] | None = None
    orders: Mapping[str, str] | None = None
    attempts: Mapping[str, str] | None = None
    openings: Mapping[str, str] | None = None
    ledger: Ledger | None = None
    stock: Sequence[Stock] | None = None
    custody: Custody | None = None
    channel: Sequence[Success] | None = None
    channel_refunds: Sequence[GivenBack] | None = None
    grants: Mapping[str, int] | None = None
    leases: Mapping[str, LeaseUse] | None = None
    balances: Mapping[str, Balance] | None = None
    no_points: frozenset[str] = frozenset()
    settled: bool = False
    trace: Sequence[Edge] | None = None
    pulse_ms: Mapping[str, int] | None = None
    contacts: Sequence[Says] | None = None
    contact_of: Mapping[str, str] = field(default_factory=dict)
    told_opened: frozenset[str] = frozenset()
    cells_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    held: Sequence[Held] | None = None
    now_ms: float | None = None
    permits: Mapping[str, Permit] | None = None
    confirmed_empty: frozenset[str] = frozenset()
    known: frozenset[str] | None = None
    forgotten: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, bytes] = field(default_factory=dict)
    recovery: Recovery | None = None
