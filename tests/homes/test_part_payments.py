"""Part payments by hand: what a bill and its penalty come to after one, here and at the platform."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.platform.penalty import ContractFigures, penalty_of
from edge.books.ledger import verify
from edge.homes.allocation import allocate
from edge.homes.bill_codes import find_printed_bill
from edge.homes.bills import Bill, apply_bill, find_bill
from edge.homes.errors import BillCodeUnknown, PartNotAllowed, SumNotPositive, SumTooLarge
from edge.homes.fees import PlacedFee, place_fee, place_fee_for_another, settle_bills
from edge.homes.penalty import PenaltyStanding, penalty_due
from edge.homes.residents import apply_resident
from edge.pay.contract import Allocation, ContractTerms
from edge.pay.engine import PaymentEngine
from edge.pay.receipts import find_receipt, hash_token
from edge.pay.records import delete
from edge.store.inline import InlineStore
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import events_of, open_store, put_contract

TOKEN = "m3xJ0w9fQe2VbU8sT1yKzA"


class Lobby:
    """A store with one late bill of 1,000.00 yuan: due 2 November, today is the 22nd, 0.05 % a day."""

    def __init__(self, allocation: str) -> None:
        self.clock = FakeClock()
        self.store: InlineStore = open_store(self.clock)
        put_contract(self.store, version=3, penalty_ppm_per_day=500, grace_days=0, allocation=allocation)
        self.put(part_allowed=True)
        self.platform = FakePaymentPlatform(now_ms=self.clock.at_ms)
        self.engine = PaymentEngine(self.store, self.platform, settle={"fee": settle_bills}, clock=self.clock)

    def put(self, version: int = 1, **changes: Any) -> None:
        data = {
            "id": "b",
            "room": "r",
            "item": "property_fee",
            "payee": "property",
            "period": "2026-10",
            "due_on": "2026-11-02",
            "amount_fen": 100_000,
            "token_hash": hash_token(TOKEN),
            **changes,
        }
        self.store.run_now(lambda unit: apply_bill(unit, "b", version, data))

    def bill(self) -> Bill:
        return find_bill(self.store.connection, "b", self.clock.now())

    async def pay(self, part_fen: int | None) -> PlacedFee:
        order = self.store.run_now(
            lambda unit: place_fee(unit, ("b",), room="r", resident="p", kiosk="k1", part_fen=part_fen)
        )
        await self.settle(order)
        return order

    async def settle(self, order: PlacedFee) -> None:
        attempt = await self.engine.start(order.order_id, order.payee, order.total_fen, purpose="fee")
        self.platform.set_state(attempt.id, "paid")
        assert (await self.engine.settle(attempt.id)).state == "paid"


async def test_penalty_first_600_yuan_leave_410_of_principal_and_no_penalty() -> None:
    """20 days of 0.05 % on 1,000.00 are 10.00; 600.00 pay them and 590.00 of principal.

    Ten days later 410.00 have grown 410.00 * 0.05 % * 10 = 2.05.
    """
    lobby = Lobby("penalty_first")
    assert (lobby.bill().unpaid_fen, lobby.bill().penalty_fen) == (100_000, 1_000)
    await lobby.pay(60_000)
    assert (lobby.bill().unpaid_fen, lobby.bill().penalty_fen) == (41_000, 0)
    lobby.clock.advance(days=10)
    assert (lobby.bill().unpaid_fen, lobby.bill().penalty_fen) == (41_000, 205)
    await lobby.pay(None)
    assert lobby.bill().to_pay_fen == 0
    paid = [
        (event["amount_fen"], event["penalty_fen"], event["penalty_left_fen"], event["as_of"])
        for event in events_of(lobby.store, "BillPaid")
    ]
    assert paid == [(59_000, 1_000, 0, "2026-11-22"), (41_000, 205, 0, "2026-12-02")]
    assert verify(lobby.store.connection) == []


async def test_principal_first_600_yuan_leave_400_of_principal_and_the_whole_penalty() -> None:
    """600.00 pay principal alone; the 10.00 stay, and 400.00 grow 2.00 in ten days: 12.00 in all."""
    lobby = Lobby("principal_first")
    await lobby.pay(60_000)
    assert (lobby.bill().unpaid_fen, lobby.bill().penalty_fen) == (40_000, 1_000)
    lobby.clock.advance(days=10)
    assert (lobby.bill().unpaid_fen, lobby.bill().penalty_fen) == (40_000, 1_200)
    await lobby.pay(40_700)
    assert (lobby.bill().unpaid_fen, lobby.bill().penalty_fen) == (0, 500)
    lobby.clock.advance(days=100)
    assert lobby.bill().to_pay_fen == 500, "a penalty bears no penalty"
    await lobby.pay(500)
    assert lobby.bill().to_pay_fen == 0
    assert verify(lobby.store.connection) == []


async def test_the_standing_survives_the_platforms_record() -> None:
    lobby = Lobby("principal_first")
    await lobby.pay(60_000)
    seq = lobby.store.connection.execute("SELECT max(seq) FROM journal WHERE type='BillPaid'").fetchone()[0]
    covered = {"device": "k1", "epoch": 1, "seq": seq}
    standing = {"penalty_due_fen": 1_000, "penalty_on": "2026-11-22", "applied_through": covered}
    lobby.put(2, part_allowed=True, paid_fen=60_000, **standing)
    assert (lobby.bill().unpaid_fen, lobby.bill().penalty_fen) == (40_000, 1_000)
    lobby.clock.advance(days=10)
    assert lobby.bill().penalty_fen == 1_200


async def test_a_receipt_says_what_of_a_part_is_still_owed() -> None:
    lobby = Lobby("penalty_first")
    await lobby.pay(60_000)
    lines = find_receipt(lobby.store.connection, 1).body.lines
    assert [(line.name_zh, line.amount_fen) for line in lines] == [
        ("物业费 2026-10（部分，还欠 410.00 元）", 59_000),
        ("违约金 物业费 2026-10（部分，还欠 410.00 元）", 1_000),
    ]


@pytest.mark.parametrize(
    ("part_fen", "refusal"), [(0, SumNotPositive), (-5, SumNotPositive), (101_001, SumTooLarge)]
)
async def test_sums_that_cannot_be_are_refused_before_anything_is_placed(
    part_fen: int, refusal: type[Exception]
) -> None:
    lobby = Lobby("penalty_first")
    with pytest.raises(refusal):
        await lobby.pay(part_fen)
    assert events_of(lobby.store, "FeePlaced") == []


async def test_a_bill_without_part_payment_is_paid_whole() -> None:
    lobby = Lobby("penalty_first")
    lobby.put(2, part_allowed=False)
    with pytest.raises(PartNotAllowed):
        await lobby.pay(60_000)
    await lobby.pay(101_000)
    assert lobby.bill().to_pay_fen == 0


async def test_a_neighbour_pays_by_the_printed_code_and_sees_no_room() -> None:
    lobby = Lobby("penalty_first")
    person = {"subject": "p", "room": "r", "name_masked": "张*"}
    lobby.store.run_now(lambda unit: apply_resident(unit, "p", 1, person))
    shown = find_printed_bill(lobby.store.connection, f"CE-B:b.{TOKEN}", lobby.clock.now())
    assert (shown.name_masked, shown.period, shown.to_pay_fen) == ("张*", "2026-10", 101_000)
    assert not hasattr(shown, "room")
    order = lobby.store.run_now(
        lambda unit: place_fee_for_another(unit, f"CE-B:b.{TOKEN}", resident=None, kiosk="k1")
    )
    await lobby.settle(order)
    assert lobby.bill().to_pay_fen == 0


@pytest.mark.parametrize(
    "code", ["CE-B:b.wrong", "CE-B:none." + TOKEN, "CE-B:b", "b." + TOKEN, "CE-B:." * 60]
)
def test_a_code_that_is_not_the_papers_is_refused_in_one_way(code: str) -> None:
    lobby = Lobby("penalty_first")
    with pytest.raises(BillCodeUnknown):
        find_printed_bill(lobby.store.connection, code, lobby.clock.now())
    lobby.store.run_now(lambda unit: delete(unit.connection, "bills", "b"))
    with pytest.raises(BillCodeUnknown):
        find_printed_bill(lobby.store.connection, f"CE-B:b.{TOKEN}", lobby.clock.now())


@given(
    amount_fen=st.integers(1, 10**7),
    ppm=st.integers(0, 5_000),
    grace=st.integers(0, 30),
    cap=st.none() | st.integers(0, 300_000),
    steps=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 10**7)), max_size=6),
    principal_first=st.booleans(),
)
def test_platform_and_kiosk_reckon_the_same_fen_through_any_part_payments(
    amount_fen: int,
    ppm: int,
    grace: int,
    cap: int | None,
    steps: list[tuple[int, int]],
    principal_first: bool,
) -> None:
    order: Allocation = "principal_first" if principal_first else "penalty_first"
    terms = ContractTerms(penalty_ppm_per_day=ppm, grace_days=grace, cap_ppm=cap, allocation=order)
    figures = ContractFigures(penalty_ppm_per_day=ppm, grace_days=grace, cap_ppm=cap)
    record: dict[str, Any] = {"amount_fen": amount_fen, "due_on": "2026-01-31", "paid_fen": 0}
    day, standing = date(2026, 1, 20), PenaltyStanding()
    for days, wanted_fen in steps:
        day += timedelta(days=days)
        unpaid_fen, as_of = amount_fen - record["paid_fen"], day.isoformat()
        due_fen = penalty_due(unpaid_fen, "2026-01-31", as_of, standing, terms).fen
        assert due_fen == penalty_of(record, as_of, figures)
        if unpaid_fen + due_fen == 0:
            break
        owed = _bill(unpaid_fen, due_fen).owed
        (share,) = allocate([owed], min(wanted_fen, unpaid_fen + due_fen), terms.allocation)
        standing = PenaltyStanding(due_fen - share.penalty_fen, as_of)
        record["paid_fen"] += share.principal_fen
        record |= {"penalty_due_fen": standing.due_fen, "penalty_on": standing.on}


def _bill(unpaid_fen: int, penalty_fen: int) -> Bill:
    return Bill(
        id="b",
        room="r",
        item="property_fee",
        payee="property",
        period="2026-01",
        due_on="2026-01-31",
        amount_fen=unpaid_fen or 1,
        paid_fen=0,
        unconfirmed_fen=0,
        unpaid_fen=unpaid_fen,
        penalty_fen=penalty_fen,
        days=0,
        as_of="2026-02-01",
        collected_for_others=False,
        part_allowed=True,
    )
