"""The rooms behind a screen, on paper: fakes of the kiosk's ports that a test can push about."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from edge.access.credentials.errors import CardUnknown, RoomPinRefused
from edge.access.lockers.errors import PickupCodeWrong
from edge.errors import Refusal
from kiosk.desks.locker_views import Problem, WaitingOrder
from kiosk.desks.ports import CodeKind
from kiosk.desks.views import (
    Account,
    Bank,
    BankCell,
    Basket,
    Bill,
    CellState,
    Condition,
    Conditions,
    Entry,
    Line,
    Notice,
    Pickup,
    PickupCell,
    Product,
    Resident,
    Saving,
    Shelf,
)
from kiosk.words import Text

START_MS = 1_795_339_920_000
"""2026-11-22 17:32 in China."""
DAY_MS = 86_400_000
PROPERTY = Text("和园物业公司", "Heyuan Property Co.")
STORE = Text("和园里便民店", "Heyuan Court Store")
WATER = Text("自来水公司", "City Water")


class UnknownProduct(Refusal):
    """As in the shop."""

    code = "unknown_product"


class LotExpired(Refusal):
    """As in the shop."""

    code = "lot_expired"


class NotAPass(Refusal):
    """As in trust."""

    code = "not_a_pass"


def _product(sku: str, zh: str, en: str, spec: str, fen: int, picture: str) -> Product:
    return Product(
        sku, Text(zh, en), Text(spec, spec), fen, picture, points=fen // 200, expires_on="2027-08-30"
    )


PRODUCTS = (
    _product("soy", "古法酱油", "Soy sauce", "500 ml", 1280, "soy"),
    _product("milk", "鲜牛奶", "Fresh milk", "950 ml", 1580, "milk"),
    _product("noodle", "鸡蛋挂面", "Egg noodles", "1 kg", 660, "noodle"),
    _product("orange", "砂糖橘", "Sugar tangerines", "500 g", 900, "orange"),
    _product("rice", "东北大米", "Northeast rice", "5 kg", 3990, "rice"),
    _product("oil", "菜籽油", "Rapeseed oil", "5 L", 6990, "oil"),
    _product("tissue", "抽纸", "Tissues", "6 ×", 1990, "tissue"),
    _product("yogurt", "酸奶", "Yoghurt", "200 g", 890, "yogurt"),
    _product("eggs", "鲜鸡蛋", "Eggs", "30 ×", 2880, "eggs"),
)
CATEGORIES = (
    ("often", Text("常买", "Popular")),
    ("grain", Text("米面油", "Staples")),
    ("dairy", Text("奶蛋", "Dairy")),
    ("fruit", Text("果蔬", "Produce")),
    ("home", Text("日用", "Household")),
    ("drinks", Text("饮料", "Drinks")),
)
EANS = {"6901234567892": "soy", "6902222000018": "milk"}


@dataclass
class PaperShop:
    """A shelf of nine products; spend 65 yuan, save 5."""

    expired: set[str] = field(default_factory=set)

    async def find(self, code: str) -> Product:
        """See the port."""
        sku = EANS.get(code)
        if sku is None:
            raise UnknownProduct(ean=code)
        if sku in self.expired:
            raise LotExpired(sku=sku)
        return self._by_sku(sku)

    async def categories(self) -> tuple[tuple[str, Text], ...]:
        """See the port."""
        return CATEGORIES

    async def shelf(self, category: str, page: int, size: int) -> Shelf:
        """See the port."""
        del category
        return _page(PRODUCTS, page, size)

    async def search(self, typed: str, page: int, size: int) -> Shelf:
        """See the port."""
        hits = tuple(product for product in PRODUCTS if typed in product.name.en.lower() or typed == "jy")
        return _page(hits, page, size)

    async def price(self, quantities: Mapping[str, int]) -> Basket:
        """See the port."""
        lines = tuple(
            Line(self._by_sku(sku), pieces, self._by_sku(sku).price_fen * pieces)
            for sku, pieces in quantities.items()
        )
        total = sum(line.sum_fen for line in lines)
        savings = (Saving(Text("满65减5", "Spend 65, save 5"), 500),) if total >= 6500 else ()
        nudge = Text("再买 {n} 元，减 5 元", "{n} yuan more saves 5").fill(n=f"{(6500 - total) / 100:.2f}")
        total -= sum(saving.saving_fen for saving in savings)
        return Basket(lines, savings, total, total // 200, nudge if lines and not savings else None)

    def _by_sku(self, sku: str) -> Product:
        return next(product for product in PRODUCTS if product.sku == sku)


def _page(products: tuple[Product, ...], page: int, size: int) -> Shelf:
    pages = max(1, -(-len(products) // size))
    page = min(page, pages - 1)
    return Shelf(products[page * size : (page + 1) * size], page, pages)


COLUMNS = (
    ("A01:s", "A02:s", "A03:m", "A04:m", "A05:l"),
    ("B01:m", "B02:m", "B03:m", "B04:m", "B05:m"),
    ("K01:m", "K02:l"),
    ("C01:s", "C02:s", "C03:s", "C04:m", "C05:m", "C06:m"),
    ("D01:m", "D02:m", "D03:m", "D04:m", "D05:m"),
    ("E01:l", "E02:m", "E03:l", "E04:s"),
)
STATES_OF_CELLS: dict[str, Literal["occupied", "held", "out_of_order"]] = {
    **{name: "occupied" for name in ("A04", "B03", "C04", "D03")},
    **{"D04": "held", "E02": "out_of_order"},
}
ORDER_CODE = "CE1:ORDER"
RESIDENT_CODE = "CE1:RESIDENT"
VISITOR_CODE = "CE1:VISITOR"
DEPOSIT_CODE = "CE1:DEPOSIT"
CARD_NUMBER, ROOM_PIN = "12345678", "271828"
PICKUP_DIGITS = "40718265"


THREE_CELLS = (
    PickupCell("B03", Text("鸡蛋、挂面", "Eggs, noodles"), "waiting"),
    PickupCell("C04", Text("东北大米 5 公斤", "Northeast rice 5 kg"), "waiting"),
    PickupCell("D03", Text("砂糖橘 2 斤", "Tangerines 1 kg"), "waiting"),
)


@dataclass
class PaperLockers:
    """Three cells whose doors the test moves."""

    cells: list[PickupCell] = field(default_factory=lambda: list(THREE_CELLS))
    halted: str = ""
    opened: list[str] = field(default_factory=list)
    reported: list[tuple[str, str]] = field(default_factory=list)
    unknown_doors: set[str] = field(default_factory=lambda: {"D05"})

    async def banks(self) -> tuple[Bank, ...]:
        """See the port."""
        columns = tuple(
            tuple(
                BankCell(
                    name,
                    size,
                    door="unknown" if name in self.unknown_doors else "closed",
                    state=STATES_OF_CELLS.get(name, "free"),
                    accessible=name[1:] in ("03", "04"),
                )
                for name, size in (text.split(":") for text in column)
            )
            for column in COLUMNS
        )
        return (Bank("bank-a", columns, halted=self.halted),)

    async def begin(self, code: str) -> Pickup:
        """See the port."""
        assert code == ORDER_CODE
        return await self.look("s1")

    async def look(self, session_id: str) -> Pickup:
        """See the port."""
        left = [cell.cell for cell in self.cells if cell.state not in ("got", "left", "disputed")]
        return Pickup(session_id, "ord-7", tuple(self.cells), left[0] if left else None)

    async def begin_by_code(self, digits: str) -> Pickup:
        """See the port."""
        if digits != PICKUP_DIGITS:
            raise PickupCodeWrong(left=4)
        return await self.look("s1")

    async def waiting(self, resident: Resident) -> tuple[WaitingOrder, ...]:
        """See the port."""
        return (WaitingOrder("ord-7", len(self.cells)),)

    async def begin_for(self, resident: Resident, order_id: str) -> Pickup:
        """See the port."""
        return await self.look("s1")

    async def report(self, session_id: str, cell: str, problem: Problem) -> str:
        """See the port."""
        self.reported.append((cell, problem))
        self.move(cell, "disputed")
        return "case-1"

    async def open_next(self, session_id: str) -> None:
        """See the port: the board takes the command, the door has not moved yet."""
        present = (await self.look(session_id)).present
        for place, cell in enumerate(self.cells):
            if cell.cell == present and cell.state == "waiting":
                self.opened.append(cell.cell)
                self.cells[place] = replace(cell, state="opening", attempts=cell.attempts + 1)

    async def retry(self, session_id: str) -> None:
        """See the port."""
        present = (await self.look(session_id)).present
        assert present is not None
        self.opened.append(present)
        self.move(present, "opening")

    async def give_up(self, session_id: str) -> None:
        """See the port."""
        present = (await self.look(session_id)).present
        assert present is not None
        self.move(present, "left")

    def reset(self) -> None:
        """As at the beginning."""
        self.cells = list(THREE_CELLS)

    def move(self, name: str, state: CellState) -> None:
        """Let a door, or what is known of it, change."""
        place = next(place for place, cell in enumerate(self.cells) if cell.cell == name)
        self.cells[place] = replace(self.cells[place], state=state)


def _bill(number: str, item: str, period: str, fen: int, payee: Text, **more: object) -> Bill:
    values: dict[str, object] = {
        "for_others": payee is WATER,
        "due_on": f"{period}-30",
        "state": "open",
    } | more
    return Bill(
        id=number,
        item=item,
        period=period,
        payee=payee.en,
        payee_name=payee,
        amount_fen=fen,
        open_fen=0 if values["state"] == "paid" else fen,
        penalty_fen=int(str(values.pop("penalty_fen", 0))),
        **values,  # type: ignore[arg-type]
    )


def a_year_of_bills() -> Account:
    """Twelve months, three bills of them owed."""
    months = [f"2025-{month:02}" for month in (12,)] + [f"2026-{month:02}" for month in range(1, 11)]
    settled: list[Bill] = []
    for place, month in enumerate(months):
        settled.append(_bill(f"p{place}", "property_fee", month, 26880, PROPERTY, state="paid"))
        settled.append(_bill(f"k{place}", "parking", month, 15000, PROPERTY, state="paid"))
        if month != "2026-10":
            settled.append(_bill(f"w{place}", "water", month, 3600 + 300 * (place % 4), WATER, state="paid"))
    return Account(
        open=(
            _bill("b1", "property_fee", "2026-11", 26880, PROPERTY, part_allowed=True),
            _bill("b2", "water", "2026-10", 4320, WATER, due_on="2026-12-05"),
            _bill(
                "b3", "shared", "2026-10", 1860, WATER, due_on="2026-11-10", overdue_days=12, penalty_fen=0
            ),
        ),
        settled=tuple(reversed(settled)),
        as_of_ms=START_MS - 600_000,
        offset_fen=8640,
    )


@dataclass
class PaperHome:
    """One resident, notices, a directory."""

    account_now: Account = field(default_factory=a_year_of_bills)
    orders_waiting: int = 1
    newer_notices: tuple[Notice, ...] = ()

    async def kind_of(self, code: str) -> CodeKind:
        """See the port."""
        kinds: dict[str, CodeKind] = {
            ORDER_CODE: "order",
            RESIDENT_CODE: "resident",
            VISITOR_CODE: "visitor",
            DEPOSIT_CODE: "deposit",
        }
        if code not in kinds:
            raise NotAPass
        return kinds[code]

    async def identify(self, code: str) -> Resident:
        """See the port."""
        assert code == RESIDENT_CODE
        label = Text("3栋 1602", "Building 3, 1602")
        return Resident("res-1602", "3-1602", label, "李*华", self.orders_waiting)

    async def identify_by_card(self, number: str) -> Resident:
        """See the port."""
        if number != CARD_NUMBER:
            raise CardUnknown
        return await self.identify(RESIDENT_CODE)

    async def identify_by_pin(self, room: str, pin: str) -> Resident:
        """See the port."""
        if (room, pin) != ("3-1602", ROOM_PIN):
            raise RoomPinRefused
        return await self.identify(RESIDENT_CODE)

    async def account(self, room: str) -> Account:
        """See the port."""
        assert room == "3-1602"
        return self.account_now

    async def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return (
            *self.newer_notices,
            Notice(
                "n1",
                "notice",
                Text("周二 9:00–15:00 二号楼检修水管", "Tuesday 9:00–15:00, pipes in building 2"),
                Text(
                    "请提前存一些水。热水器先关掉，来水后放一会儿再用。",
                    "Please store some water. Switch the heater off first and let the tap run a while after.",
                ),
                START_MS - 3_600_000,
            ),
            Notice(
                "n2",
                "activity",
                Text(
                    "周六包饺子，老人免费，还有 6 个名额", "Dumplings on Saturday, free for the old, 6 places"
                ),
                Text("9:30 在架空层。带上围裙就行。", "9:30 on the ground floor. Bring an apron."),
                START_MS - DAY_MS,
            ),
            Notice(
                "n3",
                "news",
                Text("电梯年检完成，三栋都合格", "Lifts inspected, all three buildings passed"),
                Text("合格证贴在轿厢里。", "The certificates hang in the cars."),
                START_MS - 2 * DAY_MS,
            ),
        )

    async def directory(self) -> tuple[Entry, ...]:
        """See the port."""
        words = (
            ("property", "物业前台", "Property office", "6688 1000", "大堂左侧", "Lobby, left"),
            ("security", "门卫室", "Guard room", "6688 1010", "南门", "South gate"),
            ("medical", "社区医院", "Clinic", "6688 1200", "和园路 8 号", "8 Heyuan Road"),
            ("bank", "邮储银行", "Post bank", "95580", "和园路 12 号", "12 Heyuan Road"),
            ("laundry", "洗衣店", "Laundry", "6688 1300", "二号楼底商", "Building 2, street side"),
            ("express", "快递驿站", "Parcel shop", "6688 1400", "北门", "North gate"),
            ("government", "居委会", "Residents' committee", "6688 1500", "一号楼 101", "Building 1, 101"),
            ("repair", "开锁", "Locksmith", "6688 1600", "和园路 3 号", "3 Heyuan Road"),
        )
        return tuple(
            Entry(
                f"e{place}",
                kind,
                Text(zh, en),
                phone,
                Text(azh, aen),
                Text("8:00–20:00", "8:00–20:00"),
                f"https://court.example/way/{kind}" if "路" in azh else "",
            )
            for place, (kind, zh, en, phone, azh, aen) in enumerate(words)
        )


@dataclass
class PaperHealth:
    """What is away, as the test says."""

    away: tuple[str, ...] = ()

    def conditions(self) -> Conditions:
        """See the port."""
        return Conditions(tuple(Condition(name) for name in self.away))
