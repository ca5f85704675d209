"""What the fees page says about points: used on this room's fees, this year, and not given back."""

import pytest

from edge.access.credentials.identity import IdentityDesk
from edge.homes.bills import apply_bill
from edge.homes.fees import fee_limits, place_fee
from edge.homes.offsets import points_offset_fen
from edge.homes.residents import apply_resident
from edge.pay.accounts import find_account
from edge.pay.attempts import Attempt, create_attempt
from edge.pay.policy import NO_CHANNEL, WECHAT
from edge.pay.refunds import request_refund
from edge.pay.tenders import Tender
from edge.store.inline import InlineStore
from edge.store.journal import read_head
from kiosk.desks.home_desk import RoomHomeDesk
from tests.fakes.access_world import AccessWorld
from tests.fakes.accounts import SUBJECT, end, put_account, tender
from tests.fakes.clock import FakeClock
from tests.fakes.trade import open_store, put_contract


@pytest.fixture
def store() -> InlineStore:
    """A resident of room r; each room has one bill of 300.00 yuan of the property company."""
    store = open_store(FakeClock())
    put_contract(store)
    person = {"room": "r", "name_masked": "李*华"}
    store.run_now(lambda unit: apply_resident(unit, SUBJECT, 1, person))
    for room in ("r", "other"):
        put_bill(store, room)
    return store


def put_bill(store: InlineStore, room: str, bill_id: str = "") -> None:
    bill = {"room": room, "item": "property_fee", "payee": "property", "period": "2026-11"}
    data = {**bill, "due_on": "2026-12-31", "amount_fen": 30_000}
    store.run_now(lambda unit: apply_bill(unit, bill_id or f"b-{room}", 1, data))


def pay_bill(store: InlineStore, room: str, *tenders: Tender) -> Attempt:
    return pay_bills(store, (f"b-{room}",), room, *tenders)


def pay_bills(store: InlineStore, bills: tuple[str, ...], room: str, *tenders: Tender) -> Attempt:
    order = store.run_now(lambda unit: place_fee(unit, bills, room=room, resident=SUBJECT, kiosk="k1"))
    left_fen = order.total_fen - sum(each.amount_fen for each in tenders)
    attempt = store.run_now(
        lambda unit: create_attempt(
            unit,
            order.order_id,
            order.payee,
            left_fen,
            WECHAT if left_fen else NO_CHANNEL,
            purpose="fee",
            held=tenders,
            limits=fee_limits(unit.connection, order.order_id),
        )
    )
    return end(store, attempt)


def offset_fen(store: InlineStore, room: str, year: str = "2026") -> int:
    return points_offset_fen(store.connection, room, year)


def test_points_on_the_room_s_fees_of_the_year_are_summed(store: InlineStore) -> None:
    assert offset_fen(store, "r") == 0
    pay_bill(store, "r", tender(store, "points", 8_640), tender(store, "wallet", 500))
    assert (offset_fen(store, "r"), offset_fen(store, "r", "2025")) == (8_640, 0)
    assert offset_fen(store, "other") == 0


def test_points_that_went_back_are_not_counted(store: InlineStore) -> None:
    attempt = pay_bill(store, "r", tender(store, "points", 8_640))
    store.run_now(lambda unit: request_refund(unit, attempt.order_id, attempt.total_fen, "paid_twice"))
    assert offset_fen(store, "r") == 0


def test_points_on_one_of_several_bills_are_taken_off_once(store: InlineStore) -> None:
    put_bill(store, "r", "b-r2")
    points = tender(store, "points", 8_640)
    pay_bills(store, ("b-r", "b-r2"), "r", points)
    assert find_account(store.connection, points.account).balance_fen == 10_000 - 8_640
    head = read_head(store.connection).seq
    put_account(store, "points", 10_000 - 8_640, version=2, through=head - 1)
    assert find_account(store.connection, points.account).balance_fen == 10_000 - 8_640


async def test_the_fees_page_is_told_of_them(store: InlineStore) -> None:
    pay_bill(store, "r", tender(store, "points", 8_640))
    doors, clock = AccessWorld(), FakeClock()
    identity = IdentityDesk(store=store, reader=doors.reader, refusals=doors.refusals)
    desk = RoomHomeDesk(store=store, clock=clock, keys=lambda: doors.keys, identity=identity, kiosk="k1")
    assert (await desk.account("r")).offset_fen == 8_640
    clock.advance(days=40)
    assert (await desk.account("r")).offset_fen == 0, "another year"
