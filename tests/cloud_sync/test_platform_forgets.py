"""An erased person is in no table of the platform any more, and in no byte of its file."""

import asyncio
from typing import Any

from cloud_sync.platform import erasing, revoking
from cloud_sync.platform.balances import Cause, open_account
from cloud_sync.platform.feed import get_record
from cloud_sync.platform.leases import credit
from cloud_sync.platform.passes import VisitorRequest, create_visitor_pass, order_pass
from cloud_sync.platform.store.port import Connection
from cloud_sync.uplink import Uplink
from tests.cloud_sync.conftest import RESIDENT, SITE, World, log_in
from tests.cloud_sync.test_bad_feed import hub
from tests.cloud_sync.test_downlink import read_all

FRIEND = "grandmother of Zhu"
NEEDLES = (RESIDENT, FRIEND)
TABLES = (
    "SELECT name FROM sqlite_master WHERE type='table'",
    "SELECT tablename FROM pg_tables WHERE schemaname='public'",
)


def live(connection: Connection, world: World) -> None:
    """A person who uses all that the platform has."""
    now_ms, key = world.clock.at_ms, world.platform.keys.signing["passes"]
    order = get_record(connection, "orders", "o1")
    assert order is not None
    order_pass(connection, key, SITE, order, RESIDENT, now_ms=now_ms)
    asked = VisitorRequest(["gate"], now_ms, now_ms + 3_600_000, 2, FRIEND)
    create_visitor_pass(connection, key, SITE, RESIDENT, asked, now_ms=now_ms)
    wallet = open_account(connection, RESIDENT, "wallet", "shop")
    credit(connection, wallet, "opening", 700, Cause("by the app", now_ms))
    revoking.revoke_phone(connection, RESIDENT, now_ms=now_ms)
    for table, values in {
        "messages (key, subject, kind, details, at_ms)": ("k", RESIDENT, "parcel_soon", "{}", now_ms),
        "credentials (id, kind, subject)": ("c1", "card", RESIDENT),
        "shown_codes (code, subject, at_ms)": ("x1", RESIDENT, now_ms),
        "door_records (device, opening, place, authorisation, subject, asked_ms)": (
            *("k1", "k1-1-9", "door:gate", "card:c1:1", RESIDENT, now_ms),
        ),
        "commands (id, device, target, subject, message, state, asked_ms, expires_ms)": (
            *("m1", "k1", "gate", RESIDENT, RESIDENT.encode(), "queued", now_ms, now_ms + 30_000),
        ),
        "orders_told (order_id, kind, payee, total_fen, state, at_ms, subject)": (
            *("k1-1-7", "sale", "shop", 5, "paid", now_ms, RESIDENT),
        ),
        "invoice_askers (order_id, subject)": ("k1-1-7", RESIDENT),
        "app_fees (number, bill_id, subject, amount_fen, penalty_fen, at_ms)": (
            *(1, "b1", RESIDENT, 5, 0, now_ms),
        ),
        "sim_codes (hash, channel, payer, password, expires_ms)": ("h", "wechat", RESIDENT, 0, now_ms),
        "sim_trades (channel, attempt, method, payee, amount_fen, description, state, payer, asked_ms,"
        " expires_ms)": ("wechat", "a1", "native", "shop", 5, "", "paid", RESIDENT, now_ms, now_ms),
    }.items():
        marks = ",".join("?" * len(values))
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def named_in(connection: Connection, world: World) -> set[str]:
    """Tables that name the person or their friend, in a text or in bytes."""
    query = TABLES[world.platform.settings.store is not None]
    found = set()
    for (table,) in connection.execute(query).fetchall():
        rows: list[Any] = connection.execute(f"SELECT * FROM {table}").fetchall()
        said = b"\n".join(
            bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
            for row in rows
            for value in row
        )
        found |= {table for needle in NEEDLES if needle.encode() in said}
    return found


def bytes_of(world: World) -> bytes:
    """The platform's file and its log, where it has them."""
    file = world.platform.settings.database_file
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*") if path.is_file())


async def answered(world: World) -> None:
    """The hub has obeyed, and the platform has heard of it."""
    await read_all(hub(world))
    uplink = Uplink(store=world.store, http=world.http)
    while await uplink.send_next():
        pass
    async with asyncio.timeout(5):
        while not (await world.platform.database.read(erasing.list_erasures))[0].done_ms:
            await asyncio.sleep(0.02)


async def test_an_erased_person_is_in_no_table_and_no_byte_of_the_platform(world: World) -> None:
    units = world.platform.database
    await log_in(world)
    await units.write(lambda c: live(c, world))
    held = {table for table, _ in (*erasing._HELD, *erasing._TOLD)}
    before = await units.read(lambda c: named_in(c, world))
    assert before >= held | {"records", "accounts", "revoked"}

    order = await units.write(lambda c: erasing.ask_erasure(c, RESIDENT, now_ms=world.clock.at_ms))
    assert await units.read(lambda c: named_in(c, world)) == {"records", "revoked"}, "until hubs have heard"
    await answered(world)
    assert await units.read(lambda c: named_in(c, world)) == set()
    if world.platform.settings.store is None:
        assert [needle for needle in NEEDLES if needle.encode() in bytes_of(world)] == []

    def kept(connection: Connection) -> list[Any]:
        queries = (
            "SELECT subject FROM door_records WHERE opening='k1-1-9'",
            "SELECT subject FROM app_fees",
            "SELECT subject FROM accounts",
            "SELECT subject FROM commands WHERE id='m1'",
        )
        return [connection.execute(query).fetchone()[0] for query in queries]

    assert await units.read(kept) == [order] * 4, "what the books and the records of doors keep"


async def test_a_visitors_pass_of_an_erased_person_opens_nothing_any_more(world: World) -> None:
    await world.platform.database.write(lambda c: live(c, world))

    def passes(connection: Connection) -> list[str]:
        rows = connection.execute("SELECT id FROM passes WHERE subject=? ORDER BY id", (RESIDENT,))
        return [row[0] for row in rows]

    issued = await world.platform.database.read(passes)
    assert len(issued) == 2
    await world.platform.database.write(lambda c: erasing.ask_erasure(c, RESIDENT, now_ms=world.clock.at_ms))
    await read_all(hub(world))
    rows = world.store.connection.execute("SELECT pass_id FROM revocations ORDER BY 1").fetchall()
    assert [row[0] for row in rows] == issued
