"""Leases: cumulative both ways, raised on request, given back when nothing of them is held."""

import pytest

from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.errors import AccountUnknown, BalanceExceeded, LeaseExceeded
from edge.pay.leases import LeaseDesk, LeaseRecord, find_lease, lease_left_fen, live_lease
from edge.pay.states import Answer
from edge.shop.catalogue import find_product
from edge.shop.checkout import PlacedOrder, place_order
from edge.store.inline import InlineStore
from tests.fakes.accounts import begin, end, put_account, put_lease, tender
from tests.fakes.clock import FakeClock
from tests.fakes.trade import basket_of, events_of, open_store, put_product


class FakeLeases:
    """The platform's answer to a raise, and what was asked."""

    def __init__(self, free_fen: int = 100_000) -> None:
        self.free_fen = free_fen
        self.error: Exception | None = None
        self.asked: list[tuple[str, int]] = []

    async def raise_lease(self, account: str, *, lease: str, epoch: int, granted_fen: int) -> LeaseRecord:
        self.asked.append((lease, granted_fen))
        if self.error is not None:
            raise self.error
        granted = min(granted_fen, self.free_fen)
        return LeaseRecord(
            id=lease or f"{account}@k1-{epoch}#1",
            account=account,
            device="k1",
            epoch=epoch,
            granted_fen=granted,
        )


@pytest.fixture
def store() -> InlineStore:
    store = open_store(FakeClock())
    put_product(store, 1, pieces=9)
    return store


def place(store: InlineStore) -> PlacedOrder:
    soy = find_product(store.connection, "s1")
    return store.run_now(lambda unit: place_order(unit, basket_of((soy, 1)), resident="res-1", kiosk="k1"))


def spend(store: InlineStore, amount_fen: int) -> str:
    part = tender(store, "points", amount_fen)
    end(store, begin(store, place(store), part))
    return part.lease


async def test_a_lease_with_room_is_used_without_asking(store: InlineStore) -> None:
    account = put_account(store, "points", 5000)
    put_lease(store, account, 600)
    platform = FakeLeases()
    assert (await LeaseDesk(store, platform).cover(account, 600)).left_fen == 600
    assert platform.asked == []


async def test_more_is_asked_for_as_one_absolute_figure(store: InlineStore) -> None:
    lease = spend(store, 400)
    account = lease.partition("@")[0]
    begin(store, place(store), tender(store, "points", 300))
    platform = FakeLeases()
    raised = await LeaseDesk(store, platform).cover(account, 9_400)
    assert platform.asked == [(lease, 400 + 300 + 9_400)]
    assert (raised.granted_fen, raised.left_fen) == (10_100, 9_400)
    assert lease_left_fen(store.connection, account) == 9_400


async def test_the_first_lease_comes_by_asking(store: InlineStore) -> None:
    account = put_account(store, "points", 5000)
    lease = await LeaseDesk(store, FakeLeases()).cover(account, 700)
    assert (lease.id, lease.granted_fen, lease.left_fen) == (f"{account}@k1-1#1", 700, 700)


async def test_without_the_platform_the_lease_is_the_end(store: InlineStore) -> None:
    account = put_account(store, "points", 5000)
    put_lease(store, account, 600)
    platform = FakeLeases()
    platform.error = PlatformUnreachable("away")
    with pytest.raises(LeaseExceeded) as refused:
        await LeaseDesk(store, platform).cover(account, 601)
    assert refused.value.details == {"left_fen": 600}


async def test_more_than_the_account_has_is_refused(store: InlineStore) -> None:
    account = put_account(store, "points", 500)
    platform = FakeLeases()
    platform.error = PlatformRejected(409, "balance_exceeded")
    with pytest.raises(BalanceExceeded) as refused:
        await LeaseDesk(store, platform).cover(account, 501)
    assert refused.value.details == {"free_fen": 500}
    platform.error = PlatformRejected(409, "lease_ended")
    with pytest.raises(LeaseExceeded):
        await LeaseDesk(store, platform).cover(account, 501)


async def test_a_platform_that_grants_less_is_not_believed_to_grant_enough(store: InlineStore) -> None:
    account = put_account(store, "points", 5000)
    with pytest.raises(LeaseExceeded):
        await LeaseDesk(store, FakeLeases(free_fen=300)).cover(account, 301)


async def test_an_account_that_is_not_here_has_no_lease(store: InlineStore) -> None:
    with pytest.raises(AccountUnknown):
        await LeaseDesk(store, FakeLeases()).cover("a-nobody", 1)


def test_what_was_granted_never_shrinks_and_what_was_spent_stays(store: InlineStore) -> None:
    lease = spend(store, 400)
    account = lease.partition("@")[0]
    put_lease(store, account, 300, version=2)
    kept = find_lease(store.connection, lease)
    assert kept is not None
    assert (kept.granted_fen, kept.spent_fen, kept.left_fen) == (10_000, 400, 9_600)


def test_leases_of_other_devices_are_not_ours(store: InlineStore) -> None:
    account = put_account(store, "points", 5000)
    put_lease(store, account, 600, device="k2")
    assert live_lease(store.connection, account) is None


def test_a_recalled_lease_comes_back_at_once_when_nothing_is_held(store: InlineStore) -> None:
    lease = spend(store, 400)
    account = lease.partition("@")[0]
    for version in (2, 3):
        put_lease(store, account, 10_000, version=version, recall=True)
    (returned,) = events_of(store, "LeaseReturned")
    assert returned == {"lease": lease, "account": account, "spent_fen": 400}


@pytest.mark.parametrize(("answer", "spent_fen"), [(Answer.PAID, 250), (Answer.FAILED, 0)])
def test_a_recalled_lease_comes_back_after_its_last_hold(
    store: InlineStore, answer: Answer, spent_fen: int
) -> None:
    part = tender(store, "points", 250)
    attempt = begin(store, place(store), part)
    put_lease(store, part.account, 10_000, version=2, recall=True)
    end(store, attempt, Answer.UNSURE)
    assert events_of(store, "LeaseReturned") == []
    end(store, attempt, answer)
    (returned,) = events_of(store, "LeaseReturned")
    assert returned["spent_fen"] == spent_fen
    if answer is Answer.PAID:
        kinds = [row[0] for row in store.connection.execute("SELECT type FROM journal ORDER BY seq")]
        assert kinds.index("LeaseReturned") > kinds.index("SaleSettled")


def test_a_lease_never_goes_out_of_the_books(store: InlineStore) -> None:
    lease = spend(store, 400)
    from edge.pay.leases import apply_lease

    store.run_now(lambda unit: apply_lease(unit, lease, 9, None))
    kept = find_lease(store.connection, lease)
    assert kept is not None
    assert kept.spent_fen == 400
