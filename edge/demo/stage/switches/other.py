"""What else happens to people and machines: a clock that is a year back, a finger that taps twice."""

import contextlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from edge.demo.actors import KioskScreen, NotSeen, until
from edge.demo.compare import kind_of
from edge.demo.stage.switches.acting import SiteSwitch
from edge.demo.stage.switches.eyes import SEEN_WITHIN_S, Stopwatch, of_kind
from edge.demo.stage.switches.hub_process import cut_power, hub_pid
from edge.demo.stage.switches.lies import A_YEAR_BACK, library, lie, lies_of
from edge.demo.stage.switches.port import Group, Reach, SwitchState
from edge.demo.stage.words import CannotNow, Said

BOOTED_WITHIN_S = 45.0
SOY_SAUCE = "6910628152903"
PAY_KEY = 'data-do="pay"'
FREE_SCREENS = ("idle", "home", "shop")
MUCH = timedelta(days=1)
TRUST = {
    "synced": Said("对准的", "synced"),
    "holdover": Said("走着的", "holdover"),
    "unknown": Said("不知道", "unknown"),
}
BUSY_KIOSK = Said(
    "自助屏正有人在用。先在屏上结束，再来连点。", "The kiosk is in use. End there first, then tap twice."
)


class SetTheClockBack(SiteSwitch):
    """The hub's machine comes up with a wall clock a year back, as a Pi without a clock chip may."""

    id = "other.clock"
    group: Group = "other"
    words = Said("时钟倒拨", "Clock set back")
    help = Said(
        "主机断电重启，起来时墙上的钟倒退了一年。树莓派没有电池钟，这很平常。"
        "通行码、收据、违约金都不看那只钟。",
        "The hub loses power and comes up with its wall clock a year back: a Pi has no battery clock. Passes,"
        " receipts and penalties do not look at that clock.",
    )

    async def act(self, on: bool) -> Said:
        """Start the hub anew with the wrong clock, or with the right one, and ask it for both its times."""
        found = library()
        if found is None:
            raise CannotNow(Said("这台机器没有装 faketime。", "faketime is not installed here."))
        watch = Stopwatch()
        lies = lie(A_YEAR_BACK, found) if on else {}
        await cut_power(self.world, for_s=0.0, lies=lies)
        status = await self.eyes.until_back(within_s=BOOTED_WITHIN_S)
        wall, trusted = await self._wall_clock(), datetime.fromtimestamp(status["at_ms"] / 1000, UTC)
        if (trusted - wall > MUCH) != on:
            raise NotSeen(f"the hub's wall clock says {wall:%Y-%m-%d}")
        trust = TRUST[status["time_trust"]]
        return Said(
            f"{watch} 秒后主机回来。墙上的钟：{wall:%Y-%m-%d %H:%M}；它相信的时间："
            f"{trusted:%Y-%m-%d %H:%M}（{trust.zh}）。",
            f"The hub is back after {watch} s. Its wall clock: {wall:%Y-%m-%d %H:%M}; the time that it"
            " trusts:"
            f" {trusted:%Y-%m-%d %H:%M} ({trust.en}), both UTC.",
        )

    async def look(self) -> SwitchState:
        """What the environment of the hub's process says."""
        if library() is None:
            return "unavailable"
        pid = hub_pid(self.world)
        return "on" if pid is not None and lies_of(pid) else "off"

    async def _wall_clock(self) -> datetime:
        """The hub's wall clock: every web server dates its answers by it (RFC 9110, section 6.6.1)."""
        url = f"http://127.0.0.1:{self.world.layout.ports.kiosk}/health"
        async with self.http.get(url) as answer:
            return parsedate_to_datetime(answer.headers["Date"])


class DoubleTap(SiteSwitch):
    """Two taps on the pay key at once, on the kiosk's own connection."""

    id = "other.double_tap"
    group: Group = "other"
    words = Said("连点两下", "Double tap")
    help = Said(
        "在“付款”上一下子点两下。篮子空着，就先拿一瓶酱油扫一下。只会有一张单、一次收款。",
        "Two taps on the pay key at once; an empty basket gets a bottle of soy sauce first. There is one"
        " order"
        " and one payment.",
    )
    one_shot = True

    async def act(self, on: bool) -> Said:
        """See to something to pay, tap twice, and count what the journal has of it."""
        async with KioskScreen(self.http, self.world.layout.ports.kiosk) as kiosk:
            await self._reach_for_pay(kiosk)
            after = await self.eyes.head_seq()
            await kiosk.press_twice("pay")
        asked = of_kind("PaymentRequested", "PaymentFailed")
        with contextlib.suppress(NotSeen):
            await self.eyes.until_entry(after, asked, within_s=SEEN_WITHIN_S)
        found = Counter(kind_of(entry) for entry in await self.eyes.after(after))
        orders, attempts = found["OrderPlaced"] + found["FeePlaced"], found["PaymentRequested"]
        return Said(
            f"点了两下：日志里 {orders} 张单，{attempts} 次收款。",
            f"Two taps: the journal has orders {orders}, payments asked for {attempts}.",
        )

    async def _reach_for_pay(self, kiosk: KioskScreen) -> None:
        """Have the pay key on the screen. Raises CannotNow where somebody does something else there."""

        async def shown() -> bool:
            return bool(kiosk.html)

        async def payable() -> bool:
            return PAY_KEY in kiosk.html

        await until(shown, "the kiosk's screen", SEEN_WITHIN_S)
        if await payable():
            return
        if kiosk.screen not in FREE_SCREENS:
            raise CannotNow(BUSY_KIOSK)
        await self.hands.hold("kiosk", "ean13", SOY_SAUCE)
        await until(payable, "the pay key on the screen", SEEN_WITHIN_S)


def other_switches(reach: Reach) -> tuple[SiteSwitch, ...]:
    """This group."""
    return (SetTheClockBack(reach), DoubleTap(reach))
