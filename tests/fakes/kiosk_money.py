"""The till and the accounts behind a screen, on paper: outcomes as the test sets them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from edge.errors import PlatformUnreachable, Refusal
from kiosk.desks.money_views import (
    AccountKind,
    Book,
    BookLine,
    Channel,
    Charge,
    ChargeState,
    Claimed,
    Double,
    Offer,
    Part,
    Payable,
)
from kiosk.desks.views import PaidPart, Receipt, ReceiptLine, Resident
from kiosk.words import Text
from tests.fakes.kiosk_desks import DAY_MS, PROPERTY, START_MS, STORE, PaperShop

WECHAT_CODE = "134567890123456789"
ALIPAY_CODE = "2812345678901234"
UNION_CODE = "6212345678901234567"
RECEIPT_CODE = "CE-R:k1-1-400.a1b2c3d4"


class ReceiptClaimed(Refusal):
    """As in the payment room."""

    code = "points_claimed"


@dataclass
class PaperTill:
    """Payments whose outcome the test sets; away: the platform cannot be reached.

    closing: what giving up answers; None: as `state`, with waiting become failed. codes: how many payment
    codes were handed over; the codes themselves are not kept. open: attempts without an end.
    """

    state: ChargeState = "waiting"
    closing: ChargeState | None = None
    reason: str = ""
    away: bool = False
    offers: tuple[Offer, ...] = ()
    started: int = 0
    placed: int = 0
    asked: int = 0
    codes: int = 0
    open: set[str] = field(default_factory=set)
    held: list[tuple[Part, ...]] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    lines: tuple[ReceiptLine, ...] = ()
    total_fen: int = 0
    points: int = 0
    paid_with: tuple[PaidPart, ...] = ()
    known: bool = False
    silent_codes: bool = False

    async def place_sale(
        self, quantities: Mapping[str, int], resident: Resident | None, seen_total_fen: int
    ) -> Payable:
        """See the port."""
        basket = await PaperShop().price(quantities)
        self.lines = tuple(
            ReceiptLine(
                Text(*(f"{n} {s}" for n, s in zip(line.product.name, line.product.spec, strict=True))),
                line.quantity,
                line.sum_fen,
            )
            for line in basket.lines
        )
        self.points, self.known = basket.points, resident is not None
        return self._place("sale", seen_total_fen, STORE, self.offers if resident else ())

    async def place_bills(
        self,
        bills: tuple[str, ...],
        resident: Resident,
        seen_total_fen: int,
        part_fen: int | None = None,
    ) -> Payable:
        """See the port."""
        del resident
        self.lines = tuple(ReceiptLine(Text(f"账单 {bill}", f"Bill {bill}"), None, 100) for bill in bills)
        self.points = 0
        return self._place("fee", part_fen or seen_total_fen, PROPERTY, self.offers)

    async def place_printed_bill(
        self, code: str, resident: Resident | None, seen_total_fen: int, part_fen: int | None = None
    ) -> Payable:
        """See the port."""
        self.lines = (ReceiptLine(Text("物业费 11月", "Property fee Nov 2026"), None, seen_total_fen),)
        self.points = 0
        assert code
        return self._place("fee", part_fen or seen_total_fen, PROPERTY, self.offers if resident else ())

    async def collect(self, order: Payable, parts: tuple[Part, ...], channel: Channel) -> Charge:
        """See the port."""
        return self._start(order, parts, channel, f"https://pay.example/{channel}/{order.order_id}")

    async def take_code(self, order: Payable, parts: tuple[Part, ...], code: str) -> Charge:
        """See the port."""
        self.codes += 1
        channel: Channel = "alipay" if self.code_channel(code) == "alipay" else "wechat"
        charge = self._start(order, parts, channel, "")
        return replace(
            charge,
            state=self.state,
            reason=self.reason,
            user_paying=self.state == "waiting" and not self.silent_codes,
        )

    async def pay_from_accounts(self, order: Payable, parts: tuple[Part, ...]) -> None:
        """See the port."""
        assert sum(part.amount_fen for part in parts) == order.total_fen
        self.held.append(parts)

    def code_channel(self, text: str) -> str:
        """See the port."""
        kinds = {WECHAT_CODE: "wechat", ALIPAY_CODE: "alipay", UNION_CODE: "other"}
        return kinds.get(text, "")

    async def ask(self, attempt_id: str, *, at_once: bool = False) -> Charge:
        """See the port."""
        del at_once
        self.asked += 1
        if self.away:
            raise PlatformUnreachable("away")
        return self._answer(attempt_id, self.state)

    async def give_up(self, attempt_id: str) -> Charge:
        """See the port."""
        self.given_up.append(attempt_id)
        if self.away:
            raise PlatformUnreachable("away")
        state: ChargeState = "failed" if self.state == "waiting" else self.state
        return self._answer(attempt_id, self.closing or state)

    async def park(self, attempt_id: str) -> None:
        """See the port."""
        self.parked.append(attempt_id)

    async def drop(self, order: Payable) -> None:
        """See the port."""
        assert not self.open, "an order with an open attempt is never given up"
        self.dropped.append(order.order_id)

    async def receipt(self, order_id: str) -> Receipt:
        """See the port."""
        return Receipt(
            order_id,
            STORE,
            self.lines,
            self.total_fen,
            self.points,
            START_MS + 16_000,
            3,
            f"CE-R:{order_id}.9f8e7d6c5b4a3928",
            number=118,
            paid_with=self.paid_with or (PaidPart(Text("微信支付", "WeChat Pay"), self.total_fen),),
            invoice=f"https://app.example/invoice/{order_id}",
            points_after_days=7,
            points_claim_days=30,
            points_credited=self.known,
        )

    def _place(self, purpose: str, fen: int, payee: Text, offers: tuple[Offer, ...]) -> Payable:
        self.placed += 1
        self.total_fen = fen
        number = f"k1-1-{411 + self.placed}"
        slip = f"CE-S:{number}.9f8e7d6c5b4a3928"
        return Payable(number, purpose, payee.en, payee, fen, offers, slip=slip)

    def _start(self, order: Payable, parts: tuple[Part, ...], channel: Channel, qr: str) -> Charge:
        if self.away:
            raise PlatformUnreachable("away")
        assert not self.open, "one open attempt for an order at most"
        self.started += 1
        attempt = f"a{order.order_id}" if self.started == 1 else f"a{order.order_id}-{self.started}"
        self.open.add(attempt)
        self.held.append(parts)
        self.channels.append(channel)
        rest_fen = order.total_fen - sum(part.amount_fen for part in parts)
        return Charge(attempt, order.order_id, channel, rest_fen, START_MS, qr, START_MS + 120_000)

    def _answer(self, attempt_id: str, state: ChargeState) -> Charge:
        if state in ("failed", "paid"):
            self.open.discard(attempt_id)
        number = attempt_id.split("-")
        order_id = "-".join(number[:3]).removeprefix("a")
        qr = f"https://pay.example/c/{order_id}" if not self.codes else ""
        expires_ms = START_MS + 120_000
        paying = bool(self.codes) and state == "waiting"
        return Charge(attempt_id, order_id, "wechat", 0, START_MS, qr, expires_ms, state, self.reason, paying)


POINTS_LINES = (
    BookLine(
        Text("买东西得的，退货期过后生效", "Earned by shopping, counts later"), 14, START_MS - 7_200_000
    ),
    BookLine(Text("抵了 11 月物业费", "Taken off the property fee of Nov"), -720, START_MS - 3 * DAY_MS),
    BookLine(Text("凭小票补领", "Claimed with a receipt"), 26, START_MS - 5 * DAY_MS),
    BookLine(Text("退货收回", "Taken back with returned goods"), -9, START_MS - 6 * DAY_MS),
    BookLine(Text("买东西得的", "Earned by shopping"), 30, START_MS - 9 * DAY_MS),
    BookLine(Text("买东西得的", "Earned by shopping"), 55, START_MS - 12 * DAY_MS),
)
WALLET_LINES = (
    BookLine(Text("在便民店付款", "Paid at the store"), -2180, START_MS - DAY_MS),
    BookLine(Text("充值", "Topped up"), 5000, START_MS - 2 * DAY_MS),
    BookLine(Text("退货退回", "Back for returned goods"), 660, START_MS - 4 * DAY_MS),
)
OFFERS = (Offer("points", 1284, 1284, 500), Offer("wallet", 3820, 3820, 3000))


@dataclass
class PaperAccounts:
    """Points, a wallet and a prepaid fee; receipts claimed once."""

    points: int = 1284
    doubles_open: tuple[Double, ...] = ()
    chosen: list[tuple[str, str]] = field(default_factory=list)
    claimed: set[str] = field(default_factory=set)

    async def books(self, resident: Resident, kind: AccountKind) -> tuple[Book, ...]:
        """See the port."""
        assert resident.subject == "res-1602"
        as_of = START_MS - 300_000
        if kind == "points":
            return (Book("p1", "points", PROPERTY, self.points, 14, as_of, 500, None, POINTS_LINES),)
        if kind == "wallet":
            return (Book("w1", "wallet", STORE, 3820, 0, as_of, 2000, 50_000, WALLET_LINES),)
        return (Book("f1", "prepaid_fee", PROPERTY, 120_000, 0, as_of, 0, None, ()),)

    async def claim_points(self, resident: Resident, receipt: str) -> Claimed:
        """See the port."""
        assert resident.subject == "res-1602"
        if receipt in self.claimed:
            raise ReceiptClaimed
        self.claimed.add(receipt)
        self.points += 26
        return Claimed(26, 7)

    async def place_top_up(self, resident: Resident, account: str, amount_fen: int) -> Payable:
        """See the port."""
        del resident
        return Payable(f"t-{account}", "top_up", STORE.en, STORE, amount_fen, slip="CE-S:t.1")

    async def doubles(self, resident: Resident) -> tuple[Double, ...]:
        """See the port."""
        del resident
        return self.doubles_open

    async def choose(self, resident: Resident, double: str, choice: Literal["refund", "credit"]) -> None:
        """See the port."""
        del resident
        self.chosen.append((double, choice))
        self.doubles_open = tuple(each for each in self.doubles_open if each.id != double)


PAID_TWICE = Double("d1", Text("物业费 11月", "Property fee Nov 2026"), PROPERTY, 26_880, START_MS - DAY_MS)
