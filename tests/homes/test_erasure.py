"""A resident who leaves the roster is erased: the chain holds, and nothing tells whose the events were."""

import hashlib
import json
import sqlite3
from typing import Any

import pytest

from edge.access.doors.door import Door, DoorKind
from edge.access.feed import APPLIERS as ACCESS
from edge.access.policy import intend_by_command
from edge.homes.feed import APPLIERS
from edge.pay.attempts import Finding, apply_finding, create_attempt
from edge.pay.states import Answer
from edge.shop.catalogue import find_product
from edge.shop.checkout import place_order, settle_sale
from edge.store import canonical, journal, personal
from edge.store.inline import InlineStore
from edge.store.personal import commitment_of, erase_person, who_is
from edge.trust.commands import Command
from tests.fakes.clock import FakeClock
from tests.fakes.trade import basket_of, events_of, open_store, put_contract, put_product

RESIDENTS = [
    f"res-{building}{floor:02}{flat:02}" for building in (1, 3) for floor in (12, 13) for flat in (1, 3)
]
LEAVES, STAYS = "res-31203", "res-11301"


@pytest.fixture
def store() -> InlineStore:
    store = open_store(FakeClock())
    put_contract(store)
    put_product(store, 1, pieces=9)
    for subject in RESIDENTS:
        put_resident(store, subject, {"room": f"r-{subject}", "name_masked": "王*"})
    return store


def put_resident(store: InlineStore, subject: str, data: dict[str, Any] | None) -> None:
    store.run_now(lambda unit: APPLIERS["residents"](unit, subject, 1, data))


def buy(store: InlineStore, resident: str) -> str:
    """Sell something to a resident; returns the commitment in the event."""
    basket = basket_of((store.read_now(lambda connection: find_product(connection, "s1")), 1))
    order = store.run_now(lambda unit: place_order(unit, basket, resident=resident, kiosk="k1"))
    asked = store.run_now(
        lambda unit: create_attempt(unit, order.order_id, order.payee, order.total_fen, "wechat")
    )
    paid = Finding(answer=Answer.PAID, amount_fen=order.total_fen, channel_id=f"ch-{asked.id}")
    store.run_now(lambda unit: apply_finding(unit, asked.id, paid, {"sale": settle_sale}))
    return str(events_of(store, "SaleSettled")[-1]["person"])


def everything(connection: sqlite3.Connection) -> str:
    """Every value of every table of the database, as one text."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
    return "\n".join(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for row in rows
        for value in row
    )


def guesses(connection: sqlite3.Connection) -> set[str]:
    """What somebody with the whole database and the list of all residents can compute."""
    salts = [b"", *(salt for (salt,) in connection.execute("SELECT salt FROM personal"))]
    contents = [canonical.encode({"site": "heyuanli", "subject": subject}) for subject in RESIDENTS]
    made = {commitment_of(salt, content) for salt in salts for content in contents}
    return made | {hashlib.sha256(subject.encode()).hexdigest() for subject in RESIDENTS}


def test_before_the_erasure_the_side_table_says_who_it_was(store: InlineStore) -> None:
    commitment = buy(store, LEAVES)
    assert who_is(store.connection, commitment) == LEAVES
    assert buy(store, LEAVES) == commitment
    assert buy(store, STAYS) != commitment
    assert commitment in guesses(store.connection)
    assert LEAVES not in json.dumps(events_of(store, "SaleSettled"))


def test_after_it_nothing_in_the_database_does(store: InlineStore) -> None:
    gone, kept = buy(store, LEAVES), buy(store, STAYS)
    put_resident(store, LEAVES, None)
    assert who_is(store.connection, gone) is None
    assert LEAVES not in everything(store.connection)
    assert gone not in guesses(store.connection)
    assert (who_is(store.connection, kept), kept in guesses(store.connection)) == (STAYS, True)


def test_the_chain_holds_and_the_erasure_is_an_event_that_names_nobody(store: InlineStore) -> None:
    buy(store, LEAVES)
    count = journal.verify(store.connection).count
    put_resident(store, LEAVES, None)
    found = journal.verify(store.connection)
    assert (found.first_bad_seq, found.count) == (None, count + 1)
    assert events_of(store, "PersonErased") == [
        {"reason": "left_the_roster", "erasure": "", "tables": 1, "rows": 1}
    ]


def test_a_door_opened_from_far_is_linked_to_nobody_either(store: InlineStore) -> None:
    grant = {"subject": LEAVES, "doors": ["gate"], "from_ms": 0, "until_ms": 2**50}
    store.run_now(lambda unit: ACCESS["grants"](unit, LEAVES, 1, grant))
    now_ms = store.run_now(lambda unit: unit.now.at_ms)
    command = Command(
        id="c1",
        subject=LEAVES,
        site="heyuanli",
        device="k1",
        target="door:gate",
        action="open",
        iat_ms=now_ms,
        exp_ms=now_ms + 9_000,
        nonce="n",
        counter=1,
    )
    door = Door(id="gate", kind=DoorKind.RESIDENTS, contact_timeout_ms=1)
    store.run_now(lambda unit: intend_by_command(unit, command, door))
    [asked] = events_of(store, "DoorOpenRequested")
    assert who_is(store.connection, asked["person"]) == LEAVES
    store.run_now(lambda unit: ACCESS["grants"](unit, LEAVES, 2, None))
    put_resident(store, LEAVES, None)
    assert LEAVES not in everything(store.connection)


def test_who_was_never_in_an_event_needs_no_erasure(store: InlineStore) -> None:
    put_resident(store, LEAVES, None)
    assert events_of(store, "PersonErased") == []


def test_who_comes_back_gets_another_commitment(store: InlineStore) -> None:
    old = buy(store, LEAVES)
    store.run_now(lambda unit: erase_person(unit, LEAVES, actor="feed", reason="left_the_roster"))
    assert buy(store, LEAVES) != old


def test_a_side_row_that_was_changed_opens_nothing(store: InlineStore) -> None:
    commitment = buy(store, LEAVES)
    content = canonical.encode({"site": "heyuanli", "subject": STAYS})
    store.connection.execute("UPDATE personal SET content = ?", (content,))
    assert who_is(store.connection, commitment) is None


def test_salts_are_long_enough_and_never_the_same(store: InlineStore) -> None:
    buy(store, LEAVES)
    buy(store, STAYS)
    salts = [salt for (salt,) in store.connection.execute("SELECT salt FROM personal")]
    assert len(set(salts)) == 2
    assert {len(salt) for salt in salts} == {personal.SALT_BYTES}
