"""Points at the platform: earned, claimed once, pending, taken back, ended; every line says why."""

from typing import Any

import pytest

from cloud_sync.platform.claims import Claim, claim_by_phone, read_claim
from cloud_sync.platform.stored import RecordMissing
from cloud_sync.wire.accounts import hash_token
from tests.cloud_sync.ledger_of_accounts import DAY_MS, Accounts

TOKEN = "receipt-token"
ISSUER = "property"


def opened() -> tuple[Accounts, str]:
    world = Accounts()
    return world, world.account("points", ISSUER)


def lines(world: Accounts, account: str) -> list[tuple[str, int]]:
    return [(line["kind"], line["amount_fen"]) for line in reversed(world.record(account)["lines"])]


def sums(world: Accounts, account: str) -> tuple[int, int]:
    record = world.record(account)
    return record["balance_fen"], record["pending_fen"]


def claim(world: Accounts, order: str, token: str = TOKEN, subject: str = "res-1203") -> Claim:
    return claim_by_phone(world.connection, subject, f"CE-R:{order}.{token}", now_ms=world.now_ms)


def returned(world: Accounts, order: str, points: int, back: int, number: int = 1) -> None:
    body: dict[str, Any] = {"return_id": f"r{number}", "order_id": order, "refund_fen": 100}
    world.apply("GoodsReturned", **body, points=points, points_back=back)


def test_points_of_a_sale_wait_until_goods_cannot_come_back() -> None:
    world, account = opened()
    world.sell("o1", points=30, points_account=account)
    assert sums(world, account) == (0, 30)
    (line,) = world.record(account)["lines"]
    assert line["pending_until_ms"] == world.now_ms + 7 * DAY_MS
    world.pass_days(6)
    assert sums(world, account) == (0, 30)
    world.pass_days(1)
    assert sums(world, account) == (30, 0)
    assert "pending_until_ms" not in world.record(account)["lines"][0]
    assert world.lease(account).granted_fen == 30
    world.check()


def test_a_sale_without_a_person_is_claimed_by_its_receipt_once() -> None:
    world, account = opened()
    other = world.connection.execute("SELECT 1").fetchone()
    assert other is not None
    world.sell("o1", points=30, claim_hash=hash_token(TOKEN))
    assert sums(world, account) == (0, 0)
    world.now_ms += 2 * DAY_MS
    granted = claim(world, "o1")
    assert (granted.state, granted.points) == ("granted", 30)
    assert granted.counts_from_ms == world.now_ms + 5 * DAY_MS
    assert claim(world, "o1") == granted
    assert lines(world, account) == [("claimed", 30)]
    world.check()


def test_a_claim_before_its_sale_waits_for_it() -> None:
    world, account = opened()
    assert claim(world, "o1").state == "waiting"
    world.sell("o1", points=30, claim_hash=hash_token(TOKEN))
    assert read_claim(world.connection, "o1", account).state == "granted"
    assert sums(world, account) == (0, 30)


@pytest.mark.parametrize(
    ("sale", "days", "token", "reason"),
    [
        ({"claim_hash": hash_token(TOKEN)}, 31, TOKEN, "too_late"),
        ({"claim_hash": hash_token(TOKEN)}, 1, "another", "wrong_receipt"),
        ({"claim_hash": ""}, 1, TOKEN, "wrong_receipt"),
        ({"claim_hash": hash_token(TOKEN), "points": 0}, 1, TOKEN, "no_points"),
    ],
)
def test_a_claim_that_is_not_good_is_refused_with_its_reason(
    sale: dict[str, Any], days: int, token: str, reason: str
) -> None:
    world, account = opened()
    world.sell("o1", **{"points": 30, **sale})
    world.now_ms += days * DAY_MS
    refused = claim(world, "o1", token)
    assert (refused.state, refused.reason) == ("refused", reason)
    assert sums(world, account) == (0, 0)


def test_what_is_no_receipt_is_not_taken() -> None:
    world, _ = opened()
    found = claim_by_phone(world.connection, "res-1203", "weixin://wxpay/x.y", now_ms=world.now_ms)
    assert (found.state, found.reason) == ("refused", "not_a_receipt")


def test_the_second_claim_of_an_order_is_a_plain_line_and_an_incident() -> None:
    world, account = opened()
    world.sell("o1", points=30, claim_hash=hash_token(TOKEN))
    claim(world, "o1")
    other = "acc-of-another"
    world.connection.execute(
        "INSERT INTO accounts (id, subject, kind, issuer) VALUES (?,'res-9','points',?)", (other, ISSUER)
    )
    world.apply("PointsClaimed", claim_id="c1", order_id="o1", account=other, points=30)
    assert world.incidents() == ["claimed_twice"]
    assert lines(world, other) == [("claimed", 0)]
    assert read_claim(world.connection, "o1", other).reason == "claimed_by_another"
    assert sums(world, account) == (0, 30)
    world.check()


def test_a_claim_at_the_kiosk_of_what_the_phone_had_is_no_incident() -> None:
    world, account = opened()
    world.sell("o1", points=30, claim_hash=hash_token(TOKEN))
    claim(world, "o1")
    world.apply("PointsClaimed", claim_id="c1", order_id="o1", account=account, points=30)
    assert world.incidents() == []
    assert sums(world, account) == (0, 30)


def test_a_claim_at_the_kiosk_waits_parked_for_its_sale() -> None:
    world, account = opened()
    with pytest.raises(RecordMissing):
        world.apply("PointsClaimed", claim_id="c1", order_id="o1", account=account, points=30)


def test_returned_goods_take_pending_points_back_and_never_more() -> None:
    world, account = opened()
    world.sell("o1", points=30, points_account=account)
    returned(world, "o1", 10, 10)
    returned(world, "o1", 10, 10)
    assert sums(world, account) == (0, 20)
    returned(world, "o1", 20, 20, number=2)
    assert sums(world, account) == (0, 0)
    world.pass_days(8)
    assert sums(world, account) == (0, 0)
    assert lines(world, account) == [("earned", 30), ("taken_back", -10), ("taken_back", -20)]
    world.check()


def test_points_that_were_spent_make_the_balance_negative_or_the_refund_shrink() -> None:
    world, account = opened()
    world.sell("o1", points=30, points_account=account)
    world.pass_days(8)
    world.spend("o2", account, 30, kind="points")
    returned(world, "o1", 30, 0)
    assert sums(world, account) == (0, 0), "kept from the refund"
    world.sell("o3", points=20, points_account=account)
    world.pass_days(8)
    world.spend("o4", account, 20, kind="points")
    returned(world, "o3", 20, 20, number=2)
    assert sums(world, account) == (-20, 0)
    world.check()


def test_points_of_returned_goods_cannot_be_claimed() -> None:
    world, account = opened()
    world.sell("o1", points=30, claim_hash=hash_token(TOKEN))
    returned(world, "o1", 10, 10)
    assert claim(world, "o1").points == 20
    assert sums(world, account) == (0, 20)


def test_points_end_after_their_time_the_oldest_first() -> None:
    world, account = opened()
    world.terms(lease_limit_fen=0)
    world.sell("o1", points=30, points_account=account)
    world.pass_days(100)
    world.sell("o2", points=40, points_account=account)
    world.pass_days(7)
    world.raised(account, 10)
    world.spend("o3", account, 10, kind="points")
    assert sums(world, account) == (60, 0)
    world.pass_days(265)
    assert sums(world, account) == (40, 0)
    assert ("expired", -20) in lines(world, account)
    world.pass_days(100)
    assert sums(world, account) == (0, 0)
    world.pass_days(1)
    assert lines(world, account).count(("expired", -40)) == 1
    world.check()


def test_points_in_a_lease_end_when_they_have_come_back() -> None:
    world, account = opened()
    world.sell("o1", points=30, points_account=account)
    world.pass_days(7)
    assert world.lease(account).granted_fen == 30
    world.pass_days(366)
    assert sums(world, account) == (30, 0)
    assert world.lease(account).recall
    world.spend("o2", account, 5, kind="points", lease=world.lease(account).id)
    world.apply("LeaseReturned", lease=world.lease(account).id, account=account, spent_fen=5)
    world.pass_days(0)
    assert sums(world, account) == (0, 0)
    assert lines(world, account)[-1] == ("expired", -25)
    world.check()


def test_refunded_points_and_money_come_back_once() -> None:
    world, account = opened()
    wallet = world.account(fen=100)
    parts = [
        {"part_id": "p1", "kind": "channel", "account": "", "amount_fen": 500},
        {"part_id": "p2", "kind": "wallet", "account": wallet, "amount_fen": 70},
        {"part_id": "p3", "kind": "points", "account": account, "amount_fen": 30},
    ]
    for _ in range(2):
        world.apply("RefundRequested", 2, refund_id="f1", order_id="o1", amount_fen=600, parts=parts)
    assert sums(world, wallet) == (170, 0)
    assert sums(world, account) == (30, 0)
    assert lines(world, account) == [("refunded", 30)]
    world.check()


def test_money_added_at_the_kiosk_counts_once() -> None:
    world = Accounts()
    wallet = world.account()
    for _ in range(2):
        world.apply("TopUpSettled", order_id="t1", kind="wallet", account=wallet, amount_fen=5000)
    assert sums(world, wallet) == (5000, 0)
    assert world.lease(wallet).granted_fen == 50
    world.check()
