"""The session at one screen: a state machine that knows no browser and no clock but the ones it is given."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from edge.errors import DeviceError, PlatformError, Refusal, StoreError
from edge.homes.bill_codes import PREFIX as BILL_PREFIX
from edge.pay.receipts import CODE_PREFIX as RECEIPT_PREFIX
from edge.trust.clock import Clock
from edge.trust.passes import is_pass_text
from edge.trust.time_policy import Decision, judged_at
from kiosk.desks.money_views import Payable
from kiosk.desks.ports import AccountDesk, FeeDesk, HealthDesk, HomeDesk, LockerDesk, ShopDesk, TillDesk
from kiosk.desks.views import Resident
from kiosk.explain import explain_payment_code, explain_scan, explanation_of
from kiosk.layout import Layout, layout_of
from kiosk.layout import rows as rows_of
from kiosk.screens.accounts import show_receipt_code
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.printed_bill import show_printed_bill
from kiosk.visit import Answer, Dialog, Toast, Visit
from kiosk.words import Text

ASK_LAST_S = 15
"""Seconds before the end in which the screen asks 还在吗 (design: timer)."""
TOAST_MS = 5000
"""How long a toast, and with it undo, stays (design: basket line)."""
HOUR_MS = 3_600_000
SITE_OFFSET_H = 8
"""China keeps one time, UTC+8, all year."""
REPEAT_MS = 700
"""The same code again within this time is the same showing, whatever the reader thinks."""
PAYMENT_CODE = "payment_code"
"""Symbology of a payment code that a reader threw away unread."""
PRODUCT_SYMBOLOGIES = frozenset({"ean13", "ean8", "upca", "upce"})


@dataclass(frozen=True, slots=True)
class Desks:
    """The rooms behind the screen."""

    shop: ShopDesk
    till: TillDesk
    lockers: LockerDesk
    home: HomeDesk
    health: HealthDesk
    accounts: AccountDesk
    fees: FeeDesk


@dataclass(frozen=True, slots=True)
class Place:
    """Where the screen stands: the community's name, seconds of a session, the app's address (or empty)."""

    name: Text
    session_s: int = 60
    app_url: str = ""


class Session:
    """One screen's session: takes gestures, scans and the passing of time; holds the present `Visit`.

    monotonic_ms: time that only passes, for time-outs; clock: the trusted clock, for what is shown.
    """

    def __init__(
        self,
        *,
        desks: Desks,
        screens: Mapping[str, Screen],
        place: Place,
        clock: Clock,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self.desks = desks
        self.place = place
        self.clock = clock
        self.monotonic_ms = monotonic_ms
        self.layout: Layout = "portrait"
        self._screens = screens
        self._everywhere: Mapping[str, Gesture] = EVERYWHERE
        self._last_scan = ("", "", -REPEAT_MS)
        self._left_orders: list[Payable] = []
        self.visit = self._fresh_visit()

    @property
    def screen(self) -> Screen:
        """The screen that is shown."""
        return self._screens[self.visit.screen]

    @property
    def now_ms(self) -> int:
        """The trusted clock's present time, whatever its trust."""
        return self.clock.now().at_ms

    @property
    def clock_known(self) -> bool:
        """Whether the time of day may be shown as true."""
        return judged_at(Decision.TIME_SHOWN, self.clock.now()) is not None

    @property
    def local_hour(self) -> int:
        """The hour of the site's day, 0 to 23."""
        return (self.now_ms // HOUR_MS + SITE_OFFSET_H) % 24

    @property
    def is_night(self) -> bool:
        """Whether the dark theme is due: 22:00 to 6:00, if the hour is known (design: modes)."""
        return self.clock_known and (self.local_hour >= 22 or self.local_hour < 6)

    @property
    def left_s(self) -> int | None:
        """Whole seconds until the session ends by itself; None: it does not end now."""
        if self.visit.screen == "idle" or self.screen.waits(self):
            return None
        passed_s = (self.monotonic_ms() - self.visit.touched_ms) // 1000
        return max(0, self.timeout_s - passed_s)

    @property
    def timeout_s(self) -> int:
        """Seconds without a touch that end the session on the present screen."""
        return self.screen.timeout_s or self.place.session_s

    @property
    def asks_still_there(self) -> bool:
        """Whether 还在吗 is on the screen."""
        left_s = self.left_s
        return left_s is not None and left_s <= ASK_LAST_S

    @property
    def takes_payment_codes(self) -> bool:
        """Whether the readers of this screen may pass payment codes on now."""
        return self.screen.takes_payment_codes(self)

    def rows(self, name: str) -> int:
        """How many rows of that list fit on the screen now."""
        banner = self.layout != "portrait" and bool(self.desks.health.conditions().away)
        return rows_of(name, self.layout, tight=self.visit.large or banner)

    async def gesture(self, name: str, value: str = "") -> None:
        """Do what a key says. An unknown gesture, or one behind a dialog, does nothing."""
        self._touch()
        dialog = self.visit.dialog
        if dialog is not None and name not in STILL_ALLOWED | {answer.do for answer in dialog.answers}:
            return
        action = self.screen.gestures.get(name) or self._everywhere.get(name)
        if action is not None:
            await self._attempt(lambda: action(self, value))

    async def scan(self, symbology: str, text: str) -> None:
        """Take what a reader decoded: the screen shown first, then goods, passes, or an explanation.

        A payment code is a bearer secret: it is taken by a screen that shows a sum, or thrown away.
        """
        channel = "" if symbology == PAYMENT_CODE else self.desks.till.code_channel(text)
        secret = symbology == PAYMENT_CODE or channel != ""
        if not self._is_new_scan(*((PAYMENT_CODE, "") if secret else (symbology, text))):
            return
        self._touch()
        self.visit.dialog = None
        if secret:
            await self._attempt(lambda: self._take_payment_code(channel, text))
        else:
            await self._attempt(lambda: self._route_scan(symbology, text))

    def tick(self) -> None:
        """Let time pass: end an abandoned session, take a toast away."""
        toast = self.visit.toast
        if toast is not None and self.monotonic_ms() >= toast.until_ms:
            self.visit.toast = None
        if self.left_s == 0:
            self.end()

    async def poll(self) -> None:
        """Let the screen look at what changes by itself, and give up orders that somebody walked away from.

        An order that cannot be given up now is given up after the next restart.
        """
        while self._left_orders:
            with contextlib.suppress(Refusal, PlatformError, StoreError):
                await self.desks.till.drop(self._left_orders.pop())
        await self._attempt(lambda: self.screen.poll(self))

    def end(self) -> None:
        """End the session and wipe everything that belonged to the person."""
        paying = self.visit.paying
        if paying is not None and paying.charge is None and not paying.busy:
            self._left_orders.append(paying.order)
        self.visit = self._fresh_visit()

    async def show(self, name: str, *, remember: bool = True) -> None:
        """Go to a screen; where its data is refused, stay."""
        visit = self.visit
        if not await self.screen.may_leave(self) or visit is not self.visit:
            return
        before, visit.screen, visit.page = visit.screen, name, 0
        try:
            await self.screen.enter(self)
        except (Refusal, PlatformError, DeviceError, StoreError):
            visit.screen = before
            raise
        if remember and before not in ("idle", name):
            visit.trail.append(before)

    async def back(self) -> None:
        """Return to the screen before, or to the first."""
        trail = self.visit.trail
        await self.show(trail.pop() if trail else "home", remember=False)

    def say(self, text: Text, *, icon: str = "check", undo: str = "") -> None:
        """Show a toast."""
        self.visit.toast = Toast(text, self.monotonic_ms() + TOAST_MS, icon, undo)

    def knock(self, name: str) -> None:
        """Sound: read, done or no. The number makes it sound once."""
        self.visit.knocks = (name, self.visit.knocks[1] + 1)

    def ask(self, dialog: Dialog) -> None:
        """Put a question or an explanation on the screen."""
        self.visit.dialog = dialog

    def refuse(self, dialog: Dialog) -> None:
        """Say why something is not done, with a low knock."""
        self.knock("no")
        self.ask(dialog)

    def measure(self, width_px: int, height_px: int) -> None:
        """Take the size of the screen: it belongs to the device, not to the visit."""
        self.layout = layout_of(width_px, height_px)

    async def _attempt(self, action: Callable[[], Awaitable[None]]) -> None:
        visit = self.visit
        try:
            await action()
        except (Refusal, PlatformError, DeviceError, StoreError) as error:
            if visit is self.visit:
                self.refuse(explanation_of(error))

    async def _take_payment_code(self, channel: str, code: str) -> None:
        if not channel or not await self.screen.payment_code(self, channel, code):
            self.refuse(explain_payment_code("pay_page" if self.visit.screen == "pay" else "elsewhere"))

    async def _route_scan(self, symbology: str, text: str) -> None:
        if await self.screen.scanned(self, symbology, text):
            return
        if symbology in PRODUCT_SYMBOLOGIES:
            await self._scan_product(text)
        elif is_pass_text(text):
            await self._scan_pass(text)
        elif text.startswith(RECEIPT_PREFIX):
            await show_receipt_code(self, text)
        elif text.startswith(BILL_PREFIX):
            await show_printed_bill(self, text)
        else:
            self.refuse(explain_scan(symbology))

    async def _scan_product(self, text: str) -> None:
        if self.screen.holds(self):
            return
        product = await self.desks.shop.find(text)
        if self.visit.screen != "shop":
            await self.show("shop")
        if self.visit.screen == "shop":
            await self._screens["shop"].gestures["add_scanned"](self, product.sku)

    async def _scan_pass(self, text: str) -> None:
        if self.screen.holds(self):
            return
        kind = await self.desks.home.kind_of(text)
        if kind == "order":
            pickup = await self.desks.lockers.begin(text)
            self.visit.pickup = None
            await self.show("pickup")
            self.visit.pickup = pickup
            self.knock("read")
            await self.screen.poll(self)
        elif kind == "resident":
            self.visit.resident = await self.desks.home.identify(text)
            self.knock("read")
            await self._welcome(self.visit.resident)
        else:
            self.ask(explain_scan(kind))

    async def _welcome(self, resident: Resident) -> None:
        """Go where the person wanted to; points just earned, or money that waits for a word, come first."""
        receipt = self.visit.receipt
        if self.visit.screen == "receipt" and receipt and receipt.points and not receipt.points_credited:
            await show_receipt_code(self, receipt.claim)
            return
        if await self.desks.accounts.doubles(resident):
            await self.show("doubles", remember=False)
            return
        wanted, self.visit.wanted = self.visit.wanted, ""
        await self.show(wanted or "home", remember=False)

    def _is_new_scan(self, symbology: str, text: str) -> bool:
        now_ms = self.monotonic_ms()
        symbology_before, text_before, at_ms = self._last_scan
        self._last_scan = (symbology, text, now_ms)
        return (symbology, text) != (symbology_before, text_before) or now_ms - at_ms >= REPEAT_MS

    def _touch(self) -> None:
        self.visit.touched_ms = self.monotonic_ms()

    def _fresh_visit(self) -> Visit:
        now_ms = self.monotonic_ms()
        return Visit(started_ms=now_ms, touched_ms=now_ms)


async def _home(session: Session, value: str) -> None:
    del value
    await session.show("home", remember=False)
    if session.visit.screen == "home":
        session.visit.trail.clear()


async def _back(session: Session, value: str) -> None:
    del value
    await session.back()


async def _help(session: Session, value: str) -> None:
    del value
    session.visit.dialog = None
    if not session.screen.holds(session):
        await session.show("help")
        return
    entries = await session.desks.home.directory()
    phone = next((entry for entry in entries if entry.kind == "property"), None)
    words = Text("请到前台，或打物业电话。", "Please go to the counter, or phone the property office.")
    if phone is not None:
        words = Text(
            "打 {phone}，或到前台。这里会替您等着。", "Phone {phone}, or go to the counter. This page waits."
        ).fill(phone=phone.phone)
    session.ask(
        Dialog(
            Text("叫人帮忙", "Call a person"), words, (Answer("dismiss", Text("好", "All right"), main=True),)
        )
    )


async def _language(session: Session, value: str) -> None:
    del value
    session.visit.language = "zh" if session.visit.language == "en" else "en"


async def _large(session: Session, value: str) -> None:
    del value
    session.visit.large = not session.visit.large
    await session.screen.enter(session)


async def _contrast(session: Session, value: str) -> None:
    del value
    session.visit.contrast = not session.visit.contrast


async def _sound(session: Session, value: str) -> None:
    del value
    session.visit.sound = not session.visit.sound


async def _dismiss(session: Session, value: str) -> None:
    del value
    session.visit.dialog = None


async def _stay(session: Session, value: str) -> None:
    """The touch itself has already given the time back."""
    del session, value


async def _end(session: Session, value: str) -> None:
    del value
    if await session.screen.may_leave(session):
        session.end()


async def _open(session: Session, value: str) -> None:
    if value in OPENABLE:
        await session.show(value)


async def _turn(session: Session, value: str) -> None:
    session.visit.page = max(0, session.visit.page + (1 if value == "next" else -1))


async def _reason(session: Session, value: str) -> None:
    """A key that is out of use says why when it is tapped."""
    reason = REASONS.get(value)
    if reason is not None:
        session.say(reason, icon="unsure")


REASONS: dict[str, Text] = {
    "first_page": Text("已经是第一页", "This is the first page"),
    "last_page": Text("已经是最后一页", "This is the last page"),
    "empty_basket": Text("篮子还是空的，先放一件", "The basket is empty. Add something first"),
    "no_sum": Text("先输要付多少", "Type how much to pay first"),
    "nothing_chosen": Text("先选一张账单", "Choose a bill first"),
    "cash": Text("现金在前台付，报单号就行", "Cash is taken at the counter"),
    "over_limit": Text("加上这笔会超过能存的上限", "That would be more than it may hold"),
    "cell_open": Text("先把开着的柜门关上", "Close the open door first"),
}
OPENABLE = frozenset(
    {
        "shop",
        "pickup",
        "fees",
        "notices",
        "directory",
        "help",
        "repairs",
        "visitors",
        "points",
        "preorders",
        "settled",
        "wallet",
        "doubles",
    }
)
STILL_ALLOWED = frozenset({"language", "large", "contrast", "sound", "stay", "help"})
EVERYWHERE: dict[str, Gesture] = {
    "home": _home,
    "back": _back,
    "help": _help,
    "language": _language,
    "large": _large,
    "contrast": _contrast,
    "sound": _sound,
    "dismiss": _dismiss,
    "stay": _stay,
    "end": _end,
    "open": _open,
    "turn": _turn,
    "reason": _reason,
}
