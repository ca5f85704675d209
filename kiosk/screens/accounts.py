"""Points, balances, and bills that were paid twice: what the identified resident owns here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from edge.pay.receipts import CODE_PREFIX as RECEIPT_PREFIX
from kiosk.desks.money_views import Book
from kiosk.layout import page_count
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.paying import begin_payment
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

TOP_UPS_FEN = (5_000, 10_000, 20_000, 50_000)
"""Sums that are offered for a top-up 充值 (ours; the contract's limit decides which of them)."""


def copy_words(as_of_ms: int | None, now_ms: int) -> Text:
    """How old the platform's figures are."""
    if as_of_ms is None:
        return Text("不知道是几时的数", "Not known how old these figures are")
    minutes = max(0, now_ms - as_of_ms) // 60_000
    if minutes < 2:
        return Text("刚和平台核对过", "Checked with the platform just now")
    if minutes < 120:
        return Text("{n} 分钟前和平台核对过", "Checked with the platform {n} min ago").fill(n=minutes)
    return Text("{n} 小时前和平台核对过", "Checked with the platform {n} hours ago").fill(n=minutes // 60)


def _ask_who(session: "Session", wanted: str) -> bool:
    """Lead to identification first; whether that was needed."""
    visit = session.visit
    if visit.resident is not None:
        return False
    visit.wanted, visit.screen = wanted, "identify"
    return True


def _lines_view(session: "Session", book: Book | None) -> dict[str, object]:
    """One page of an account's movements, and what is to be known of its figures."""
    visit, size = session.visit, session.rows("moves")
    lines = book.lines if book else ()
    pages = page_count(len(lines), size)
    visit.page = min(visit.page, pages - 1)
    return {
        "book": book,
        "lines": lines[visit.page * size : (visit.page + 1) * size],
        "page": visit.page,
        "pages": pages,
        "as_of": copy_words(book.as_of_ms if book else None, session.now_ms),
        "offline": session.desks.health.conditions().has("platform"),
    }


class PointsScreen(Screen):
    """Points: what there is, what counts later, each line, and the claim of a receipt's points."""

    name = "points"
    template = "points.html"
    timeout_s = 90

    async def enter(self, session: "Session") -> None:
        """Read the points; a receipt that was shown before is claimed now."""
        visit = session.visit
        if _ask_who(session, "points") or visit.resident is None:
            return
        receipt, visit.receipt_code = visit.receipt_code, ""
        books = await session.desks.accounts.books(visit.resident, "points")
        visit.books.points = books[0] if books else None
        if receipt:
            await claim(session, receipt)

    def view(self, session: "Session") -> dict[str, object]:
        """The balance and one page of lines."""
        books = session.visit.books
        return {"claimed": books.claimed, **_lines_view(session, books.points)}

    async def scanned(self, session: "Session", symbology: str, text: str) -> bool:
        """The code of a receipt: its points are claimed."""
        del symbology
        if not text.startswith(RECEIPT_PREFIX):
            return False
        await claim(session, text)
        return True


class WalletScreen(Screen):
    """Balances, one issuer at a time; topping one up."""

    name = "wallet"
    template = "wallet.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {"issuer": _issuer, "top_up": _top_up}

    async def enter(self, session: "Session") -> None:
        """Read the balances."""
        visit, desk = session.visit, session.desks.accounts
        if _ask_who(session, "wallet") or visit.resident is None:
            return
        wallets = await desk.books(visit.resident, "wallet")
        visit.books.wallets = wallets + await desk.books(visit.resident, "prepaid_fee")

    def view(self, session: "Session") -> dict[str, object]:
        """The chosen balance, one page of its lines, the sums that may be added."""
        books = session.visit.books
        place = min(books.wallet_place, max(0, len(books.wallets) - 1))
        book = books.wallets[place] if books.wallets else None
        room_fen = None if book is None or book.limit_fen is None else book.limit_fen - book.balance_fen
        return {
            "place": place,
            "wallets": books.wallets,
            "top_ups": [(fen, room_fen is None or fen <= room_fen) for fen in TOP_UPS_FEN],
            **_lines_view(session, book),
        }


class DoublesScreen(Screen):
    """A bill that was paid twice: the money back, or kept as prepaid fee."""

    name = "doubles"
    template = "doubles.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {"choose": _choose, "later": _later}

    async def enter(self, session: "Session") -> None:
        """Read what the resident has still to choose."""
        visit = session.visit
        if _ask_who(session, "doubles") or visit.resident is None:
            return
        visit.books.doubles = await session.desks.accounts.doubles(visit.resident)

    def view(self, session: "Session") -> dict[str, object]:
        """The first of them."""
        doubles = session.visit.books.doubles
        return {"double": doubles[0] if doubles else None, "others": max(0, len(doubles) - 1)}


async def claim(session: "Session", receipt: str) -> None:
    """Credit a receipt's points to the identified resident."""
    visit = session.visit
    if visit.resident is None:
        return
    visit.books.claimed = await session.desks.accounts.claim_points(visit.resident, receipt)
    session.knock("done")
    books = await session.desks.accounts.books(visit.resident, "points")
    visit.books.points = books[0] if books else None


async def show_receipt_code(session: "Session", receipt: str) -> None:
    """A receipt's code was shown on another page: claim its points, after asking who it is."""
    session.visit.receipt_code = receipt
    session.knock("read")
    await session.show("points")
    if session.visit.screen == "identify":
        session.say(Text("领积分，先认一认您", "To claim points, show who you are first"), icon="points")


async def _issuer(session: "Session", value: str) -> None:
    books = session.visit.books
    step = 1 if value == "next" else -1
    books.wallet_place = min(max(0, books.wallet_place + step), max(0, len(books.wallets) - 1))
    session.visit.page = 0


async def _top_up(session: "Session", value: str) -> None:
    visit, books = session.visit, session.visit.books
    if visit.resident is None or not books.wallets or value not in {str(fen) for fen in TOP_UPS_FEN}:
        return
    book = books.wallets[min(books.wallet_place, len(books.wallets) - 1)]
    order = await session.desks.accounts.place_top_up(visit.resident, book.id, int(value))
    await begin_payment(session, order, origin="wallet")


CHOICES: dict[str, Literal["refund", "credit"]] = {"refund": "refund", "credit": "credit"}
CHOSEN: dict[str, Text] = {
    "refund": Text("已安排退款，原路退回", "It goes back the way it was paid"),
    "credit": Text("已转为预存物业费", "It is kept as prepaid property fee"),
}


async def _choose(session: "Session", value: str) -> None:
    visit, choice = session.visit, CHOICES.get(value)
    if choice is None or visit.resident is None or not visit.books.doubles:
        return
    await session.desks.accounts.choose(visit.resident, visit.books.doubles[0].id, choice)
    session.knock("done")
    visit.books.doubles = await session.desks.accounts.doubles(visit.resident)
    if not visit.books.doubles:
        await _later(session, "")
    session.say(CHOSEN[value])


async def _later(session: "Session", value: str) -> None:
    """Go on to what the person came for; the choice stays open."""
    del value
    wanted, session.visit.wanted = session.visit.wanted, ""
    await session.show(wanted or "home", remember=False)
