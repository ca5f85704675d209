"""Payments under any order of what payers, channels, network, staff, leases and power do.

The till's own rooms over the real store, the real platform with its simulated channels in the same thread.
After every step the invariants of the architecture are judged, and two rules of the channels beside them: an
attempt counts as ended only when nobody can pay it any more, and WeChat is not asked to reverse before 15 s.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from cloud_sync.platform.channels.faults import FAULTS, Fault
from cloud_sync.platform.leases import recall_all
from cloud_sync.platform.schema import SCHEMA
from edge.errors import EdgeError
from edge.pay.attempts import Attempt, find_attempt, open_attempts
from edge.pay.receipts import find_receipt
from edge.pay.refunds import Refund, refundable_fen, request_refund
from edge.pay.states import AttemptState
from edge.shop.claims import claim_points
from edge.shop.receiving import receive_delivery
from edge.shop.returns import return_goods
from tests.fakes.core_world import changed_schema, make_template
from tests.fakes.pay_till import Payable, Till
from tests.fakes.pay_world import CITY, PROPERTY, RESIDENT, PayWorld, Site, without_waiting
from tests.fakes.power import PowerCut
from tests.proofs import payments_bugs
from tests.proofs.machines import run_machine, simulation
from tests.proofs.proof import Proof, Trial

RUNS, STEPS = 10, 40
"""One seed drives so many runs of so many steps; seeds of soaks drive twice as many steps."""
REVERSE_NOT_BEFORE_MS = 15_000
"""WeChat: "reverse no earlier than 15 s after the payment was asked for" (architecture, Payments)."""

BILLS: dict[str, dict[str, Any]] = {
    "b1": {
        "item": "property_fee",
        "payee": PROPERTY,
        "period": "2026-10",
        "due_on": "2026-10-31",
        "amount_fen": 26_880,
        "part_allowed": True,
    },
    "b2": {
        "item": "property_fee",
        "payee": PROPERTY,
        "period": "2026-11",
        "due_on": "2026-11-30",
        "amount_fen": 4_321,
    },
    "w1": {
        "item": "water",
        "payee": CITY,
        "period": "2026-11",
        "due_on": "2026-11-30",
        "amount_fen": 1_234,
        "collected_for_others": True,
    },
}

CHANNELS = st.sampled_from(["wechat", "alipay"])
OF_TRADES = sorted(fault for fault, does in FAULTS.items() if does.kind == "trade")
RARE = (Fault.NOTICE_WRONG_AMOUNT, Fault.LATE_SUCCESS, Fault.WRONG_AMOUNT)
"""What shows only together with something else is drawn more often."""
OF_REFUNDS = sorted(fault for fault, does in FAULTS.items() if does.kind == "refund")
FIGURES = {"s": (3, 60), "fen": (-2, 2), "": (0, 0)}
"""Bounds of a fault's figure by its unit; USERPAYING lasts 3 to 60 s."""


class PaymentsMachine(RuleBasedStateMachine):
    """Rules are what may happen; the invariants are judged after every step."""

    template: Path
    loop: asyncio.AbstractEventLoop
    site: Site
    platform_sql: str

    def __init__(self) -> None:
        super().__init__()
        self.path = self.template.with_name(f"run-{id(self)}.db")
        shutil.copy(self.template, self.path)
        self.world = PayWorld(self.path, self.site, BILLS, schema=self.platform_sql)
        self.orders: list[Payable] = []
        self.till = Till(self.world)

    def do(self, act: Callable[[], Awaitable[object]]) -> object:
        """Run one step. A refusal is an answer."""

        async def guarded() -> object:
            try:
                return await act()
            except EdgeError as error:
                return error

        try:
            answer = self.loop.run_until_complete(guarded())
        except PowerCut:
            answer = None
        if self.world.power.is_cut:
            self.restart()
        return answer

    def restart(self) -> None:
        """The power comes back."""
        self.till.shown.clear()  # whoever stood before a QR sees it no more
        self.loop.run_until_complete(self.world.restart())

    @initialize()
    def the_lobby_opens(self) -> None:
        async def open_up() -> None:
            await self.world.downlink.read_next()
            await self.world.store.run(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))
            await self.world.send()

        self.do(open_up)

    # --- orders and payments

    def place(self, act: Callable[[], Awaitable[Payable]]) -> Payable | None:
        """Place an order, if it can be."""
        answer = self.do(act)
        if not isinstance(answer, Payable):
            return None
        self.orders.append(answer)
        return answer

    def pay(self, order: Payable, channel: str, method: str, shares: list[int]) -> Attempt | None:
        """Pay an order, if it can be."""
        answer = self.do(lambda: self.till.pay(order, channel, method, shares))
        return answer if isinstance(answer, Attempt) else None

    def ask(self, act: Callable[[], Awaitable[Attempt]]) -> None:
        """The screen asks, and shows what it hears."""
        answer = self.do(act)
        if isinstance(answer, Attempt):
            self.till.hear(answer)

    def open(self) -> list[Attempt]:
        """Every attempt without outcome, oldest first."""
        return list(self.world.store.read_now(open_attempts))

    SHARES = st.lists(st.sampled_from([0, 0, 30, 100]), min_size=3, max_size=3)
    METHODS = st.sampled_from(["qr", "qr", "code", "code", "password"])

    @rule(
        numbers=st.lists(st.integers(1, 3), min_size=1, max_size=2),
        channel=CHANNELS,
        method=METHODS,
        shares=SHARES,
        known=st.booleans(),
        pays=st.sampled_from(["confirm", "confirm", "confirm", "fail", "no_answer", "leaves"]),
        cut=st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5]),
        brings=st.sampled_from(["nothing", "nothing", "some", "all"]),
        fault=st.one_of(st.none(), st.sampled_from(OF_TRADES), st.sampled_from(RARE)),
        notice_first=st.booleans(),
    )
    def somebody_buys(
        self,
        numbers: list[int],
        channel: str,
        method: str,
        shares: list[int],
        known: bool,
        pays: str,
        cut: int,
        brings: str,
        fault: Fault | None = None,
        notice_first: bool = False,
    ) -> None:
        """The whole way, perhaps back again; the power is cut at one of its commits (0: not)."""
        if fault is not None:
            self.world.switch(channel, fault, FAULTS[fault].usual)
        order = self.place(lambda: self.till.place_sale(numbers, known=known))
        if order is None:
            return
        self.world.power.cut_at, self.world.power.after = cut, bool(len(numbers) - 1)
        attempt = self.pay(order, channel, method, shares)
        self.world.power.cut_at = 0
        if attempt is not None and attempt.is_open:
            self.till.answer(attempt.id, pays)
            if notice_first:
                self.do(self.world.serve)
            self.ask(lambda: self.world.engine.settle(attempt.id))
        if brings != "nothing":
            skus = [f"s{number}" for number in dict.fromkeys(numbers)]
            self.take_back(order.order_id, dict.fromkeys(skus if brings == "all" else skus[:1], 1))

    @rule(
        numbers=st.sampled_from([[1, 2], [2, 1], [3, 2], [2]]),
        channel=CHANNELS,
        method=METHODS,
        shares=st.lists(st.sampled_from([10, 50, 100]), min_size=3, max_size=3),
        brings=st.sampled_from(["nothing", "some", "some", "all"]),
    )
    def a_resident_mixes(
        self, numbers: list[int], channel: str, method: str, shares: list[int], brings: str
    ) -> None:
        """Points and wallet beside the channel, and some of it back."""
        self.somebody_buys(numbers, channel, method, shares, True, "confirm", 0, brings)

    @rule(
        bills=st.lists(st.sampled_from(sorted(BILLS)), min_size=1, max_size=2),
        channel=CHANNELS,
        shares=SHARES,
    )
    def somebody_pays_bills(self, bills: list[str], channel: str, shares: list[int]) -> None:
        order = self.place(lambda: self.till.place_bills(tuple(bills)))
        attempt = self.pay(order, channel, "qr", shares) if order is not None else None
        if attempt is not None and attempt.is_open:
            self.till.answer(attempt.id, "confirm")
            self.ask(lambda: self.world.engine.settle(attempt.id))

    @rule(fen=st.sampled_from([1, 5_000, 99_999, 0, -1]), channel=CHANNELS)
    def somebody_tops_up(self, fen: int, channel: str) -> None:
        order = self.place(lambda: self.till.place_top_up(fen))
        attempt = self.pay(order, channel, "code", []) if order is not None else None
        assert attempt is None or fen > 0, f"a top-up of {fen} fen began"

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), channel=CHANNELS, method=METHODS, shares=SHARES)
    def somebody_pays_again(self, data: st.DataObject, channel: str, method: str, shares: list[int]) -> None:
        self.pay(data.draw(st.sampled_from(self.orders)), channel, method, shares)

    @precondition(lambda self: self.open())
    @rule(data=st.data(), pays=st.sampled_from(["confirm", "confirm", "fail", "no_answer"]))
    def the_payer_answers(self, data: st.DataObject, pays: str) -> None:
        self.till.answer(data.draw(st.sampled_from([attempt.id for attempt in self.open()])), pays)

    @precondition(lambda self: self.open())
    @rule(data=st.data(), how=st.sampled_from(["settle", "follow", "close", "park", "settle_open"]))
    def the_screen_asks(self, data: st.DataObject, how: str) -> None:
        attempt = data.draw(st.sampled_from([attempt.id for attempt in self.open()]))
        engine = self.world.engine
        if how == "settle_open":
            self.do(engine.settle_open)
            return
        acts = {"settle": engine.settle, "follow": engine.follow, "close": engine.close, "park": engine.park}
        self.ask(lambda: acts[how](attempt))

    # --- channels

    @rule(channel=CHANNELS, fault=st.sampled_from([*OF_TRADES, *OF_REFUNDS]), data=st.data())
    def the_next_one_misbehaves(self, channel: str, fault: Fault, data: st.DataObject) -> None:
        self.world.switch(channel, fault, data.draw(st.integers(*FIGURES[FAULTS[fault].unit])))

    @rule(channel=CHANNELS, fault=st.sampled_from([None, None, Fault.HANG, Fault.SILENT, Fault.NOTICE_NEVER]))
    def a_channel_misbehaves(self, channel: str, fault: Fault | None) -> None:
        """For everything from now on, or (None) not any more."""
        if fault is None:
            self.world.clear()
        else:
            self.world.switch(channel, fault, 0, "always")

    # --- staff

    def settled(self) -> list[Any]:
        """Sales that are settled, as the journal has them."""
        return self.world.collector.journal.of("SaleSettled")

    @precondition(lambda self: self.settled())
    @rule(data=st.data(), whole=st.booleans(), sold_again=st.booleans())
    def goods_come_back(self, data: st.DataObject, whole: bool, sold_again: bool) -> None:
        sale = data.draw(st.sampled_from(self.settled())).data
        lines = sale["lines"] if whole else sale["lines"][:1]
        self.take_back(
            sale["order_id"], {line["sku"]: line["quantity"] for line in lines}, resalable=sold_again
        )

    @precondition(lambda self: self.settled())
    @rule(data=st.data())
    def points_are_claimed(self, data: st.DataObject) -> None:
        """By the receipt, perhaps once more; each order gives its points once."""
        number = data.draw(st.sampled_from(self.settled())).data["receipt"]
        text = self.world.store.read_now(partial(find_receipt, number=number)).code

        async def claim() -> None:
            await self.world.store.run(lambda unit: claim_points(unit, text, resident=RESIDENT))

        self.do(claim)

    def take_back(self, order: str, pieces: dict[str, int], *, resalable: bool = True) -> None:
        """Staff takes goods back, if they can be."""

        async def take() -> None:
            await self.world.store.run(
                lambda unit: return_goods(
                    unit, order, pieces, staff="staff-1", reason="changed_mind", resalable=resalable
                )
            )

        self.do(take)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), more_fen=st.integers(1, 500))
    def more_is_asked_back_than_was_paid(self, data: st.DataObject, more_fen: int) -> None:
        order = data.draw(st.sampled_from(self.orders)).order_id
        left_fen = self.world.store.read_now(lambda c: refundable_fen(c, order))

        async def ask() -> object:
            return await self.world.store.run(
                lambda unit: request_refund(unit, order, left_fen + more_fen, "by_hand")
            )

        answer = self.do(ask)
        assert not isinstance(answer, Refund), f"I8 {order}: {left_fen + more_fen} fen go back of {left_fen}"

    @precondition(lambda self: self.open())
    @rule(data=st.data())
    def goods_are_released(self, data: st.DataObject) -> None:
        attempt = data.draw(st.sampled_from([attempt.id for attempt in self.open()]))

        self.do(lambda: self.world.payments.release(attempt, supervisor="staff-2", reason="waits"))

    # --- leases

    @rule(kind=st.sampled_from(["points", "wallet", "prepaid_fee"]))
    def a_lease_is_recalled(self, kind: str) -> None:
        account = self.world.accounts[kind]
        self.world.database.write_now(lambda c: recall_all(c, account))

    # --- network, time, power

    @rule(how=st.sampled_from(["well", "well", "away", "answers_lost", "one_lost", "two_lost"]))
    def the_network_changes(self, how: str) -> None:
        http = self.world.http
        http.away, http.answers_lost = how == "away", how == "answers_lost"
        http.lost_next = {"one_lost": 1, "two_lost": 2}.get(how, 0)

    @rule(comes_down=st.booleans())
    def journal_and_copy_travel(self, comes_down: bool) -> None:
        self.do(self.world.send)
        self.world.apply()
        if comes_down:
            self.do(self.world.downlink.read_next)

    @rule(seconds=st.sampled_from([2, 5, 10, 20, 70, 300]))
    def time_passes(self, seconds: int) -> None:
        self.do(lambda: self.world.pass_time(seconds))

    @rule(at=st.integers(0, 4), after=st.booleans())
    def the_power_is_cut(self, at: int, after: bool) -> None:
        """Now (0), or at one of the next commits."""
        if at == 0:
            self.restart()
        self.world.power.cut_at, self.world.power.after = at, after

    # --- what must hold

    @invariant()
    def all_invariants_hold(self) -> None:
        self.world.judge()
        self.world.check_platform()
        self.nobody_can_pay_what_ended()
        self.nothing_was_reversed_too_early()

    def nobody_can_pay_what_ended(self) -> None:
        """Unless its channel misbehaves on purpose: late success is what comes after a real end."""
        trades = self.world.trades()
        for attempt, trade in trades.items():
            if trade["state"] not in ("waiting", "paying") or trade["expires_ms"] <= self.world.clock.at_ms:
                continue
            row = self.world.store.read_now(partial(find_attempt, attempt_id=attempt))
            payable = trade["method"] == "payment_code" or row.qr
            if payable and row.state in (AttemptState.FAILED, AttemptState.REVERSED):
                raise AssertionError(f"I9 {attempt} is {row.state}, its payer can still pay")

    def nothing_was_reversed_too_early(self) -> None:
        for method, path, at_ms in self.world.http.asked:
            if method == "POST" and path.endswith("/reverse"):
                attempt = path.split("/")[-2]
                row = self.world.store.read_now(partial(find_attempt, attempt_id=attempt))
                if row.channel == "wechat" and at_ms - row.created_at_ms < REVERSE_NOT_BEFORE_MS:
                    raise AssertionError(
                        f"{attempt} was to be reversed {at_ms - row.created_at_ms} ms after it began"
                    )
        self.world.http.asked.clear()

    def teardown(self) -> None:
        """All is healed, what is open comes to its end, everything arrives; then all is judged again."""
        try:
            self.heal()
            self.world.judge(settled=True, drained=True)
        finally:
            self.world.close()
            for path in self.path.parent.glob(f"{self.path.name}*"):
                path.unlink()

    def heal(self) -> None:
        world = self.world
        world.power.cut_at = 0
        self.the_network_changes("well")
        world.clear()

        async def finish() -> None:
            await world.restart()
            await world.pass_time(300, step_s=10)
            for _ in range(4):
                await world.engine.settle_open()
                await world.pass_time(3_600, step_s=3_600)
            for _ in range(3):
                await world.downlink.read_next()
                await world.send()
                world.apply()

        answer = self.do(finish)
        assert answer is None, f"the end is not reached: {answer!r}"


@contextmanager
def open_payments() -> Iterator[Trial]:
    """All runs share the template of all databases and the platform's keys."""
    planted = payments_bugs.PLANTED
    with simulation() as (folder, loop), without_waiting():
        template = folder / "template.db"
        make_template(template, planted.changes)
        site = Site.make(folder / "platform")
        sql = changed_schema([SCHEMA], planted.platform_changes)[0]
        shared = {"template": template, "loop": loop, "site": site, "platform_sql": sql}
        yield lambda number: run_machine(
            PaymentsMachine, shared, number=number, runs=RUNS, steps=STEPS, hunting=planted.hunting
        )


PROOF = Proof(
    name="payments",
    promise="No order of payers, channels, refunds, leases, cuts and returns takes or gives a fen too much",
    open=open_payments,
    suite=50,
    goal=20_000,
    planted=payments_bugs.BUGS,
    patience=400,
    share=2.0,
)
"""Runs of up to 40 steps (in soaks 80), all invariants after each."""
