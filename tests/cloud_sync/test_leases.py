"""Leases at the platform: granted and renewed by itself, raised on asking, back only when nothing is open."""

from typing import Any

import pytest

from cloud_sync.platform.balances import Cause
from cloud_sync.platform.custody import StreamSuperseded
from cloud_sync.platform.feed import newest_change, put_record
from cloud_sync.platform.figures import compute_figures
from cloud_sync.platform.lease_events import LeaseIncomplete, declare_lost
from cloud_sync.platform.leases import (
    AccountUnknown,
    BalanceExceeded,
    DeviceLost,
    LeaseEnded,
    credit,
    free_of,
    recall,
)
from tests.cloud_sync.ledger_of_accounts import Accounts


def test_money_that_comes_in_is_leased_out_up_to_the_limit() -> None:
    world = Accounts()
    account = world.account(fen=120)
    lease = world.lease(account)
    assert (lease.granted_fen, lease.recall, lease.closed) == (50, False, False)
    assert lease.id == f"{account}@k1-1#1"
    assert free_of(world.connection, account) == 70
    assert world.record(account)["balance_fen"] == 120


def test_a_spend_leaves_the_balance_and_is_renewed() -> None:
    world = Accounts()
    account = world.account(fen=120)
    world.spend("o1", account, 30)
    assert world.record(account)["balance_fen"] == 90
    assert world.lease(account).granted_fen == 80
    world.spend("o2", account, 50)
    assert world.lease(account).granted_fen == 120
    assert free_of(world.connection, account) == 0
    world.spend("o3", account, 40)
    assert world.record(account)["balance_fen"] == 0
    assert world.lease(account).granted_fen == 120
    assert world.incidents() == []
    world.check()


def test_the_same_spend_again_moves_nothing() -> None:
    world = Accounts()
    account = world.account(fen=120)
    world.spend("o1", account, 30)
    world.spend("o1", account, 30)
    assert world.record(account)["balance_fen"] == 90
    world.check()


def test_a_raise_is_absolute_and_repeated_without_harm() -> None:
    world = Accounts()
    account = world.account(fen=1000)
    assert world.raised(account, 300).granted_fen == 300
    assert world.raised(account, 300).granted_fen == 300
    assert world.raised(account, 200).granted_fen == 300
    assert free_of(world.connection, account) == 700
    with pytest.raises(BalanceExceeded) as refused:
        world.raised(account, 1001)
    assert refused.value.details["free_fen"] == 700
    assert world.lease(account).granted_fen == 300
    world.check()


def test_without_a_limit_in_the_contract_a_lease_is_made_when_it_is_asked_for() -> None:
    world = Accounts()
    world.terms(lease_limit_fen=0)
    account = world.account(fen=100)
    assert world.raised(account, 40).id == f"{account}@k1-1#1"
    assert world.raised(account, 60, lease=f"{account}@k1-1#1").granted_fen == 60


def test_two_devices_never_have_more_than_the_balance() -> None:
    world = Accounts()
    world.stream("k2", 1)
    account = world.account(fen=70)
    assert world.lease(account).granted_fen == 50
    assert world.lease(account, device="k2").granted_fen == 20
    assert free_of(world.connection, account) == 0


def test_a_recalled_lease_comes_back_with_its_event() -> None:
    world = Accounts()
    account = world.account(fen=100)
    lease = world.lease(account).id
    recall(world.connection, lease)
    assert world.lease(account).recall
    with pytest.raises(LeaseEnded):
        world.raised(account, 60)
    world.spend("o1", account, 20, lease=lease)
    assert world.lease(account).granted_fen == 50, "no renewal while it is recalled"
    world.apply("LeaseReturned", lease=lease, account=account, spent_fen=20)
    assert world.lease(account).closed
    assert world.lease(account, 2).granted_fen == 50, "a new one is granted of what is free"
    with pytest.raises(LeaseEnded):
        world.raised(account, 60, lease=lease)
    world.check()


def test_a_lease_does_not_come_back_before_its_last_spend() -> None:
    world = Accounts()
    account = world.account(fen=100)
    lease = world.lease(account).id
    with pytest.raises(LeaseIncomplete):
        world.apply("LeaseReturned", lease=lease, account=account, spent_fen=20)
    assert not world.lease(account).closed


def test_more_spent_than_granted_counts_and_is_an_incident() -> None:
    world = Accounts()
    account = world.account(fen=60)
    world.spend("o1", account, 55)
    assert world.record(account)["balance_fen"] == 5
    assert world.incidents() == ["lease_exceeded"]
    assert world.lease(account).granted_fen == 60, "what is left stays spendable"
    world.check()


def test_a_spend_that_names_no_lease_counts_and_is_an_incident() -> None:
    world = Accounts()
    account = world.account(fen=60)
    world.spend("o1", account, 5, lease="acc-x@k1-1#9")
    assert world.record(account)["balance_fen"] == 55
    assert world.incidents() == ["lease_foreign"]


def test_a_new_epoch_takes_the_old_leases_back_when_nothing_is_missing() -> None:
    world = Accounts()
    account = world.account(fen=100)
    old = world.lease(account).id
    world.stream("k1", 2)
    world.epoch, world.seq = 2, 100
    world.apply("EpochBegan", reason="hardware_changed", previous_epoch=1, previous_seq=100)
    row = world.connection.execute("SELECT closed, closed_reason FROM leases WHERE id=?", (old,)).fetchone()
    assert tuple(row) == (1, "epoch")
    assert world.lease(account).granted_fen == 50
    with pytest.raises(StreamSuperseded):
        world.epoch = 1
        world.raised(account, 60)


def test_a_life_from_an_older_copy_leaves_the_old_leases_out_until_a_person_speaks() -> None:
    world = Accounts()
    account = world.account(fen=80)
    old = world.lease(account).id
    world.stream("k1", 2)
    world.epoch, world.seq = 2, 40
    world.apply("EpochBegan", reason="restored", previous_epoch=1, previous_seq=40)
    assert free_of(world.connection, account) == 0, "50 in the old lease, 30 in the new one"
    assert world.lease(account).granted_fen == 30
    declare_lost(world.connection, "k1", 1, person="staff-7", now_ms=world.now_ms)
    assert world.lease(account).granted_fen == 50
    world.spend("o9", account, 10, lease=old)
    assert world.incidents() == ["spent_after_return"]
    assert world.record(account)["balance_fen"] == 70
    world.check()


def test_a_lost_device_is_granted_nothing() -> None:
    world = Accounts()
    account = world.account(fen=80)
    declare_lost(world.connection, "k1", 1, person="staff-7", now_ms=world.now_ms)
    assert world.lease(account).closed
    assert free_of(world.connection, account) == 80
    with pytest.raises(DeviceLost):
        world.raised(account, 10)


def test_an_account_that_is_not_there_is_refused() -> None:
    with pytest.raises(AccountUnknown):
        Accounts().raised("acc-none", 10)


def test_the_platforms_figures_say_what_accounts_hold_and_why() -> None:
    world = Accounts()
    account = world.account(fen=120)
    world.spend("o1", account, 30)
    figures = compute_figures(world.connection)
    (wallet,) = figures.accounts
    assert (wallet.kind, wallet.accounts, wallet.balance_fen, wallet.leased_fen) == ("wallet", 1, 90, 50)
    assert wallet.moved == {"opening": 120, "spent": -30}
    assert wallet.unequal == 0
    (lease,) = figures.leases
    assert (lease.granted_fen, lease.spent_fen, lease.open, lease.exceeded) == (80, 30, 1, 0)
    world.connection.execute("UPDATE accounts SET balance_fen=91")
    assert compute_figures(world.connection).accounts[0].unequal == 1


def test_a_wallet_that_paid_another_company_counts_and_is_an_incident() -> None:
    world = Accounts()
    account = world.account("wallet", "property", fen=60)
    world.spend("o1", account, 5)
    assert world.record(account)["balance_fen"] == 55
    assert world.incidents() == ["tender_not_allowed"]


def test_points_on_what_is_collected_for_others_count_and_are_an_incident() -> None:
    world = Accounts()
    account = world.account("points", "property", fen=60)
    for name, others in (("b1", True), ("b2", False)):
        bill = {"id": name, "room": "r", "item": "water", "payee": "water", "period": "2026-11"}
        money = {"due_on": "2026-11-30", "amount_fen": 500, "collected_for_others": others}
        put_record(world.connection, "bills", name, {**bill, **money})
        tender = {"kind": "points", "account": account, "lease": world.lease(account).id, "amount_fen": 10}
        body: dict[str, Any] = {
            "bill_id": name,
            "order_id": f"o-{name}",
            "amount_fen": 500,
            "tenders": [tender],
        }
        world.apply("BillPaid", 3, **body)
    assert world.incidents() == ["tender_not_allowed"]
    assert world.record(account)["balance_fen"] == 40
    world.check()


def mark(world: Accounts, account: str) -> tuple[int, int] | None:
    """Epoch and seq of the device's journal that the account's record includes."""
    change = newest_change(world.connection, "accounts", account)
    assert change is not None
    applied = change.applied_through
    return None if applied is None else (applied.epoch, applied.seq)


def test_a_version_that_no_event_made_still_names_the_place_in_the_journal() -> None:
    world = Accounts()
    account = world.account(fen=60)
    assert mark(world, account) is None
    world.spend("o1", account, 5)
    assert mark(world, account) == (1, 1)
    credit(world.connection, account, "topped_up", 500, Cause("app-1", world.now_ms))
    assert mark(world, account) == (1, 1)


def park(world: Accounts, seq: int, line: str) -> None:
    """An event that is in custody and could not be applied."""
    world.connection.execute(
        "INSERT INTO events (device, epoch, seq, id, type, at_ms, received_ms, line, hash)"
        " VALUES ('k1', 1, ?, ?, 't', 0, 0, CAST(? AS BLOB), '')",
        (seq, f"k1-1-{seq}", line),
    )
    world.connection.execute(
        "INSERT INTO parked (device, epoch, seq, type, reason, attempts, next_ms)"
        " VALUES ('k1', 1, ?, 't', 'r', 1, 0)",
        (seq,),
    )


def test_the_place_in_the_journal_stops_short_of_a_parked_event_of_the_account() -> None:
    world = Accounts()
    account = world.account(fen=60)
    park(world, 2, "a door")
    park(world, 3, f'"account":"{account}"')
    world.seq = 3
    world.spend("o1", account, 5)
    assert mark(world, account) == (1, 2), "what waits parked is not in the balance yet"
    world.connection.execute("DELETE FROM parked WHERE seq=3")
    world.spend("o2", account, 5)
    assert mark(world, account) == (1, 5)
