"""Mixed tenders over the real shop and ledger: every figure here was worked out by hand."""

from typing import Any

import pytest

from edge.books.ledger import balances, verify
from edge.books.verification import verify_books
from edge.pay.accounts import accounts_of, find_account
from edge.pay.errors import AccountUnknown, LeaseExceeded, OtherIssuer, TenderNotAllowed, TendersDiffer
from edge.pay.leases import find_lease
from edge.pay.refunds import request_refund
from edge.pay.states import Answer, AttemptState
from edge.pay.tenders import OrderLimits, Tender, offers, share_tenders, tenders_of
from edge.shop.catalogue import apply_product, find_product
from edge.shop.checkout import PlacedOrder, find_order, place_order, sale_limits
from edge.store.inline import InlineStore
from tests.fakes.accounts import SUBJECT, begin, end, pay, put_account, put_lease, tender
from tests.fakes.clock import FakeClock
from tests.fakes.trade import (
    basket_of,
    events_of,
    on_hand,
    open_store,
    product_data,
    put_contract,
    put_product,
)


@pytest.fixture
def store() -> InlineStore:
    store = open_store(FakeClock())
    put_contract(store, version=3)
    put_product(store, 1, pieces=9)
    put_product(store, 2, pieces=9, price_fen=3990)
    put_account(store, "points", 10_000)
    return store


def place(store: InlineStore, resident: str | None = SUBJECT) -> PlacedOrder:
    """Two bottles at 12.80 and a bag at 39.90: 65.50 yuan, points at 0.5 %."""
    soy, rice = (find_product(store.connection, sku) for sku in ("s1", "s2"))
    basket = basket_of((soy, 2), (rice, 1))
    return store.run_now(lambda unit: place_order(unit, basket, resident=resident, kiosk="k1"))


def three_parts(store: InlineStore) -> tuple[Tender, Tender]:
    """5.50 in points of the property company, 20.00 of the shop's own wallet; the channel pays 40.00."""
    return tender(store, "points", 550), tender(store, "wallet", 2000, issuer="shop")


def test_points_wallet_and_channel_pay_one_order_together(store: InlineStore) -> None:
    order = place(store)
    attempt = pay(store, order, *three_parts(store))
    assert (attempt.amount_fen, attempt.held_fen, attempt.total_fen) == (4000, 2550, 6550)
    assert find_order(store.connection, order.order_id).state == "paid"
    (sale,) = events_of(store, "SaleSettled")
    assert [(each["kind"], each["amount_fen"]) for each in sale["tenders"]] == [
        ("points", 550),
        ("wallet", 2000),
    ]
    # What points paid earns none: 550 spread over 25.60 and 39.90 leaves 23.45 and 36.55, 0.5 % of 60.00.
    assert (sale["points"], sale["points_account"]) == (30, "a-points-property-res-1")
    assert balances(store.connection) == {
        "assets:channel:shop": 4000,
        "assets:tenders:shop": 2550,
        "income:goods:shop": -6550,
        "expense:points:shop": 30,
        "liability:points:shop": -30,
        "liability:points:property": 550,
        "liability:tenders:property": -550,
        "liability:wallet:shop": 2000,
        "liability:tenders:shop": -2000,
    }
    assert verify(store.connection) == []
    assert verify_books(store.connection).differences == ()
    assert sum(balances(store.connection).values()) == 0


def test_points_earn_points_only_where_the_contract_says_so(store: InlineStore) -> None:
    put_contract(store, version=4, points_on_points_paid=True)
    pay(store, place(store), *three_parts(store))
    (sale,) = events_of(store, "SaleSettled")
    assert sale["points"] == 33  # 0.5 % of 65.50 is 32.75


def test_a_hold_is_no_spend_until_the_channel_has_paid(store: InlineStore) -> None:
    order = place(store)
    points, wallet = three_parts(store)
    attempt = begin(store, order, wallet, points)
    lease = find_lease(store.connection, points.lease)
    assert lease is not None
    assert (lease.held_fen, lease.spent_fen, lease.left_fen) == (550, 0, 9450)
    assert find_account(store.connection, points.account).balance_fen == 10_000
    assert [each.kind for each in tenders_of(store.connection, attempt.id)] == ["points", "wallet"]
    assert balances(store.connection) == {}
    end(store, attempt)
    lease = find_lease(store.connection, points.lease)
    assert lease is not None
    assert (lease.held_fen, lease.spent_fen, lease.left_fen) == (0, 550, 9450)
    assert find_account(store.connection, points.account).balance_fen == 9450


@pytest.mark.parametrize("answer", [Answer.FAILED, Answer.REVERSED])
def test_holds_are_free_again_when_no_money_came(store: InlineStore, answer: Answer) -> None:
    order = place(store)
    parts = three_parts(store)
    attempt = end(store, begin(store, order, *parts), answer)
    assert tenders_of(store.connection, attempt.id) == ()
    for part in parts:
        lease = find_lease(store.connection, part.lease)
        assert lease is not None
        assert (lease.held_fen, lease.spent_fen) == (0, 0)
    pay(store, order, *parts)
    assert find_order(store.connection, order.order_id).state == "paid"


def test_holds_stay_while_the_outcome_is_unknown(store: InlineStore) -> None:
    parts = three_parts(store)
    attempt = end(store, begin(store, place(store), *parts), Answer.UNSURE)
    assert attempt.state is AttemptState.UNKNOWN
    lease = find_lease(store.connection, parts[0].lease)
    assert lease is not None
    assert lease.held_fen == 550
    end(store, attempt)
    assert len(events_of(store, "SaleSettled")) == 1


def test_money_that_comes_too_late_goes_back_and_spends_no_hold(store: InlineStore) -> None:
    parts = three_parts(store)
    attempt = end(store, begin(store, place(store), *parts), Answer.FAILED)
    end(store, attempt)
    (refund,) = events_of(store, "RefundRequested")
    assert refund["amount_fen"] == 4000
    assert tenders_of(store.connection, attempt.id) == ()
    assert balances(store.connection) == {"assets:channel:shop": 4000, "liability:refunds:shop": -4000}


def test_with_nothing_left_for_the_channel_one_unit_does_it_all(store: InlineStore) -> None:
    order = place(store)
    paid = pay(store, order, tender(store, "points", 6550))
    assert (paid.channel, paid.amount_fen, paid.state) == ("", 0, AttemptState.PAID)
    assert find_order(store.connection, order.order_id).state == "paid"
    (sale,) = events_of(store, "SaleSettled")
    assert (sale["points"], sale["points_account"]) == (0, "")
    assert balances(store.connection) == {
        "assets:tenders:shop": 6550,
        "income:goods:shop": -6550,
        "liability:points:property": 6550,
        "liability:tenders:property": -6550,
    }


def test_the_wallet_of_another_company_is_refused(store: InlineStore) -> None:
    order = place(store)
    foreign = tender(store, "wallet", 2000, issuer="property")
    before = list(store.connection.iterdump())
    with pytest.raises(OtherIssuer):
        begin(store, order, foreign)
    assert list(store.connection.iterdump()) == before


def test_a_prepaid_fee_buys_no_goods(store: InlineStore) -> None:
    order = place(store)
    with pytest.raises(TenderNotAllowed):
        begin(store, order, tender(store, "prepaid_fee", 100, issuer="shop"))


def test_points_never_pay_restricted_goods(store: InlineStore) -> None:
    order = place(store)
    store.run_now(
        lambda unit: apply_product(unit, "s2", 9, product_data(2, price_fen=3990, restricted="wine"))
    )
    limits = sale_limits(store.connection, order.order_id)
    assert (limits.points_fen, limits.wallet_fen) == (2560, 6550)
    with pytest.raises(TenderNotAllowed):
        begin(store, order, tender(store, "points", 2561))
    begin(store, order, tender(store, "points", 2560))


def test_points_never_pay_what_is_collected_for_others(store: InlineStore) -> None:
    order = place(store)
    limits = OrderLimits(subject=SUBJECT, payee="water", total_fen=6550, points_fen=0, wallet_fen=0)
    with pytest.raises(TenderNotAllowed):
        begin(store, order, tender(store, "points", 1), limits=limits)


def test_nobody_pays_with_the_account_of_another(store: InlineStore) -> None:
    mine = place(store)
    with pytest.raises(AccountUnknown):
        begin(store, mine, tender(store, "points", 100, subject="res-2"))
    nobodys = place(store, resident=None)
    with pytest.raises(AccountUnknown):
        begin(store, nobodys, tender(store, "points", 100))
    assert offers(store.connection, sale_limits(store.connection, nobodys.order_id)) == ()


def test_an_account_does_not_pass_for_another_kind(store: InlineStore) -> None:
    wallet = tender(store, "wallet", 100, issuer="shop")
    as_points = Tender(kind="points", account=wallet.account, lease=wallet.lease, amount_fen=100)
    with pytest.raises(AccountUnknown):
        begin(store, place(store), as_points)


def test_a_lease_is_never_exceeded(store: InlineStore) -> None:
    account = put_account(store, "points", 5000)
    lease = put_lease(store, account, 600)

    def part(amount_fen: int) -> Tender:
        return Tender(kind="points", account=account, lease=lease, amount_fen=amount_fen)

    first, second = place(store), place(store)
    begin(store, first, part(550))
    with pytest.raises(LeaseExceeded) as refused:
        begin(store, second, part(51))
    assert refused.value.details == {"left_fen": 50}
    begin(store, second, part(50))


@pytest.mark.parametrize("ended", [{"recall": True}, {"closed": True}, {"epoch": 2}])
def test_a_lease_that_ended_or_is_of_another_epoch_is_not_spent(
    store: InlineStore, ended: dict[str, Any]
) -> None:
    account = put_account(store, "points", 5000)
    lease = put_lease(store, account, 600, **ended)
    with pytest.raises(LeaseExceeded):
        begin(store, place(store), Tender(kind="points", account=account, lease=lease, amount_fen=1))


@pytest.mark.parametrize("amounts", [(0, 100), (-5, 100), (100, 100)])
def test_parts_that_are_no_sums_of_the_order_are_refused(
    store: InlineStore, amounts: tuple[int, int]
) -> None:
    account = put_account(store, "points", 50_000)
    lease = put_lease(store, account, 50_000)
    parts = [
        Tender(kind="points", account=account, lease=lease, amount_fen=amount) for amount in amounts if amount
    ]
    limits = OrderLimits(subject=SUBJECT, payee="shop", total_fen=6551, points_fen=6550)
    with pytest.raises(TendersDiffer):
        begin(store, place(store), *parts, limits=limits)


def test_what_accounts_may_pay_is_offered_in_the_order_of_use(store: InlineStore) -> None:
    order = place(store)
    points = put_account(store, "points", 800)
    put_account(store, "wallet", 9000, issuer="property")
    put_account(store, "wallet", 9000, issuer="shop")
    put_account(store, "prepaid_fee", 9000)
    put_lease(store, points, 300)
    made = offers(store.connection, sale_limits(store.connection, order.order_id))
    assert [(each.kind, each.issuer, each.usable_fen, each.left_fen, each.reason) for each in made] == [
        ("points", "property", 800, 300, ""),
        ("prepaid_fee", "property", 0, 0, "other_issuer"),
        ("wallet", "property", 0, 0, "other_issuer"),
        ("wallet", "shop", 6550, 0, ""),
    ]


def test_our_own_spends_lie_over_the_record_until_it_includes_them(store: InlineStore) -> None:
    order = place(store)
    pay(store, order, tender(store, "points", 550))
    (points,) = accounts_of(store.connection, SUBJECT)
    assert (points.balance_fen, points.unconfirmed_fen) == (9450, -550)
    settled_seq = find_order(store.connection, order.order_id).settled_seq
    assert settled_seq is not None
    put_account(store, "points", 10_000, version=2, through=settled_seq - 9)
    assert find_account(store.connection, points.id).balance_fen == 9450
    put_account(store, "points", 9450, version=3, through=settled_seq)
    points = find_account(store.connection, points.id)
    assert (points.balance_fen, points.unconfirmed_fen) == (9450, 0)


def test_a_refund_stays_over_a_record_that_includes_all_but_the_refund(store: InlineStore) -> None:
    order = place(store)
    pay(store, order, tender(store, "wallet", 550, issuer="shop"))
    account = f"a-wallet-shop-{SUBJECT}"
    before = store.executor.head.seq
    store.run_now(lambda unit: request_refund(unit, order.order_id, order.total_fen, "returned"))
    put_account(store, "wallet", 9450, issuer="shop", version=2, through=before)
    assert find_account(store.connection, account).balance_fen == 10_000


def test_a_sale_without_tenders_touches_no_table_of_theirs(store: InlineStore) -> None:
    pay(store, place(store))
    for table in ("tender_holds", "overlay", "leases", "points_claims"):
        assert store.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert on_hand(store, "s1") == 7


def test_parts_are_shared_over_bills_in_turn() -> None:
    points = Tender(kind="points", account="a", lease="l", amount_fen=250)
    wallet = Tender(kind="wallet", account="b", lease="m", amount_fen=100)
    shares = share_tenders((points, wallet), (200, 100, 500))
    assert [[(each.kind, each.amount_fen) for each in share] for share in shares] == [
        [("points", 200)],
        [("points", 50), ("wallet", 50)],
        [("wallet", 50)],
    ]
