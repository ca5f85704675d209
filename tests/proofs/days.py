"""Days of a lobby against the platform's own SQL: equal to the fen, every difference explained by a case.

A trial is some days in a row: people buy, pay fees, top up, use points and wallet, bring goods back;
channels, network and power misbehave, and some bills have lines too many, too few or other sums. In the
evening the platform's figures, its accounts and its own view of the day are held against the journal. At
10:05 the hub matches the day before; whatever the three sides do not agree on must be what was spoilt on
purpose, and must be a case.
"""

import contextlib
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from cloud_sync.platform.channels.faults import FAULTS, Fault
from cloud_sync.platform.feed import put_record
from cloud_sync.settlement import HttpSettlementPlatform
from cloud_sync.wire.payments import ChannelBill, PlatformDay
from edge.errors import EdgeError
from edge.money import parse_yuan
from edge.pay.attempts import open_attempts
from edge.pay.business_day import SITE_OFFSET, date_of
from edge.settlement.matching import Matcher
from edge.shop.receiving import receive_delivery
from edge.shop.returns import return_goods
from tests.fakes.clock import START_MS
from tests.fakes.core_world import make_template
from tests.fakes.pay_till import Till
from tests.fakes.pay_world import CITY, DAY_MS, PROPERTY, ROOM, SHOP, PayWorld, Site, without_waiting
from tests.proofs import days_bugs
from tests.proofs.machines import simulation
from tests.proofs.proof import Proof, Trial

DAYS = 10
"""Days of one trial; each trial begins with a new till."""
PEOPLE = (3, 7)
"""How many come in one day."""
FAULTY = 0.5
"""Share of trades and refunds that misbehave."""
SPOILT = 0.3
"""Share of the bills of a payee's day that are spoilt."""
OF_TRADES = sorted(
    fault for fault, does in FAULTS.items() if does.kind == "trade" and fault is not Fault.HANG
)
OF_REFUNDS = sorted(fault for fault, does in FAULTS.items() if does.kind == "refund")
CHANNELS = ("alipay", "wechat")


class Lobby:
    """One till and its platform, day after day."""

    def __init__(self, world: PayWorld, rng: random.Random) -> None:
        self.world = world
        self.till = Till(world)
        self.rng = rng
        self.bills = 0

    async def open_up(self) -> None:
        """The first copy, the first goods."""
        await self.world.downlink.read_next()
        await self.world.store.run(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))
        await self.world.send()

    async def live(self) -> None:
        """One day from morning to night, and what is said of it the next morning."""
        world, date = self.world, date_of(self.world.clock.at_ms)
        self.write_bill()
        for _ in range(self.rng.randint(*PEOPLE)):
            seconds = self.rng.choice((20, 300, 3_000))
            await world.pass_time(seconds, step_s=max(10, seconds / 4))
            await self.meet()
        await self.end_the_day()
        await self.compare_figures(date)
        self.spoil_bills()
        world.clock.at_ms = _at(date, days=1, hours=10, minutes=5)
        await self.match(date)

    async def meet(self) -> None:
        """Somebody comes; things may go wrong."""
        rng, world = self.rng, self.world
        if rng.random() < FAULTY:
            self.misbehave()
        world.http.lost_next = int(rng.random() < 0.1)
        with contextlib.suppress(EdgeError):  # a refusal is an answer; the books are what is judged
            await rng.choice((self.buy, self.buy, self.buy, self.pay_bills, self.top_up, self.return_goods))()
        world.http.lost_next = 0
        if rng.random() < 0.03:
            self.till.shown.clear()
            await world.restart()
        if rng.random() < 0.5:
            await world.send()
            world.apply()
            await world.downlink.read_next()

    def misbehave(self) -> None:
        """The next trade or refund of a channel does."""
        fault = self.rng.choice((*OF_TRADES, *OF_REFUNDS))
        low, high = {"s": (3, 60), "fen": (-2, 2), "": (0, 0)}[FAULTS[fault].unit]
        self.world.switch(self.rng.choice(CHANNELS), fault, self.rng.randint(low, high))

    def shares(self) -> list[int]:
        """What somebody pays from each account, in percent of what is usable."""
        return [self.rng.choice((0, 0, 20, 100)) for _ in range(3)]

    async def buy(self) -> None:
        """Goods, by any way of paying."""
        numbers = self.rng.choices((1, 1, 2, 2, 3), k=self.rng.randint(1, 2))
        order = await self.till.place_sale(numbers, known=self.rng.random() < 0.6)
        await self.pay(order)

    async def pay_bills(self) -> None:
        """Bills that wait, of one payee."""
        rows = self.world.reader.execute(
            "SELECT id FROM bills WHERE paid_fen < amount_fen ORDER BY id DESC LIMIT 3"
        )
        waiting = [row[0] for row in rows]
        if waiting:
            await self.pay(await self.till.place_bills((self.rng.choice(waiting),)))

    async def top_up(self) -> None:
        """Money for the wallet or the prepaid fee."""
        fen = self.rng.randint(1, 20_000)
        await self.pay(await self.till.place_top_up(fen, self.rng.choice(("wallet", "prepaid_fee"))))

    async def pay(self, order: Any) -> None:
        """Until the screen is free again."""
        rng, world = self.rng, self.world
        method = rng.choice(("qr", "code", "code", "password"))
        attempt = await self.till.pay(order, rng.choice(CHANNELS), method, self.shares())
        if attempt.is_open:
            self.till.answer(
                attempt.id, rng.choice(("confirm", "confirm", "confirm", "fail", "no_answer", "leaves"))
            )
        while attempt.is_open and rng.random() < 0.9:
            await world.pass_time(10)
            attempt = self.till.hear(await world.engine.follow(attempt.id))
        if attempt.is_open:
            await world.engine.park(attempt.id)

    async def return_goods(self) -> None:
        """Somebody brings some of what they bought."""
        sales = self.world.collector.journal.of("SaleSettled")
        if not sales:
            return
        sale = self.rng.choice(sales[-20:]).data
        back = {line["sku"]: 1 for line in sale["lines"][:1]}
        await self.world.store.run(
            lambda unit: return_goods(
                unit, sale["order_id"], back, staff="staff-1", reason="changed_mind", resalable=True
            )
        )

    def write_bill(self) -> None:
        """A new bill every other day: the company's own, or collected for others."""
        self.bills += 1
        if self.bills % 2:
            return
        name = f"b{self.bills}"
        others = self.bills % 4 == 0
        date = date_of(self.world.clock.at_ms)
        bill = {
            "id": name,
            "room": ROOM,
            "item": "water" if others else "property_fee",
            "payee": CITY if others else PROPERTY,
            "period": date[:7],
            "due_on": date,
            "amount_fen": self.rng.randint(1_000, 50_000),
            "collected_for_others": others,
        }
        if others:
            self.world.collected.add(name)
        self.world.database.write_now(lambda c: put_record(c, "bills", name, bill))

    async def end_the_day(self) -> None:
        """Faults stop, what is open comes to its end, everything arrives."""
        world = self.world
        world.clear()
        for step_s in (10, 30, 60, 120, 600, 3_600):
            await world.pass_time(step_s, step_s=step_s)
        await world.engine.settle_open()
        await world.pass_time(7_200, step_s=3_600)
        for _ in range(3):
            await world.send()
            world.apply()
            await world.downlink.read_next()
        await world.send()

    # --- what must be equal

    async def compare_figures(self, date: str) -> None:
        """The invariants, among them the platform's figures and accounts; and its own view of the day."""
        self.world.judge(settled=True, drained=True)
        own = self.own_day(date)
        day = await self.ask_day(date)
        theirs: dict[tuple[str, str], tuple[str, int]] = {}
        for payee in day.payees:
            theirs |= {("payment", each.attempt): (payee.payee, each.amount_fen) for each in payee.payments}
            theirs |= {("refund", each.part): (payee.payee, each.amount_fen) for each in payee.refunds}
        open_now = {attempt.id for attempt in self.world.store.read_now(open_attempts)}
        odd = {key for key in own.keys() ^ theirs.keys() if key[1] not in open_now}
        odd |= {key for key in own.keys() & theirs.keys() if own[key] != theirs[key]}
        assert not odd, (
            f"{date}: journal and platform differ: {[(k, own.get(k), theirs.get(k)) for k in sorted(odd)]}"
        )
        for payee in day.payees:
            of_payee = {key: fen for key, (name, fen) in theirs.items() if name == payee.payee}
            paid = sum(fen for (line, _), fen in of_payee.items() if line == "payment")
            back = sum(fen for (line, _), fen in of_payee.items() if line == "refund")
            assert (payee.paid_fen, payee.refunded_fen) == (paid, back), (
                f"{date}: {payee.payee} does not add up"
            )

    def own_day(self, date: str) -> dict[tuple[str, str], tuple[str, int]]:
        """What the journal tells of a date by the channels' times."""
        journal, own = self.world.collector.journal, {}
        for entry in journal.of("PaymentPaid"):
            if entry.data["amount_fen"] and date_of(entry.data["paid_at_ms"]) == date:
                own["payment", entry.data["attempt_id"]] = (entry.data["payee"], entry.data["amount_fen"])
        for entry in journal.of("RefundPaid"):
            if date_of(entry.data["refunded_at_ms"]) == date:
                own["refund", entry.data["part_id"]] = (entry.data["payee"], entry.data["amount_fen"])
        return own

    async def ask_day(self, date: str) -> PlatformDay:
        """The platform's own view."""
        http = self.world.http
        path = f"{http.site_path}/days/{date}"
        return await http.ask("GET", path, PlatformDay)

    # --- what must be explained

    def spoil_bills(self) -> None:
        """Some bills of the day will not be what happened; one at most has a line that nobody knows."""
        if self.rng.random() < SPOILT:
            self.world.switch(self.rng.choice(CHANNELS), Fault.BILL_EXTRA, 0)
        for channel in CHANNELS:
            for fault in (Fault.BILL_MISSING, Fault.BILL_DIFFERS):
                if self.rng.random() < SPOILT:
                    self.world.switch(channel, fault, 0, "always")

    async def match(self, date: str) -> None:
        """The hub matches; its cases must be exactly what was spoilt, and what is still open."""
        world = self.world
        before = len(world.collector.journal.of("CaseOpened"))
        await Matcher(
            store=world.store, clock=world.clock, platform=HttpSettlementPlatform(world.http)
        ).match(date)
        world.collector.collect()
        cases = [entry.data for entry in world.collector.journal.of("CaseOpened")[before:]]
        expected = await self.differences(date)
        told = {(case["line"], case["subject"]): case["kind"] for case in cases}
        assert told == expected, f"{date}: the bills differ by {expected}, cases are {told}"
        self.compare_sums(date, cases)

    async def differences(self, date: str) -> dict[tuple[str, str], str]:
        """What the bills say beside what the channels did, and whatever has no outcome here."""
        truth, http = self.truth(date), self.world.http
        billed: dict[tuple[str, str], int] = {}
        for payee in (SHOP, PROPERTY, CITY):
            path = f"{http.site_path}/channel-bills/{date}"
            bill = await http.ask("GET", path, ChannelBill, query={"payee": payee})
            for line in bill.lines:
                billed[line.kind, line.refund or line.attempt] = parse_yuan(line.amount_yuan)
        unsure = {
            ("payment", attempt.id): date_of(attempt.created_at_ms)
            for attempt in self.world.store.read_now(open_attempts)
        }
        found = {key: "unknown_open" for key, day in unsure.items() if day == date}
        for key in truth.keys() | billed.keys():
            if key in unsure:
                found[key] = "unknown_open"
            elif key not in truth:
                found[key] = "missing_here"
            elif key not in billed:
                found[key] = "missing_at_channel"
            elif truth[key] != billed[key]:
                found[key] = "amount_differs"
        return found

    def truth(self, date: str) -> dict[tuple[str, str], int]:
        """What the channels really took and gave back on a date."""
        run, span = self.world.database.connection.execute, (_at(date), _at(date, days=1))
        paid = run(
            "SELECT attempt, captured_fen FROM sim_trades WHERE state='paid' AND paid_ms>=? AND paid_ms<?",
            span,
        )
        truth = {("payment", row[0]): int(row[1]) for row in paid}
        back = run(
            "SELECT part, amount_fen FROM sim_refunds WHERE state='refunded' AND done_ms>=? AND done_ms<?",
            span,
        )
        return truth | {("refund", row[0]): int(row[1]) for row in back}

    def compare_sums(self, date: str, cases: list[dict[str, Any]]) -> None:
        """Journal less bill is what the cases say, payee by payee, to the fen."""
        days = [e.data for e in self.world.collector.journal.of("DayMatched") if e.data["date"] == date]
        explained: Counter[str] = Counter()
        for case in cases:
            sign = 1 if case["line"] == "payment" else -1
            here_fen = 0 if case["kind"] == "unknown_open" else case["here_fen"] or 0
            explained[case["payee"]] += sign * (here_fen - (case["channel_fen"] or 0))
        for day in days:
            apart = day["here_fen"] - day["channel_fen"]
            assert apart == explained[day["payee"]], (
                f"{date}: {day['payee']} is {apart} fen apart, not explained"
            )


def _at(date: str, *, days: int = 0, hours: int = 0, minutes: int = 0) -> int:
    """A time of the site's day, in epoch milliseconds."""
    begin = datetime.fromisoformat(f"{date}T00:00:00+00:00") - SITE_OFFSET
    return round((begin + timedelta(days=days, hours=hours, minutes=minutes)).timestamp() * 1000)


@contextmanager
def open_days() -> Iterator[Trial]:
    """All trials share the template of all databases and the platform's keys."""
    with simulation() as (folder, loop), without_waiting():
        template = folder / "template.db"
        make_template(template, {})
        site = Site.make(folder / "platform")

        def trial(number: int) -> int:
            rng = random.Random(number)
            path = template.with_name(f"days-{number}.db")
            shutil.copy(template, path)
            world = PayWorld(path, site, {}, at_ms=START_MS + rng.randrange(4_000) * DAY_MS)
            lobby = Lobby(world, rng)
            try:
                loop.run_until_complete(lobby.open_up())
                for day in range(DAYS):
                    try:
                        loop.run_until_complete(lobby.live())
                    except AssertionError as violation:
                        raise AssertionError(f"seed {number}, day {day}: {violation}") from violation
            finally:
                world.close()
                for left in path.parent.glob(f"{path.name}*"):
                    left.unlink()
            return DAYS

        yield trial


PROOF = Proof(
    name="days",
    promise="Day after day journal, channel and platform agree to the fen; every difference is a case",
    open=open_days,
    suite=50,
    goal=10_000,
    planted=days_bugs.BUGS,
    patience=60,
)
