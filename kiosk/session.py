"""The session at one screen: a state machine that knows no browser and no clock but the ones it is given."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from edge.errors import DeviceError, PlatformError, Refusal, StoreError
from edge.links.scans import MAY_BE_PAYMENT_CODES
from edge.store.errors import PartOff
from edge.store.parts import Part
from edge.trust.clock import Clock
from edge.trust.time_policy import Decision, judged_at
from kiosk.desks.locker_ports import DepositDesk, LockerDesk
from kiosk.desks.money_views import Payable
from kiosk.desks.ports import AccountDesk, FeeDesk, HealthDesk, HomeDesk, ShopDesk, TillDesk
from kiosk.everywhere import EVERYWHERE, STILL_ALLOWED
from kiosk.explain import explain_payment_code, explanation_of
from kiosk.layout import Layout, layout_of
from kiosk.layout import rows as rows_of
from kiosk.scanning import route_scan
from kiosk.screens.base import Gesture, Screen
from kiosk.visit import Dialog, Toast, Visit
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
    deposits: DepositDesk


@dataclass(frozen=True, slots=True)
class Place:
    """Where the screen stands: the community's name, seconds of a session, the app's address (or empty).

    parts_off: what the site does not have.
    """

    name: Text
    session_s: int = 60
    app_url: str = ""
    parts_off: frozenset[Part] = frozenset()

    def has(self, part: str) -> bool:
        """Whether the site has a part; what belongs to none is everywhere."""
        return part not in self.parts_off

    def require(self, part: str) -> None:
        """Refuse what the site does not have, before anything of it is shown. Raises PartOff."""
        if not self.has(part):
            raise PartOff(part=part)


class Session:
    """One screen's session: takes gestures, scans and the passing of time; holds the present `Visit`.

    monotonic_ms: time that only passes, for time-outs; clock: the trusted clock, for what is shown.
    everywhere: what keys may do on every screen; nothing at a door.
    """

    def __init__(
        self,
        *,
        desks: Desks,
        screens: Mapping[str, Screen],
        place: Place,
        clock: Clock,
        monotonic_ms: Callable[[], int],
        everywhere: Mapping[str, Gesture] = EVERYWHERE,
    ) -> None:
        self.desks = desks
        self.place = place
        self.clock = clock
        self.monotonic_ms = monotonic_ms
        self.layout: Layout = "portrait"
        self._screens = screens
        self._everywhere = everywhere
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
        channel = self.desks.till.code_channel(text) if symbology in MAY_BE_PAYMENT_CODES else ""
        secret = symbology == PAYMENT_CODE or channel != ""
        if not self._is_new_scan(*((PAYMENT_CODE, "") if secret else (symbology, text))):
            return
        self._touch()
        self.visit.dialog = None
        if secret:
            await self._attempt(lambda: self._take_payment_code(channel, text))
        else:
            await self._attempt(lambda: route_scan(self, symbology, text))

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
        if self.visit.arriving is None:
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
        visit.arriving = arriving = asyncio.Event()
        try:
            await self.screen.enter(self)
        except (Refusal, PlatformError, DeviceError, StoreError):
            visit.screen = before
            raise
        finally:
            visit.arriving = None
            arriving.set()
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
