"""The channels' bills and the platform's own day: equal to the fen, unless a bill is told to differ."""

import sqlite3
from pathlib import Path

import pytest

from cloud_sync.platform.channels.days import bill_ready_ms, day_of, day_span_ms
from cloud_sync.platform.channels.faults import Fault
from cloud_sync.platform.database import Database
from cloud_sync.platform.payment_days import read_day
from cloud_sync.platform.store.sqlite import SqliteEngine
from cloud_sync.wire.payments import ChannelBill, PlatformDay
from edge.money import parse_yuan
from tests.cloud_sync.conftest import World
from tests.cloud_sync.payment_floor import DEVICE, START_MS, Floor

DAY = "2026-11-22"


@pytest.fixture
async def floor() -> Floor:
    """A day: two payments by code, one by QR, a refund, one payment taken back, one never made."""
    floor = Floor()
    await floor.charge(10, 6_000)
    floor.scan(await floor.offer(12, 1_280, "alipay"))
    await floor.ask(12)
    await floor.charge(14, 99)
    await floor.refunds.refund(DEVICE, floor.refund_of(20, 1_000, number=10))
    floor.switch(Fault.TIMEOUT_PAID)
    await floor.charge(16)
    await floor.desk.reverse(DEVICE, "k1-1-16")
    await floor.offer(18)
    floor.now_ms = bill_ready_ms(DAY)
    return floor


async def bill_of(floor: Floor, payee: str = "shop") -> ChannelBill:
    return await floor.desk.bill(DAY, payee)


def total_fen(bill: ChannelBill) -> int:
    signs = {"payment": 1, "refund": -1}
    return sum(signs[line.kind] * parse_yuan(line.amount_yuan) for line in bill.lines)


def own_day(floor: Floor) -> PlatformDay:
    return floor.units.write_now(lambda c: read_day(c, DAY))


async def test_bill_and_own_day_agree(floor: Floor) -> None:
    bill = await bill_of(floor)
    (day,) = own_day(floor).payees
    assert bill.ready
    assert total_fen(bill) == day.paid_fen - day.refunded_fen == 6_000 + 1_280 + 99 - 1_000
    assert {line.attempt for line in bill.lines if line.kind == "payment"} == {
        payment.attempt for payment in day.payments
    }
    assert [(refund.part, refund.amount_fen) for refund in day.refunds] == [("k1-1-20", 1_000)]
    assert total_fen(bill) == floor.captured_fen()


async def test_a_bill_comes_at_ten_the_day_after(floor: Floor) -> None:
    floor.now_ms -= 1
    assert not (await bill_of(floor)).ready
    floor.switch(Fault.BILL_NOW, "always")
    floor.switch(Fault.BILL_NOW, "always", channel="alipay")
    assert (await bill_of(floor)).ready
    floor.switch(Fault.BILL_LATE, "always")
    assert not (await bill_of(floor)).ready


@pytest.mark.parametrize(
    ("fault", "more_fen"),
    [(Fault.BILL_EXTRA, 888), (Fault.BILL_MISSING, -6_000), (Fault.BILL_DIFFERS, -1)],
)
async def test_a_bill_differs_on_request_and_stays_so(floor: Floor, fault: Fault, more_fen: int) -> None:
    floor.switch(fault)
    bill = await bill_of(floor)
    assert total_fen(bill) == floor.captured_fen() + more_fen
    assert await bill_of(floor) == bill


async def test_a_payee_without_payments_has_an_empty_bill(floor: Floor) -> None:
    bill = await bill_of(floor, "water")
    assert (bill.ready, bill.lines) == (True, [])


def test_a_day_begins_and_ends_at_the_channels_midnight() -> None:
    begin_ms, end_ms = day_span_ms(DAY)
    assert (begin_ms, end_ms) == (START_MS - 8 * 3_600_000, START_MS + 16 * 3_600_000)
    assert (day_of(begin_ms), day_of(begin_ms - 1), day_of(end_ms)) == (DAY, "2026-11-21", "2026-11-23")


async def test_bill_and_own_day_have_the_same_borders() -> None:
    floor = Floor()
    for number, at_ms in enumerate(day_span_ms(DAY)):
        for before_ms in (1, 0):
            floor.now_ms = at_ms - before_ms
            await floor.charge(10 + 4 * number + 2 * before_ms, 100 + number)
    floor.now_ms = bill_ready_ms(DAY)
    (day,) = own_day(floor).payees
    assert {payment.attempt for payment in day.payments} == {"k1-1-10", "k1-1-16"}
    assert {line.attempt for line in (await bill_of(floor)).lines} == {"k1-1-10", "k1-1-16"}


async def test_what_is_no_day_is_refused(world: World) -> None:
    for date in ("2026-13-01", "yesterday", "2026-11-2", "9999-12-31x"):
        path = f"{world.http.site_path}/days/{date}"
        headers = {"Authorization": f"Bearer {world.token}"}
        assert (await world.client.get(path, headers=headers)).status == 400, date
        assert (
            await world.client.get(path.replace("/days/", "/channel-bills/"), headers=headers)
        ).status == 400


def test_payments_of_an_older_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    old = sqlite3.connect(path)
    old.executescript(
        "CREATE TABLE payments (attempt TEXT PRIMARY KEY, device TEXT, request TEXT, channel TEXT,"
        " payee TEXT, amount_fen INTEGER, description TEXT, qr TEXT, state TEXT, reason TEXT,"
        " answers INTEGER, channel_id TEXT, payer TEXT, created_ms INTEGER, expires_ms INTEGER,"
        " decided_ms INTEGER);"
        "CREATE TABLE channel_modes (channel TEXT PRIMARY KEY, mode TEXT);"
        "INSERT INTO payments VALUES"
        " ('k1-1-7','k1','{\"order\":\"k1-1-6\"}','wechat','shop',6000,'','q1','paid','',1,'sim1','r',1,2,"
        f" {START_MS}),"
        " ('k1-1-9','k1','{\"order\":\"k1-1-8\"}','alipay','shop',100,'','q2','waiting','',1,'','',1,2,NULL);"
        "PRAGMA user_version=1;"
    )
    old.close()
    for _ in range(2):
        database = Database(SqliteEngine(path, home="heyuanli"), "heyuanli")
        (day,) = database.write_now(lambda c: read_day(c, DAY)).payees
        states = database.write_now(lambda c: c.execute("SELECT attempt, state FROM trades").fetchall())
        database.close()
    assert (day.paid_fen, day.payments[0].order) == (6_000, "k1-1-6")
    assert [tuple(row) for row in states] == [("k1-1-7", "paid"), ("k1-1-9", "unknown")]
