"""While nothing can be written residents still enter: fired once, kept in memory, written down as late."""

import sqlite3
from collections.abc import AsyncIterator

import pytest

from edge.access import records
from edge.access.credentials.errors import CardRevoked, RoomPinLocked, RoomPinRefused
from edge.access.errors import CodeReplayed, JournalStopped, PassRevoked, PassUsedUp, PassWrongDoor
from edge.access.events import PassRefused
from edge.access.feed import apply_revocation
from edge.access.late import LateOpenings
from edge.access.records import Opening
from edge.access.schema import MIGRATIONS
from edge.errors import Refusal
from edge.store.condition import Condition
from edge.store.connections import prepare_writer
from edge.store.inline import InlineStore
from edge.store.migrate import apply_to
from edge.store.schema import MIGRATIONS as STORE_MIGRATIONS
from edge.trust.passes import PassExpired
from tests.fakes.access_world import DAY_MS, AccessWorld
from tests.fakes.credentials import CARD, PIN, Desk
from tests.fakes.power import Power, PoweredConnection


class BlindWorld(AccessWorld):
    """The access room over a disk that a test turns read-only, and cures."""

    def __init__(self) -> None:
        super().__init__()
        self.store.close()
        connection = sqlite3.connect(":memory:", isolation_level=None, factory=PoweredConnection)
        prepare_writer(connection)
        apply_to(connection, (*STORE_MIGRATIONS, *MIGRATIONS))
        self.store = InlineStore(connection, site="heyuanli", device="k1", clock=self.clock)
        self.power = connection.power = Power()
        self.at_s = 0.0
        self.store._writer._monotonic_s = lambda: self.at_s
        self.build()
        self.grant()

    def break_disk(self) -> None:
        """Remounted read-only; the first write notices."""
        self.power.read_only = True
        with pytest.raises(Exception, match="not known whether"):
            self.store.run_now(lambda unit: unit.record(_a_refusal(), actor="test"))
        assert self.store.condition is Condition.NOT_WRITABLE

    def mend_disk(self) -> None:
        """Writable again."""
        self.power.read_only = False
        self.at_s += 10
        self.store._writer.look()

    async def cure_disk(self) -> int:
        """Writable again; what was kept is written. Returns how many are left in memory."""
        self.mend_disk()
        return await self.opener.late.write()


def _a_refusal() -> PassRefused:
    return PassRefused(source="test", place="door:gate", code="test")


@pytest.fixture
async def blind() -> AsyncIterator[BlindWorld]:
    """A world in which nothing can be written, with the doors' contacts read as closed."""
    world = BlindWorld()
    for door in ("gate", "building-3"):
        await world.contact(f"door:{door}", "closed")
    world.break_disk()
    yield world
    await world.close()


async def test_a_residents_code_opens_once_and_is_journalled_afterwards(blind: BlindWorld) -> None:
    code, asked_at_ms = blind.code(), blind.clock.at_ms
    before = blind.store.executor.head.seq
    opening = await blind.opener.enter(code, "building-3", source="r")
    await blind.contact("door:building-3", "open")
    assert await blind.result(opening) == ("opened", "")
    assert blind.types() == []
    blind.clock.advance(ms=3_600_000)
    assert await blind.cure_disk() == 0
    assert blind.pulser.fired == [(opening.id, "building-3")]
    assert blind.types() == ["DoorOpenRequested", "DoorOpened"]
    [asked] = blind.events("DoorOpenRequested")
    assert (asked["asked_at_ms"], asked["asked_after_seq"]) == (asked_at_ms, before)
    assert (asked["opening"], asked["kind"]) == (opening.id, "resident")
    assert len(str(asked["person"])) == 64
    kept = records.find_opening(blind.store.connection, opening.id)
    assert kept is not None
    assert (kept.state, kept.requested_at_ms, kept.decided_at_ms) == ("opened", asked_at_ms, asked_at_ms)
    assert await blind.opener.late.write() == 0
    assert len(blind.types()) == 2


async def test_the_first_scan_that_meets_the_broken_disk_opens_too() -> None:
    world = BlindWorld()
    world.power.read_only = True
    opening = await world.opener.enter(world.code(), "building-3", source="r")
    assert (opening.state, len(world.pulser.fired)) == ("fired", 1)
    await world.close()


async def test_a_code_is_taken_in_memory_and_stays_taken_on_disk(blind: BlindWorld) -> None:
    code = blind.code()
    first = await blind.opener.enter(code, "building-3", source="r")
    assert (await blind.opener.enter(code, "building-3", source="r")).id == first.id
    with pytest.raises(CodeReplayed):
        await blind.opener.enter(code, "gate", source="r")
    await blind.run_out()
    with pytest.raises(CodeReplayed):
        await blind.opener.enter(code, "building-3", source="r")
    await blind.cure_disk()
    with pytest.raises(CodeReplayed):
        await blind.opener.enter(code, "building-3", source="r")
    assert len(blind.pulser.fired) == 1
    assert "DoorUnknown" in blind.types()


async def test_a_code_in_memory_is_taken_also_while_the_store_writes_again(blind: BlindWorld) -> None:
    code = blind.code()
    first = await blind.opener.enter(code, "building-3", source="r")
    assert await blind.cure_disk() == 1  # its contact has not decided it
    assert (await blind.opener.enter(code, "building-3", source="r")).id == first.id
    assert len(blind.pulser.fired) == 1


async def test_a_pass_without_a_count_opens_and_its_presentations_are_told_apart(blind: BlindWorld) -> None:
    text = blind.visitor(kind="staff", doors=("gate",), uses=None)
    first = await blind.opener.enter(text, "gate", source="r")
    assert (await blind.opener.enter(text, "gate", source="r")).id == first.id
    await blind.run_out()
    assert (await blind.opener.enter(text, "gate", source="r")).id == first.id
    blind.clock.advance(ms=20_000)
    second = await blind.opener.enter(text, "gate", source="r")
    await blind.run_out()
    assert [fired for fired, _ in blind.pulser.fired] == [first.id, second.id]
    await blind.cure_disk()
    blind.clock.advance(ms=20_000)
    third = await blind.opener.enter(text, "gate", source="r")
    taken = [str(event["authorisation"]).rpartition(":")[2] for event in blind.events("DoorOpenRequested")]
    assert (taken, third.id) == (["1", "2", "3"], blind.pulser.fired[2][0])


async def test_what_needs_an_entry_first_is_refused_and_nothing_moves(blind: BlindWorld) -> None:
    for uses in (1, 20):
        with pytest.raises(JournalStopped):
            await blind.opener.enter(blind.visitor(uses=uses), "gate", source="r")
    with pytest.raises(JournalStopped):
        await blind.opener.open_by_command(blind.command())
    with pytest.raises(JournalStopped):
        await blind.desk.start(blind.order_pass())
    assert (blind.pulser.fired, blind.opener.late.ids) == ([], frozenset())
    await blind.cure_disk()
    blind.clock.advance(ms=60_000)
    await blind.refusals.flush()
    assert sum(int(str(event["count"])) for event in blind.events("RefusalsCounted")) == 4


async def test_it_is_judged_by_the_copy_and_the_clock_as_ever() -> None:
    world = BlindWorld()
    revoked = world.visitor(id="lost-badge", kind="staff", doors=("gate",), uses=None)
    data = {"pass_id": "lost-badge", "until_ms": world.clock.at_ms + DAY_MS}
    world.store.run_now(lambda unit: apply_revocation(unit, "r1", 1, data))
    over = world.visitor(kind="staff", uses=None, expires_ms=world.clock.at_ms + 1_000)
    world.break_disk()
    world.clock.advance(ms=2_000)
    refused: list[tuple[str, str, type[Refusal]]] = [
        (world.code("stranger"), "building-3", PassWrongDoor),
        (world.code(), "office", PassWrongDoor),
        (revoked, "gate", PassRevoked),
        (over, "gate", PassExpired),
    ]
    for text, door, why in refused:
        with pytest.raises(why):
            await world.opener.enter(text, door, source="r")
    assert world.pulser.fired == []
    await world.close()


async def test_a_counted_pass_that_is_used_up_says_so_when_the_disk_is_back(blind: BlindWorld) -> None:
    text = blind.visitor(uses=1)
    with pytest.raises(JournalStopped):
        await blind.opener.enter(text, "gate", source="r")
    await blind.cure_disk()
    await blind.opener.enter(text, "gate", source="r")
    await blind.contact("door:gate", "open")
    with pytest.raises(PassUsedUp):
        await blind.opener.enter(text, "gate", source="r")


async def test_a_device_that_did_nothing_is_written_as_such(blind: BlindWorld) -> None:
    blind.pulser.mode = "refuses"
    opening = await blind.opener.enter(blind.code(), "building-3", source="r")
    assert (opening.state, opening.reason) == ("refused", "guard_offline")
    await blind.cure_disk()
    assert blind.types() == ["DoorOpenRequested", "DoorNotFired"]


async def test_a_device_that_does_not_answer_is_never_asked_again(blind: BlindWorld) -> None:
    blind.pulser.mode = "silent"
    opening = await blind.opener.enter(blind.code(), "building-3", source="r")
    await blind.run_out()
    assert await blind.result(opening) == ("unknown", "no_answer")
    await blind.cure_disk()
    assert len(blind.pulser.fired) == 1


async def test_memory_is_bounded_and_nothing_that_was_fired_is_forgotten(blind: BlindWorld) -> None:
    blind.opener.late = LateOpenings(
        store=blind.store, clock=blind.clock, contacts=blind.contacts, patience=blind.patience, limit=2
    )
    for _ in range(2):
        await blind.opener.enter(blind.code(), "building-3", source="r")
    with pytest.raises(JournalStopped):
        await blind.opener.enter(blind.code(), "building-3", source="r")
    assert (len(blind.pulser.fired), len(blind.opener.late.ids)) == (2, 2)


async def test_the_power_takes_what_was_in_memory_and_no_id_comes_twice(blind: BlindWorld) -> None:
    lost = await blind.opener.enter(blind.code(), "building-3", source="r")
    blind.mend_disk()
    await blind.restart()
    blind.break_disk()
    after = await blind.opener.enter(blind.code(), "building-3", source="r")
    await blind.run_out()
    await blind.cure_disk()
    assert [event["opening"] for event in blind.events("DoorOpenRequested")] == [after.id]
    assert lost.id.rpartition("-")[0] != after.id.rpartition("-")[0]


async def test_an_intent_that_reached_the_disk_unnoticed_stands_beside_the_late_one(
    blind: BlindWorld,
) -> None:
    opening = await blind.opener.enter(blind.code(), "building-3", source="r")
    await blind.run_out()
    found = blind.opener.late.find(opening.id)
    assert found is not None
    unnoticed = Opening(
        id="k1-1-9", place=found.place, authorisation=found.authorisation, kind="resident", requested_at_ms=1
    )
    records.insert_opening(blind.store.connection, unnoticed)
    assert await blind.cure_disk() == 0
    [asked] = blind.events("DoorOpenRequested")
    assert asked["authorisation"] == f"{found.authorisation}:{opening.id}"


async def test_an_opening_under_way_when_the_disk_breaks_gets_its_result_afterwards() -> None:
    world = BlindWorld()
    await world.contact("door:gate", "closed")
    text = world.visitor(kind="staff", doors=("gate",), uses=None)
    opening = await world.opener.enter(text, "gate", source="r")
    world.break_disk()
    await world.run_out()
    world.clock.advance(ms=20_000)
    late = await world.opener.enter(text, "gate", source="r")  # nobody waits for ever for the first one
    assert late.id != opening.id
    await world.cure_disk()
    await world.settle()
    assert await world.result(opening) == ("unknown", "contact_silent")
    await world.close()


@pytest.mark.slow
async def test_cards_and_room_pins_open_from_memory_and_wrong_pins_are_counted_there() -> None:
    world = BlindWorld()
    desk = Desk(world)
    lost = desk.give_card("555", card_id="card-lost")
    desk.give_card()
    desk.set_pin()
    desk.revoke(cards=[lost])
    world.break_disk()
    first = await world.opener.enter(CARD, "building-3", source="r", symbology="card")
    assert (await world.opener.enter(CARD, "building-3", source="r", symbology="card")).id == first.id
    with pytest.raises(CardRevoked):
        await world.opener.enter("555", "building-3", source="r", symbology="card")
    assert await world.opener.enter(f"31203#{PIN}", "gate", source="r", symbology="pin")
    for _ in range(5):
        with pytest.raises(RoomPinRefused):
            await world.opener.enter("31203#000000", "gate", source="r", symbology="pin")
    with pytest.raises(RoomPinLocked):
        await world.opener.enter(f"31203#{PIN}", "gate", source="r", symbology="pin")
    await world.run_out()
    assert await world.cure_disk() == 0
    asked = [(event["kind"], event["authorisation"]) for event in world.events("DoorOpenRequested")]
    assert asked == [("card", "card:card-1:1"), ("room_pin", "pin:pin-1:1")]
    assert {opening.source for opening in _openings(world)} == {"r"}
    with pytest.raises(RoomPinLocked):  # what was counted in memory counts on
        await world.opener.enter(f"31203#{PIN}", "gate", source="r", symbology="pin")
    await world.close()


def _openings(world: BlindWorld) -> list[Opening]:
    ids = [str(event["opening"]) for event in world.events("DoorOpenRequested")]
    found = [records.find_opening(world.store.connection, identity) for identity in ids]
    return [opening for opening in found if opening is not None]
