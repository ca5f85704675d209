"""Points, balances and bills paid twice, without a browser."""

import pytest

from tests.fakes.kiosk_desks import RESIDENT_CODE
from tests.fakes.kiosk_money import PAID_TWICE, RECEIPT_CODE
from tests.fakes.kiosk_stand import Stand


@pytest.fixture
def stand() -> Stand:
    """A kiosk on paper."""
    return Stand()


@pytest.mark.parametrize("page", ["points", "wallet", "doubles"])
async def test_nothing_of_anybody_is_shown_before_a_resident_code(stand: Stand, page: str) -> None:
    await stand.do("touch", f"open={page}")
    assert stand.screen == "identify"
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.screen == page


async def test_a_receipt_is_claimed_once_identified(stand: Stand) -> None:
    await stand.session.scan("qr", RECEIPT_CODE)
    assert stand.screen == "identify" and stand.accounts.claimed == set()
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.screen == "points"
    assert stand.accounts.claimed == {RECEIPT_CODE}
    claimed = stand.session.visit.books.claimed
    assert claimed is not None and claimed.points == 26
    assert (
        stand.session.visit.books.points is not None and stand.session.visit.books.points.balance_fen == 1310
    )


async def test_a_receipt_is_claimed_once_only(stand: Stand) -> None:
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=points")
    await stand.session.scan("qr", RECEIPT_CODE)
    stand.clock.advance(2)
    await stand.session.scan("qr", RECEIPT_CODE)
    assert stand.accounts.points == 1310
    assert stand.session.visit.dialog is not None


async def test_the_points_of_a_sale_are_claimed_by_identifying_at_the_receipt(stand: Stand) -> None:
    await stand.do("touch", "open=shop", "add=soy", "add=milk", "pay")
    stand.till.state = "paid"
    await stand.do("ask_now")
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.screen == "points"
    assert stand.accounts.claimed == {"CE-R:k1-1-412.9f8e7d6c5b4a3928"}


async def test_a_bill_paid_twice_is_chosen_about_before_anything_else(stand: Stand) -> None:
    stand.accounts.doubles_open = (PAID_TWICE,)
    await stand.do("touch", "open=fees")
    await stand.session.scan("qr", RESIDENT_CODE)
    assert stand.screen == "doubles"
    await stand.do("choose=nonsense")
    assert stand.accounts.chosen == []
    await stand.do("choose=credit")
    assert stand.accounts.chosen == [("d1", "credit")]
    assert stand.screen == "fees"


async def test_the_choice_can_wait(stand: Stand) -> None:
    stand.accounts.doubles_open = (PAID_TWICE,)
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("later")
    assert stand.screen == "home" and stand.accounts.chosen == []


async def test_a_top_up_is_paid_like_anything_else_and_leads_back(stand: Stand) -> None:
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=wallet", "top_up=777", "top_up=5000")
    assert stand.screen == "pay"
    assert stand.session.visit.paying is not None and stand.session.visit.paying.order.total_fen == 5000
    await stand.do("give_up")
    assert stand.screen == "wallet"


async def test_each_account_can_be_looked_at(stand: Stand) -> None:
    await stand.session.scan("qr", RESIDENT_CODE)
    await stand.do("open=wallet", "issuer=next", "issuer=next")
    book = stand.session.screen.view(stand.session)["book"]
    assert book is not None and book.kind == "prepaid_fee"  # type: ignore[attr-defined]
    await stand.do("issuer=previous", "issuer=previous")
    assert stand.session.visit.books.wallet_place == 0
