"""What goes on in a hub's store while its power fails: sales, openings, the feed; and what was answered.

`Ward` does each act as one unit of the product's own store, and writes down three kinds of claims before and
after: a link of the journal that was attempted, a link that was answered (with the state that it must have
left behind), and identities that left the process. `audit` holds a database against such claims.
"""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from edge.access import records as openings
from edge.access.doors.door import Door, DoorKind
from edge.access.openings import record_fired, record_opened
from edge.access.policy import intend_by_command
from edge.books import ledger
from edge.errors import Refusal
from edge.ids import Identity
from edge.pay.attempts import Attempt, Finding, apply_finding, create_attempt, find_attempt
from edge.pay.states import Answer
from edge.shop import records as shop
from edge.shop.basket import Basket
from edge.shop.catalogue import Product, apply_product, find_product
from edge.shop.checkout import cancel_order, find_order, place_order, settle_sale
from edge.shop.errors import BasketEmpty
from edge.shop.receiving import apply_delivery, receive_delivery
from edge.store import journal
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.commands import Command
from tests.fakes.trade import FAR, product_data

T = TypeVar("T")

SITE, DEVICE = "heyuanli", "k1"
PIECES = 100_000
GATE = Door(id="gate", kind=DoorKind.VISITOR)
RANKS = {
    "order": ("placed", "paid"),
    "attempt": ("created", "sent", "paid"),
    "opening": ("requested", "fired", "opened"),
}
"""States in the order in which they follow each other."""


class Claim(msgspec.Struct, frozen=True, omit_defaults=True):
    """`attempted`: may be there; `answered`: must be there, with `thing` in `state` or further on."""

    what: str
    seq: int = 0
    hash: str = ""
    kind: str = ""
    thing: str = ""
    state: str = ""
    identity: str = ""


class Ward:
    """Does acts on a store and claims what was answered. `tell` is given each claim."""

    def __init__(self, store: Store, tell: Callable[[Claim], None], rng: random.Random, name: str) -> None:
        self._store = store
        self._tell = tell
        self._rng = rng
        self._name = name
        self._numbers = iter(range(1, 1_000_000))

    async def _do(
        self, work: Callable[[Unit], T], claim: Callable[[T], Claim], *, lane: Lane = Lane.FRONT
    ) -> T:
        def attempt(unit: Unit) -> tuple[T, journal.Head]:
            value = work(unit)
            head = self._store.executor.head
            self._tell(Claim("attempted", head.seq, head.hash.hex()))
            return value, head

        value, head = await self._store.run(attempt, lane=lane)
        claimed = claim(value)
        self._tell(msgspec.structs.replace(claimed, what="answered", seq=head.seq, hash=head.hash.hex()))
        return value

    async def stock(self) -> None:
        """Put two products on the shelf."""
        for number in (1, 2):
            await self.feed(number, 1)
            note, line = f"{self._name}-d{number}", {"sku": f"s{number}", "lot": "L1", "expires_on": FAR}
            delivery = {"id": note, "lines": [{**line, "quantity": PIECES}]}
            await self._do(_delivery(note, delivery), lambda _: Claim("", kind="stock"))

    async def feed(self, number: int, version: int) -> None:
        """A product's new version from the feed, in the bulk lane."""
        data = product_data(number, name_en=f"Soy sauce {version}")
        await self._do(
            lambda unit: apply_product(unit, data["sku"], version, data),
            lambda _: Claim("", kind="product", thing=data["sku"], state=str(version)),
            lane=Lane.BULK,
        )

    async def buy(self) -> None:
        """One sale: placed, asked for, paid and settled."""
        order = await self._do(self._place, lambda placed: _state("order", placed.order_id, "placed"))
        attempt = await self._do(
            lambda unit: create_attempt(unit, order.order_id, order.payee, order.total_fen, "wechat"),
            lambda created: _state("attempt", created.id, "created"),
        )
        await self._find(attempt, Finding(answer=Answer.OFFERED, qr="q", expires_at_ms=1), "sent")
        paid = Finding(answer=Answer.PAID, amount_fen=attempt.amount_fen, channel_id=f"ch-{attempt.id}")
        await self._find(attempt, paid, "paid")
        self._tell(_state("order", order.order_id, "paid", what="answered"))

    async def give_up(self) -> None:
        """An order that is placed and cancelled again, and one that its room refuses in mid-unit."""

        def refuse(unit: Unit) -> None:
            self._place(unit)
            raise Refused(unit.next_id())

        order = await self._do(self._place, lambda placed: _state("order", placed.order_id, "placed"))
        await self._do(lambda unit: cancel_order(unit, order.order_id), lambda _: Claim(""))
        try:
            await self._store.run(refuse)
        except Refused as refusal:
            self._tell(Claim("left", identity=str(refusal)))

    async def open_gate(self) -> None:
        """A remote opening: intended, fired, opened."""
        command = _command(f"{self._name}-{next(self._numbers)}")
        intent = await self._do(
            lambda unit: intend_by_command(unit, command, GATE).opening,
            lambda opening: _state("opening", opening.id, "requested"),
        )
        fired = await self._do(
            lambda unit: record_fired(unit, intent.id), lambda _: _state("opening", intent.id, "fired")
        )
        await self._do(
            lambda unit: record_opened(unit, fired), lambda _: _state("opening", intent.id, "opened")
        )

    async def act(self, rounds: int) -> None:
        """Several people and the feed at once, so that units share commits."""
        for number in range(rounds):
            acts = [self.buy(), self.buy(), self.open_gate(), self.open_gate(), self.give_up()]
            acts += [self.feed(3 + step, number + 2) for step in range(self._rng.randrange(4))]
            self._rng.shuffle(acts)
            await asyncio.gather(*acts[: self._rng.randrange(1, len(acts) + 1)])
            for unused in acts:
                unused.close()

    def _place(self, unit: Unit) -> Any:
        basket = Basket()
        for number in (1, 2):
            product: Product = find_product(unit.connection, f"s{number}")
            basket = basket.add(product, number)
        return place_order(unit, basket, resident=None, kiosk=DEVICE)

    async def _find(self, attempt: Attempt, finding: Finding, state: str) -> None:
        await self._do(
            lambda unit: apply_finding(unit, attempt.id, finding, {"sale": settle_sale}),
            lambda _: _state("attempt", attempt.id, state),
        )


class Refused(BasketEmpty):
    """A refusal that carries an identity out of its unit."""

    def __init__(self, identity: str) -> None:
        super().__init__()
        self.identity = identity

    def __str__(self) -> str:
        return self.identity


def audit(connection: sqlite3.Connection, claims: Iterable[Claim]) -> list[str]:
    """Hold a database against what was claimed; every fault in words."""
    claims = list(claims)
    faults = _whole(connection)
    if faults:
        return faults
    links = dict(connection.execute("SELECT seq, lower(hex(hash)) FROM journal").fetchall())
    attempted = {(claim.seq, claim.hash) for claim in claims}
    if links and (max(links), links[max(links)]) not in attempted:
        faults.append(f"the journal ends with {max(links)}, which nobody attempted")
    for claim in claims:
        if claim.what == "answered":
            if claim.hash and links.get(claim.seq, "" if claim.seq else claim.hash) != claim.hash:
                faults.append(f"lost: event {claim.seq} was answered ({claim.kind} {claim.thing})")
            faults += _state_faults(connection, claim)
    return faults + _agreement(connection)


def next_identity_faults(identity: str, connection: sqlite3.Connection, claims: Iterable[Claim]) -> list[str]:
    """An identity allotted now is newer than every one that is in the journal or left the process."""
    used = [text for (text,) in connection.execute("SELECT id FROM journal")]
    for claim in claims:
        used += [claim.identity] if claim.what == "left" else []
        used += [claim.thing] if claim.what == "answered" and claim.kind in RANKS else []
    fresh = Identity.parse(identity)
    older = [text for text in used if Identity.parse(text)[1:] >= fresh[1:]]
    return [f"identity {identity} allotted again or below {older[-1]}"] if older else []


def _whole(connection: sqlite3.Connection) -> list[str]:
    pages = [text for (text,) in connection.execute("PRAGMA integrity_check")]
    if pages != ["ok"]:
        return [f"integrity_check: {'; '.join(pages[:3])}"]
    faults = [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
    bad = journal.verify(connection).first_bad_seq
    faults += [] if bad is None else [f"I11 the chain breaks at {bad}"]
    faults += [f"I3 {each}" for each in ledger.verify(connection)]
    return faults + [f"I4 {each}" for each in shop.stock_differences(connection)]


def _state_faults(connection: sqlite3.Connection, claim: Claim) -> list[str]:
    if claim.kind == "product":
        query = "SELECT version FROM products WHERE id = ?"
        row = connection.execute(query, (claim.thing,)).fetchone()
        there = row is not None and row[0] >= int(claim.state)
    elif claim.kind in RANKS:
        state = _state_of(connection, claim)
        ranks = RANKS[claim.kind]
        there = state == "cancelled" or (state in ranks and ranks.index(state) >= ranks.index(claim.state))
    else:
        return []
    return [] if there else [f"lost: {claim.kind} {claim.thing} was answered as {claim.state}"]


def _state_of(connection: sqlite3.Connection, claim: Claim) -> str:
    try:
        if claim.kind == "order":
            return find_order(connection, claim.thing).state
        if claim.kind == "attempt":
            return find_attempt(connection, claim.thing).state.value
    except Refusal:
        return ""
    opening = openings.find_opening(connection, claim.thing)
    return "" if opening is None else _opening_state(opening)


def _opening_state(opening: openings.Opening) -> str:
    if opening.state == "opened":
        return "opened"
    return "fired" if opening.fired_at_ms is not None else "requested"


def _agreement(connection: sqlite3.Connection) -> list[str]:
    """State rows, postings and events of one use case are there together, or none of them."""
    pairs = {
        "paid orders": (
            "SELECT count(*) FROM sale_orders WHERE state = 'paid'",
            "SELECT count(*) FROM journal WHERE type = 'SaleSettled'",
        ),
        "posted sales": (
            "SELECT count(*) FROM postings WHERE line = 0",
            "SELECT count(*) FROM journal WHERE type = 'SaleSettled'",
        ),
        "orders": (
            "SELECT count(*) FROM sale_orders",
            "SELECT count(*) FROM journal WHERE type = 'OrderPlaced'",
        ),
        "openings": (
            "SELECT count(*) FROM openings",
            "SELECT count(*) FROM journal WHERE type = 'DoorOpenRequested'",
        ),
    }
    faults = []
    for what, (of_state, of_journal) in pairs.items():
        rows, events = (connection.execute(query).fetchone()[0] for query in (of_state, of_journal))
        if rows != events:
            faults.append(f"{what}: {rows} rows, {events} events")
    return faults


def _state(kind: str, thing: str, state: str, *, what: str = "") -> Claim:
    return Claim(what, kind=kind, thing=thing, state=state)


def _delivery(note: str, delivery: dict[str, Any]) -> Callable[[Unit], None]:
    def work(unit: Unit) -> None:
        apply_delivery(unit, note, 1, delivery)
        receive_delivery(unit, note, actor="staff-1")

    return work


def _command(name: str) -> Command:
    return Command(
        id=name,
        site=SITE,
        device=DEVICE,
        target="door:gate",
        action="open",
        subject="res-1203",
        iat_ms=0,
        exp_ms=2**60,
        nonce="n",
        counter=1,
    )
