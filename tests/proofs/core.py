"""The whole core under any order of what people, devices, disk, clock, network and power do."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from cloud_sync.platform.schema import SCHEMA
from edge.access.contacts import ContactState
from edge.access.holds import begin_hold, end_hold
from edge.errors import EdgeError, StoreError
from edge.homes.fees import place_fee
from edge.links.broker import BrokerMessage
from edge.pay.attempts import WATCH_MS, Attempt
from edge.pay.engine import WATCHED_AT_ONCE
from edge.pay.states import AttemptState
from edge.proof.evidence import ToldSale
from edge.service.timers import set_timer
from edge.settlement.shifts import open_shift
from edge.shop.basket import Basket
from edge.shop.catalogue import find_product
from edge.shop.checkout import cancel_abandoned, cancel_order, place_order
from edge.shop.receiving import receive_delivery
from edge.store.condition import Condition
from edge.trust.clock import Trust
from tests.fakes.core_copy import Copy, put_back, take_copy
from tests.fakes.core_world import (
    CELLS,
    DAY_MS,
    DOORS,
    RESIDENT,
    ROOM,
    CoreWorld,
    changed_schema,
    make_template,
)
from tests.fakes.power import PowerCut
from tests.proofs import core_bugs
from tests.proofs.machines import run_machine, simulation
from tests.proofs.proof import Proof, Trial

RUNS, STEPS = 20, 50
"""One seed drives so many runs of so many steps; seeds of soaks drive twice as many steps."""
LIMIT_TRAVEL_MS = 15 * DAY_MS
"""Time in one run; codes of the phone hold for a month."""
DISK_ENDS = 6
PLACES = (*(f"door:{door}" for door in DOORS), *(f"cell:bank-a/{cell}" for cell in ("A01", "A02", "B01")))
ERRORS = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
DISK = st.sampled_from(ERRORS)
OUTCOMES = st.sampled_from(["paid", "paid", "paid", "failed", "unknown", "another_sum"])


class CoreMachine(RuleBasedStateMachine):
    """Rules are what may happen; the invariants are the architecture's, judged after every step."""

    template: Path
    loop: asyncio.AbstractEventLoop
    platform_sql: str

    def __init__(self) -> None:
        super().__init__()
        self.path = self.template.with_name(f"run-{id(self)}.db")
        shutil.copy(self.template, self.path)
        self.world = CoreWorld(self.path, platform_sql=self.platform_sql)
        self.orders: list[tuple[str, str, int, str]] = []
        self.attempts: list[str] = []
        self.sessions: set[str] = set()
        self.commands: list[tuple[str, bytes, str, int]] = []
        self.accepted_counter: dict[str, int] = {}
        self.counter = self.travelled_ms = 0
        self.copy: Copy | None = None

    def do(self, act: Callable[[], Awaitable[object]]) -> object:
        """Run one step. A refusal is an answer; an error of the store needs a fault of the disk."""
        failed, well = self.world.power.failed, self.world.store.condition is Condition.READY

        async def guarded() -> object:
            try:
                return await act()
            except StoreError as error:
                assert self.world.power.failed > failed or not well, f"without a fault of the disk: {error!r}"
                return error
            except EdgeError as error:
                return error
            finally:
                await self.world.settle()

        try:
            answer = self.loop.run_until_complete(guarded())
        except PowerCut:
            answer = None
        if self.world.power.is_cut:
            self.restart()
        return answer

    def begin(self, act: Callable[[], Awaitable[object]]) -> object:
        """As `do`, for what begins trade: nothing begins any more out of the reserve."""
        before = self.world.store.condition
        answer = self.do(act)
        if isinstance(answer, tuple) and Condition.RESERVE in (before, self.world.store.condition):
            raise AssertionError(f"{answer} began out of the reserve of a full disk")
        return answer

    def restart(self) -> None:
        """The power comes back; whoever starts a hub on a full disk makes room first."""
        self.world.power.full = False
        self.void_commands(lambda nonce, counter: True)
        self.loop.run_until_complete(self.world.restart())

    @initialize(stocked=st.booleans())
    def the_shop_opens(self, stocked: bool) -> None:
        async def open_up() -> None:
            await self.world.downlink.read_next()
            if stocked:
                await self.world.store.run(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))
            await self.world.commands.post_nonce()

        self.do(open_up)
        now_ms = self.world.clock.at_ms // 1000 * 1000
        self.passes = [
            self.world.issue_pass("v1", uses=1, until_ms=now_ms + 600_000),
            self.world.issue_pass("v2", uses=2, until_ms=now_ms + DAY_MS),
            self.world.issue_pass("staff", uses=None, until_ms=now_ms + DAY_MS, kind="staff"),
        ]
        self.codes = [self.world.code()]

    # --- the shop and the bills

    def place(self, number: int, pieces: int) -> tuple[str, str, int, str] | None:
        kiosk = f"k{len(self.world.kiosks)}"
        self.world.kiosks.add(kiosk)

        async def order() -> tuple[str, str, int, str]:
            store = self.world.store
            product = await store.read(lambda connection: find_product(connection, f"s{number}"))
            basket = Basket().add(product, pieces)
            placed = await store.run(lambda unit: place_order(unit, basket, resident=RESIDENT, kiosk=kiosk))
            return (placed.order_id, placed.payee, placed.total_fen, "sale")

        answer = self.begin(order)
        if isinstance(answer, tuple):
            self.orders.append(answer)
            return answer
        return None

    def ask(self, act: Callable[[], Awaitable[object]]) -> Attempt | None:
        answer = self.do(act)
        if not isinstance(answer, Attempt):
            return None
        if answer.id not in self.attempts:
            self.attempts.append(answer.id)
        if answer.purpose == "sale" and answer.state is AttemptState.PAID and not answer.reason:
            settled = self.world.collector.journal.of("SaleSettled")  # as of before this step
            kept = any(entry.data["order_id"] == answer.order_id for entry in settled)
            writable = kept or not self.world.power.read_only
            self.world.told.setdefault(
                answer.order_id, ToldSale(answer.order_id, answer.amount_fen, writable)
            )
        return answer

    def start(self, order: tuple[str, str, int, str]) -> Attempt | None:
        order_id, payee, fen, purpose = order
        return self.ask(lambda: self.world.engine.start(order_id, payee, fen, purpose=purpose))

    def decide(self, attempt: str, outcome: str) -> None:
        """What the channel says; a day after the QR's end a "failed" is its last word."""
        held = self.world.channel.held[attempt]
        paid = outcome in ("paid", "another_sum")
        if held.state == "paid":
            return
        if held.state in ("waiting", "failed") and self.world.clock.at_ms >= held.expires_at_ms + WATCH_MS:
            return
        more_fen = int(outcome == "another_sum")
        self.world.channel.set_state(
            attempt, "paid" if paid else outcome, amount_fen=held.amount_fen + more_fen
        )

    @rule(number=st.integers(1, 2), pieces=st.integers(1, 3))
    def somebody_places_an_order(self, number: int, pieces: int) -> None:
        self.place(number, pieces)

    @rule(number=st.integers(1, 2), outcome=OUTCOMES, cut=st.integers(0, 6), after=st.booleans())
    def somebody_buys(self, number: int, outcome: str, cut: int, after: bool) -> None:
        """The whole way; the power is cut at one of its commits (0: not), or (6) the disk ends first."""
        self.world.power.cut_at, self.world.power.after = cut, after
        order = self.place(number, 1)
        attempt = self.start(order) if order is not None else None
        if attempt is not None and attempt.id in self.world.channel.held:
            self.decide(attempt.id, outcome)
            self.world.power.read_only |= cut == DISK_ENDS
            self.ask(lambda: self.world.engine.settle(attempt.id))
        self.world.power.cut_at = 0

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def somebody_pays(self, data: st.DataObject) -> None:
        self.start(data.draw(st.sampled_from(self.orders)))

    @precondition(lambda self: self.world.channel.held)
    @rule(data=st.data(), outcome=OUTCOMES)
    def the_channel_decides(self, data: st.DataObject, outcome: str) -> None:
        self.decide(data.draw(st.sampled_from(sorted(self.world.channel.held))), outcome)

    @precondition(lambda self: self.world.channel.held)
    @rule(data=st.data(), closing=st.booleans())
    def the_screen_asks(self, data: st.DataObject, closing: bool) -> None:
        attempt = data.draw(st.sampled_from(sorted(self.world.channel.held)))
        engine = self.world.engine
        self.ask(lambda: engine.close(attempt) if closing else engine.settle(attempt))

    @rule()
    def open_payments_are_settled(self) -> None:
        self.do(self.world.engine.settle_open)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def somebody_leaves(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        self.do(lambda: self.world.store.run(lambda unit: cancel_order(unit, order[0])))

    @rule(bills=st.lists(st.sampled_from(["b1", "b2"]), min_size=1, max_size=2), outcome=OUTCOMES)
    def somebody_pays_bills(self, bills: list[str], outcome: str) -> None:
        async def place() -> tuple[str, str, int, str]:
            placed = await self.world.store.run(
                lambda unit: place_fee(unit, tuple(bills), room=ROOM, resident=RESIDENT, kiosk="k1")
            )
            return (placed.order_id, placed.payee, placed.total_fen, "fee")

        order = self.begin(place)
        attempt = self.start(order) if isinstance(order, tuple) else None
        if attempt is not None and attempt.id in self.world.channel.held:
            self.decide(attempt.id, outcome)
            self.ask(lambda: self.world.engine.settle(attempt.id))

    @rule()
    def a_shift_begins_and_is_to_end(self) -> None:
        async def begin() -> None:
            shift = await self.world.store.run(lambda unit: open_shift(unit, actor="staff-1"))
            due_ms = self.world.clock.at_ms + 60_000
            await self.world.store.run(
                lambda unit: set_timer(unit, kind="end_shift", subject=shift.id, due_at_ms=due_ms)
            )

        self.do(begin)

    # --- doors

    @rule(which=st.integers(0, 2), doors=st.lists(st.sampled_from(sorted(DOORS)), min_size=1, max_size=2))
    def a_pass_is_shown(self, which: int, doors: list[str]) -> None:
        """At one reader, or at two one after the other."""
        for door in doors:
            self.show(self.passes[which], door)

    def show(self, text: str, door: str) -> None:
        self.do(lambda: self.world.opener.enter(text, door, source="r"))

    @rule(which=st.integers(0, 9), door=st.sampled_from(sorted(DOORS)))
    def a_code_is_shown(self, which: int, door: str) -> None:
        if which > 6:
            self.codes.append(self.world.code())
        text = self.codes[which % len(self.codes)]
        self.show(text, door)

    @rule()
    def a_pass_is_revoked(self) -> None:
        until_ms = self.world.clock.at_ms + DAY_MS
        self.world.platform.put("revocations", "rv", {"pass_id": "v2", "until_ms": until_ms})
        answer = self.do(self.world.downlink.read_next)
        if isinstance(answer, int) and answer:
            self.world.void({"v2"})

    @rule(door=st.sampled_from(sorted(DOORS)), deliver=st.booleans())
    def the_platform_commands(self, door: str, deliver: bool) -> None:
        if not self.world.platform.nonces:
            return
        nonce = self.world.platform.nonces[-1]
        self.counter += 1
        message = self.world.command(self.counter, door=door, nonce=nonce, counter=self.counter)
        self.commands.append((f"cmd{self.counter}", message, nonce, self.counter))
        if deliver:
            self.deliver(self.commands[-1])

    @precondition(lambda self: self.commands)
    @rule(data=st.data())
    def a_command_arrives_again_or_late(self, data: st.DataObject) -> None:
        self.deliver(data.draw(st.sampled_from(self.commands)))

    def deliver(self, command: tuple[str, bytes, str, int]) -> None:
        _, message, nonce, counter = command
        if self.world.commands._nonce == nonce and counter > self.accepted_counter.get(nonce, 0):
            self.accepted_counter[nonce] = counter
            self.void_commands(lambda other, number: other == nonce and number < counter)
        else:
            self.void_commands(lambda other, number: other == nonce and number == counter)
        self.do(lambda: self.world.commands.take(BrokerMessage("cmd", message, False)))

    def void_commands(self, chosen: Callable[[str, int], bool]) -> None:
        self.world.void({name for name, _, nonce, counter in self.commands if chosen(nonce, counter)})

    @rule()
    def the_broker_breaks(self) -> None:
        self.void_commands(lambda nonce, counter: True)
        self.world.commands.forget_nonce()
        self.do(self.world.commands.post_nonce)

    @rule(
        place=st.sampled_from(PLACES), state=st.sampled_from(["open", "closed", "open", "closed", "unknown"])
    )
    def a_contact_says(self, place: str, state: str) -> None:
        self.do(lambda: self.world.contacts.report(place, ContactState(state)))

    @rule()
    def patience_runs_out(self) -> None:
        async def run_out() -> None:
            await self.world.settle()
            self.world.patience.run_out()
            await self.world.settle()

        self.do(run_out)

    @rule(mode=st.sampled_from(["fires", "fires", "refuses", "silent"]), which=st.booleans())
    def a_device_changes(self, mode: str, which: bool) -> None:
        if which:
            self.do(lambda: self.world.change_guard(mode))
        else:
            self.world.cells.mode = "takes" if mode == "fires" else mode

    @rule(ms=st.integers(0, 1900))
    def the_guard_dies_and_starts_again(self, ms: int) -> None:
        self.world.guard.advance(ms, alive=False)
        self.world.clock.advance(ms=ms)
        self.world.guard.start()
        self.world.holds.forget()
        self.do(self.world.holds.apply)

    @rule(door=st.sampled_from(sorted(DOORS)), seconds=st.integers(1, 60))
    def a_hold_begins(self, door: str, seconds: int) -> None:
        until_ms = self.world.clock.at_ms + seconds * 1000

        async def begin() -> None:
            await self.world.store.run(
                lambda unit: begin_hold(unit, door=door, reason="fire", until_ms=until_ms, actor="staff-1")
            )
            await self.world.holds.apply()

        self.do(begin)

    @precondition(lambda self: self.world.held)
    @rule(data=st.data())
    def a_hold_is_ended(self, data: st.DataObject) -> None:
        hold = data.draw(st.sampled_from(sorted(self.world.held)))

        async def end() -> None:
            await self.world.store.run(lambda unit: end_hold(unit, hold, reason="person", actor="staff-1"))
            await self.world.holds.apply()

        self.do(end)

    # --- pickup

    @rule(order=st.sampled_from(sorted(CELLS)), gesture=st.sampled_from(["open", "open", "retry", "give_up"]))
    def somebody_collects(self, order: str, gesture: str) -> None:
        desk = self.world.desk

        async def collect() -> None:
            session = await desk.start(self.world.order_pass(order))
            acts = {"open": desk.open_next, "retry": desk.retry, "give_up": desk.give_up}
            await acts[gesture](session.id)

        self.do(collect)

    @rule()
    def the_resident_moves(self) -> None:
        self.do(self.world.erase_resident)

    # --- network

    @rule(away=st.booleans(), answers_lost=st.booleans())
    def the_network_changes(self, away: bool, answers_lost: bool) -> None:
        for side in (self.world.platform, self.world.channel):
            side.away, side.answers_lost = away, answers_lost

    @rule()
    def the_uplink_sends(self) -> None:
        self.do(self.world.uplink.send_next)

    @precondition(lambda self: self.world.platform.posted)
    @rule(data=st.data())
    def an_old_batch_arrives_again(self, data: st.DataObject) -> None:
        posted = self.world.platform.posted
        body = posted[data.draw(st.integers(0, len(posted) - 1))]
        with contextlib.suppress(EdgeError):
            self.world.platform.take(body)

    @rule()
    def the_copy_comes_down(self) -> None:
        self.world.platform.apply()
        self.do(self.world.downlink.read_next)

    # --- time, disk, power

    @rule(seconds=st.sampled_from([1, 2, 4, 20, 100, 700]))
    def time_passes(self, seconds: int) -> None:
        if self.travelled_ms + seconds * 1000 <= LIMIT_TRAVEL_MS:
            self.travelled_ms += seconds * 1000
            self.do(lambda: self.world.pass_time(seconds * 1000))

    @rule(number=st.integers(1, 2), days=st.integers(1, 3), back=st.booleans())
    def money_comes_late_while_the_line_is_down_for_days(self, number: int, days: int, back: bool) -> None:
        """Somebody is called away from the QR and pays all the same; only then the outage begins."""
        if self.travelled_ms + days * DAY_MS > LIMIT_TRAVEL_MS:
            return
        order = self.place(number, 1)
        attempt = self.start(order) if order is not None else None
        if attempt is not None:
            self.ask(lambda: self.world.engine.close(attempt.id))
        if attempt is not None and attempt.id in self.world.channel.held:
            self.decide(attempt.id, "paid")
        self.travelled_ms += days * DAY_MS
        self.the_network_changes(away=True, answers_lost=False)
        for _ in range(days):
            self.do(lambda: self.world.pass_time(DAY_MS))
            self.do(self.world.engine.settle_open)
        self.world.platform.away = self.world.channel.away = not back

    @rule(known=st.booleans(), ahead_s=st.sampled_from([0, 60, 7200]))
    def the_clock_is_lost_or_found(self, known: bool, ahead_s: int) -> None:
        self.world.clock.trust = Trust.SYNCED if known else Trust.UNKNOWN
        if known and self.travelled_ms + ahead_s * 1000 <= LIMIT_TRAVEL_MS:
            self.travelled_ms += ahead_s * 1000
            self.world.clock.advance(seconds=ahead_s)
            self.do(self.world.look_around)

    @rule(codes=st.lists(DISK, max_size=2))
    def the_disk_will_fail(self, codes: list[int]) -> None:
        self.world.power.errors = codes

    @rule(read_only=st.booleans())
    def the_disk_is_read_only(self, read_only: bool) -> None:
        self.world.power.read_only = read_only

    @rule(full=st.booleans())
    def the_disk_is_full(self, full: bool) -> None:
        self.world.power.full = full

    @rule(at=st.integers(1, 4), after=st.booleans())
    def the_power_will_be_cut(self, at: int, after: bool) -> None:
        self.world.power.cut_at, self.world.power.after = at, after

    @rule()
    def the_power_is_cut_now(self) -> None:
        if not self.world.power.read_only:
            self.world.power.errors = []
            self.restart()

    @rule()
    def a_backup_is_made(self) -> None:
        self.copy = take_copy(self.world)

    @precondition(lambda self: self.copy is not None and self.travelled_ms < LIMIT_TRAVEL_MS)
    @rule()
    def the_backup_is_put_back(self) -> None:
        """On a disk that is well; what the platform took meanwhile stays there, in its epoch."""
        power = self.world.power
        power.restore()
        power.errors, power.read_only, power.full = [], False, False
        copy = self.copy
        assert copy is not None
        lost = self.loop.run_until_complete(put_back(self.world, copy))
        self.orders = [order for order in self.orders if order[0] not in lost]
        self.accepted_counter = {}

    # --- what must hold

    @invariant()
    def all_invariants_hold(self) -> None:
        self.world.judge()

    def teardown(self) -> None:
        """All is healed, what is open comes to its end, everything arrives; then all is judged again."""
        try:
            self.heal()
            self.world.judge(settled=True, drained=True)
        finally:
            self.loop.run_until_complete(self.world.close())
            self.world.reader.close()
            self.world.platform.connection.raw.close()
            for path in self.path.parent.glob(f"{self.path.name}*"):
                path.unlink()

    def heal(self) -> None:
        world = self.world
        world.power.restore()
        world.power.errors, world.power.read_only, world.power.full = [], False, False
        world.guard.mode, world.cells.mode = "fires", "takes"
        for side in (world.platform, world.channel):
            side.away = side.answers_lost = False
        for held in world.channel.held.values():
            held.state = "failed" if held.state == "unknown" else held.state

        async def finish() -> None:
            await world.restart()
            for _ in range(3 + len(world.channel.held) // WATCHED_AT_ONCE):
                await world.engine.settle_open()
                await world.pass_time(100_000)
            await world.store.run(lambda unit: cancel_abandoned(unit, placed_before_ms=unit.now.at_ms))
            await world.downlink.read_next()
            for _ in range(200):
                if not await world.uplink.send_next():
                    break
            world.platform.apply()

        self.do(finish)


@contextmanager
def open_core() -> Iterator[Trial]:
    """All runs share the template of all databases."""
    planted = core_bugs.PLANTED
    with simulation() as (folder, loop):
        loop.set_exception_handler(lambda *_: None)  # a cut power ends tasks that nobody awaits
        template = folder / "template.db"
        make_template(template, planted.changes)
        sql = changed_schema([SCHEMA], planted.platform_changes)[0]
        shared = {"template": template, "loop": loop, "platform_sql": sql}
        yield lambda number: run_machine(
            CoreMachine, shared, number=number, runs=RUNS, steps=STEPS, hunting=planted.hunting
        )


PROOF = Proof(
    name="core",
    promise="No order of people, devices, faults and power cuts breaks an invariant of the whole core",
    open=open_core,
    suite=200,
    goal=50_000,
    planted=core_bugs.BUGS,
    patience=400,
    share=2.0,
)
"""Runs of up to 50 steps (in soaks 100), all invariants after each."""
