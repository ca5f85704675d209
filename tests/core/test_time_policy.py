"""Every cell of the time policy, driven through the product: each probe says by what it saw which rule holds.

A probe knows nothing of the table. A cell that is changed without code that follows turns its test red, and
so does code that stops asking.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cloud_sync.http import PlatformHttp, PlatformUntrusted
from edge.access import feed
from edge.access.credentials.identity import IdentityDesk
from edge.access.doors.door import Door, DoorKind
from edge.access.holds import begin_hold
from edge.access.policy import intend_by_command, intend_by_pass
from edge.errors import PlatformUnreachable, Refusal
from edge.homes.bills import penalty_date
from edge.homes.feed import APPLIERS as HOMES
from edge.homes.notices import current_notices
from edge.pay.attempts import Finding, apply_finding, create_attempt
from edge.pay.business_day import business_date, date_of
from edge.pay.copies import note_feed
from edge.pay.receipts import Receipt, find_receipt
from edge.pay.states import Answer
from edge.service.schema import MIGRATIONS as SERVICE
from edge.service.timers import TimerRunner, set_timer
from edge.settlement.shifts import open_shift
from edge.shop.checkout import place_order, settle_sale
from edge.shop.errors import LotExpired
from edge.shop.lots import check_sellable
from edge.shop.promotions import active_promotions, apply_promotion
from edge.store import checkpoints
from edge.store.checkpoints import StoredCheckpoint
from edge.store.events import EpochBegan
from edge.store.facts import put_fact
from edge.store.inline import InlineStore
from edge.store.journal import ACKNOWLEDGED, hash_at
from edge.store.retention import Retention
from edge.store.schema import MIGRATIONS as STORE
from edge.store.unit import Unit
from edge.trust.clock import Trust
from edge.trust.commands import check_command
from edge.trust.passes import Pass
from edge.trust.time_policy import POLICY, Decision, Rule, rule_for
from kiosk.desks.home_desk import RoomHomeDesk
from tests.fakes.access_world import AccessWorld
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.kiosk_stand import Stand
from tests.fakes.trade import basket_of, open_store, put_lot, put_product

HOUR_MS = 3_600_000
SHIFT_DATE = "2026-11-19"
AN_ENTRY = EpochBegan(reason="test", previous_epoch=1, previous_seq=0, previous_hash="")
EARLY, GOOD, LATE = START_MS + HOUR_MS, START_MS, START_MS - HOUR_MS
"""Where the middle of a window of an hour lies, seen from now: to come, around now, over."""

Look = Callable[[int, Trust], Awaitable[bool]]


async def seen(look: Look, trust: Trust, *, none: Rule = Rule.REFUSE) -> Rule:
    """The rule by which windows to come, around now and over are judged; `none`: nothing passes at all."""
    saw = (await look(GOOD, trust), await look(EARLY, trust), await look(LATE, trust))
    rules = {(True, False, False): Rule.CLOCK, (True, True, False): Rule.FLOOR, (False, False, False): none}
    return rules[saw]


def window(middle_ms: int) -> tuple[int, int]:
    return middle_ms - HOUR_MS // 4, middle_ms + HOUR_MS // 4


def world_with(trust: Trust) -> AccessWorld:
    world = AccessWorld()
    world.clock.trust = trust
    return world


async def opens(attempt: Callable[[], Awaitable[object]]) -> bool:
    try:
        await attempt()
    except Refusal:
        return False
    return True


async def own_door(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        world = world_with(trust)
        world.grant()
        return await opens(lambda: world.opener.enter(world.code(at_ms=middle_ms), "building-3", source="r"))

    return await seen(look, trust)


def command_look(door: Door) -> Look:
    async def look(middle_ms: int, trust: Trust) -> bool:
        world = world_with(trust)
        begins_ms, ends_ms = middle_ms - 10_000, middle_ms + 10_000
        command = world.command(target=f"door:{door.id}", iat_ms=begins_ms, exp_ms=ends_ms)

        async def attempt() -> None:
            check_command(
                command, site="heyuanli", device="k1", nonce="n", last_counter=0, now=world.clock.now()
            )
            world.store.run_now(lambda unit: intend_by_command(unit, command, door))

        return await opens(attempt)

    return look


def pass_look(kind: str, door: Door) -> Look:
    async def look(middle_ms: int, trust: Trust) -> bool:
        world = world_with(trust)
        world.grant(doors=(door.id,))
        begins_ms, ends_ms = window(middle_ms)
        shown = Pass(
            id="p",
            kind=kind,
            site="heyuanli",
            subject="res-1203",
            doors=(door.id,),
            not_before_ms=begins_ms,
            expires_ms=ends_ms,
        )

        async def attempt() -> None:
            world.store.run_now(lambda unit: intend_by_pass(unit, shown, door))

        return await opens(attempt)

    return look


async def other_door(trust: Trust) -> Rule:
    own = Door(id="d", kind=DoorKind.RESIDENTS)
    others = [Door(id="d", kind=kind) for kind in DoorKind if kind is not DoorKind.RESIDENTS]
    looks = [pass_look(kind, door) for door in others for kind in ("visitor", "staff", "resident")]
    looks += [pass_look(kind, own) for kind in ("visitor", "staff")]
    looks += [command_look(door) for door in others]
    (rule,) = {await seen(look, trust) for look in looks}
    return rule


async def own_door_command(trust: Trust) -> Rule:
    return await seen(command_look(Door(id="d", kind=DoorKind.RESIDENTS)), trust)


async def command_end(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        command = AccessWorld().command(iat_ms=middle_ms - 10_000, exp_ms=middle_ms + 10_000)
        now = FakeClock(trust=trust).now()

        async def attempt() -> None:
            check_command(command, site="heyuanli", device="k1", nonce="n", last_counter=0, now=now)

        return await opens(attempt)

    return await seen(look, trust)


async def pickup(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        world = world_with(trust)
        begins_ms, ends_ms = window(middle_ms)
        text = world.order_pass(not_before_ms=begins_ms, expires_ms=ends_ms)
        return await opens(lambda: world.desk.start(text))

    return await seen(look, trust)


async def sign_in(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        world = world_with(trust)
        desk = RoomHomeDesk(
            store=world.store,
            clock=world.clock,
            keys=lambda: world.keys,
            identity=IdentityDesk(store=world.store, reader=world.reader, refusals=world.refusals),
            kiosk="k1",
        )
        return await opens(lambda: desk.kind_of(world.code(at_ms=middle_ms)))

    return await seen(look, trust)


async def grant(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        world = world_with(trust)
        begins_ms, ends_ms = window(middle_ms)
        data = {"subject": "res-1203", "doors": ["building-3"], "from_ms": begins_ms, "until_ms": ends_ms}
        world.store.run_now(lambda unit: feed.apply_grant(unit, "g", 1, data))
        return await opens(lambda: world.opener.enter(world.code(), "building-3", source="r"))

    return await seen(look, trust)


async def hold_end(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        world = world_with(trust)
        begins_ms, ends_ms = window(middle_ms)
        world.clock.at_ms = begins_ms
        world.store.run_now(partial(begin_hold, door="gate", reason="m", until_ms=ends_ms, actor="c"))
        world.clock.at_ms = START_MS
        await world.site.holds.apply()
        return world.pulser.held.get("gate", False)

    return await seen(look, trust)


async def sale(trust: Trust) -> Rule:
    clock = FakeClock(trust=trust)
    store = open_store(clock)
    soy = put_product(store, 1, pieces=9)
    receipts: list[Receipt] = []
    for _ in range(2):
        order = store.run_now(lambda unit: place_order(unit, basket_of((soy, 1)), resident=None, kiosk="k1"))
        asked = store.run_now(
            partial(
                create_attempt,
                order_id=order.order_id,
                payee=order.payee,
                amount_fen=order.total_fen,
                channel="wechat",
            )
        )
        paid = Finding(answer=Answer.PAID, amount_fen=order.total_fen, channel_id=f"ch-{asked.id}")
        settle = {"sale": settle_sale}
        store.run_now(partial(apply_finding, attempt_id=asked.id, finding=paid, settle=settle))
        receipts.append(find_receipt(store.connection, len(receipts) + 1))
    query = "SELECT DISTINCT trust FROM journal WHERE type = 'SaleSettled'"
    stamps = {row[0] for row in store.connection.execute(query)}
    assert {receipt.trust for receipt in receipts} == stamps == {trust.value}
    return Rule.MARKED if stamps == {"unknown"} else Rule.GOES_ON


async def business_day(trust: Trust) -> Rule:
    clock = FakeClock()
    store = open_store(clock)
    store.run_now(lambda unit: open_shift(unit, actor="s", business_date=SHIFT_DATE))
    clock.trust = trust
    dates = {SHIFT_DATE: Rule.SHIFT, date_of(START_MS): Rule.CALENDAR}
    return dates[business_date(store.connection, clock.now())]


async def lot(trust: Trust) -> Rule:
    clock = FakeClock(trust=trust)
    store = open_store(clock)
    good, last, over = (put_product(store, number) for number in (1, 2, 3))
    for product, days in ((good, 1), (last, 0), (over, -1)):
        put_lot(store, product.sku, 5, expires_on=date_of(START_MS + days * 86_400_000))
    for product in (good, last):
        check_sellable(store.connection, product, clock.now())
    with pytest.raises(LotExpired):
        check_sellable(store.connection, over, clock.now())
    return Rule.READING


async def timed_promotion(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        store = open_store(FakeClock())
        begins_ms, ends_ms = window(middle_ms)
        data = {
            "kind": "spend_and_save",
            "threshold_fen": 5000,
            "saving_fen": 500,
            "name_zh": "满50减5",
            "name_en": "5 off 50",
            "from_ms": begins_ms,
            "until_ms": ends_ms,
        }
        store.run_now(lambda unit: apply_promotion(unit, "p", 1, data))
        return bool(active_promotions(store.connection, FakeClock(trust=trust).now()))

    return await seen(look, trust, none=Rule.OFF)


async def penalty(trust: Trust) -> Rule:
    clock = FakeClock()
    store = open_store(clock)
    store.run_now(note_feed)
    clock.advance(days=30)
    clock.trust = trust
    dates = {date_of(START_MS): Rule.COPY, date_of(clock.at_ms): Rule.CALENDAR}
    return dates[penalty_date(store.connection, clock.now())]


async def notice(trust: Trust) -> Rule:
    async def look(middle_ms: int, trust: Trust) -> bool:
        store = open_store(FakeClock())
        begins_ms, ends_ms = window(middle_ms)
        data = {"title_zh": "停水", "title_en": "No water", "from_ms": begins_ms, "until_ms": ends_ms}
        store.run_now(lambda unit: HOMES["notices"](unit, "n", 1, data))
        return bool(current_notices(store.connection, FakeClock(trust=trust).now()))

    return await seen(look, trust)


async def timer(trust: Trust) -> Rule:
    clock = FakeClock(trust=trust)
    store = InlineStore.in_memory(clock=clock, migrations=(*STORE, *SERVICE))
    done: list[str] = []
    runner = TimerRunner(store=store, clock=clock, acts={"note": lambda unit, subject: done.append(subject)})
    for subject, due_ms in (("over", START_MS - 1), ("now", START_MS), ("later", START_MS + 1)):
        store.run_now(partial(set_timer, kind="note", subject=subject, due_at_ms=due_ms))
    await runner.run_due()
    assert done == ["over", "now"]
    return Rule.READING


async def retention(trust: Trust) -> Rule:
    cut = []
    for days in (181, 179):
        clock = FakeClock()
        store = open_store(clock)
        for _ in range(3):
            store.run_now(lambda unit: unit.record(AN_ENTRY, actor="test"))
        signed = StoredCheckpoint(2, 1, hash_at(store.connection, 2), START_MS, b"signed")
        store.run_now(partial(keep_checkpoint, signed=signed))
        clock.advance(days=days)
        clock.trust = trust
        with TemporaryDirectory() as folder:
            keeper = Retention(store=store, clock=clock, folder=Path(folder), alarm=lambda unit, detail: None)
            cut.append((await keeper.cut_to_budget()).entries > 0)
    return {(True, False): Rule.CLOCK, (False, False): Rule.OFF}[cut[0], cut[1]]


def keep_checkpoint(unit: Unit, *, signed: StoredCheckpoint) -> None:
    put_fact(unit.connection, ACKNOWLEDGED, signed.seq)
    checkpoints.put(unit.connection, signed)


async def time_shown(trust: Trust) -> Rule:
    stand = Stand()
    stand.clock.trust = trust
    stand.clock.at_ms = START_MS + 13 * HOUR_MS  # 23:00 in China
    shown = {stand.session.clock_known, stand.session.is_night}
    return {frozenset({True}): Rule.CLOCK, frozenset({False}): Rule.OFF}[frozenset(shown)]


async def platform_certificate(trust: Trust) -> Rule:
    """Whether anything is tried at all; tests/cloud_sync/test_tls.py shows whom it believes."""
    url = "https://127.0.0.1:9"
    async with PlatformHttp(url=url, site="s", device="d", clock=FakeClock(trust=trust)) as http:
        with pytest.raises(PlatformUnreachable) as plain:
            await http.exchange("GET", "/v1/anything")
        with pytest.raises(PlatformUnreachable) as undated:
            await http.exchange("GET", "/v1/time", undated=True)
    assert not isinstance(undated.value, PlatformUntrusted)
    return Rule.TIME_ONLY if isinstance(plain.value, PlatformUntrusted) else Rule.CLOCK


PROBES: dict[Decision, Callable[[Trust], Awaitable[Rule]]] = {
    Decision.OWN_DOOR: own_door,
    Decision.OWN_DOOR_COMMAND: own_door_command,
    Decision.OTHER_DOOR: other_door,
    Decision.PICKUP: pickup,
    Decision.SIGN_IN: sign_in,
    Decision.COMMAND_END: command_end,
    Decision.GRANT: grant,
    Decision.HOLD_END: hold_end,
    Decision.SALE: sale,
    Decision.BUSINESS_DATE: business_day,
    Decision.LOT: lot,
    Decision.TIMED_PROMOTION: timed_promotion,
    Decision.PENALTY: penalty,
    Decision.NOTICE: notice,
    Decision.TIMER: timer,
    Decision.RETENTION: retention,
    Decision.TIME_SHOWN: time_shown,
    Decision.PLATFORM_CERTIFICATE: platform_certificate,
}


def test_every_row_has_its_probe() -> None:
    assert set(PROBES) == set(POLICY) == set(Decision)


@pytest.mark.parametrize("trust", list(Trust))
@pytest.mark.parametrize("decision", list(Decision))
async def test_the_product_does_what_the_cell_says(decision: Decision, trust: Trust) -> None:
    assert await PROBES[decision](trust) is rule_for(decision, trust)


@pytest.mark.parametrize("kind", ["resident", "command"])
async def test_a_door_may_be_stricter_than_the_table(kind: str) -> None:
    strict = Door(id="d", kind=DoorKind.RESIDENTS, opens_without_clock=False)
    look = command_look(strict) if kind == "command" else pass_look(kind, strict)
    assert await seen(look, Trust.UNKNOWN) is Rule.REFUSE
    assert await seen(look, Trust.SYNCED) is Rule.CLOCK
