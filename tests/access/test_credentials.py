"""Cards, fobs and room PINs at doors and at the kiosk; the deny list; what readers show."""

import pytest

from edge.access.credentials.answers import LastAnswers, Outcome, ReaderAnswer
from edge.access.credentials.errors import (
    CardUnknown,
    CredentialUnknown,
    Denied,
    RoomPinLocked,
    RoomPinRefused,
)
from edge.access.credentials.identity import IdentityDesk
from edge.access.errors import PassUsedUp, PassWrongDoor, PassWrongKind
from edge.trust.cards import NotACard, card_hash
from edge.trust.clock import Trust
from tests.fakes.access_world import AccessWorld
from tests.fakes.credentials import CARD, PIN, SALT, Desk

ROOM_PIN = f"31203#{PIN}"


@pytest.fixture
def desk(world: AccessWorld) -> Desk:
    """The platform's desk; a resident may open gate and building 3."""
    world.grant()
    return Desk(world)


async def test_a_card_opens_what_its_person_may_open(world: AccessWorld, desk: Desk) -> None:
    number = "0001234 567 890"  # as printed; readers say 1234567890
    desk.give_card()
    opening = await world.opener.enter(number, "gate", source="r", symbology="card")
    assert (opening.kind, opening.authorisation, opening.source) == ("card", "card:card-1:1", "r")
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(number, "office", source="r", symbology="card")
    [asked] = world.events("DoorOpenRequested")
    assert CARD not in str(asked)
    assert card_hash(SALT, CARD) not in str(asked)


@pytest.mark.slow
async def test_a_card_held_before_the_reader_opens_once_and_later_again(
    world: AccessWorld, desk: Desk
) -> None:
    desk.give_card()
    first = await world.opener.enter(CARD, "gate", source="r", symbology="card")
    assert (await world.opener.enter(CARD, "gate", source="r", symbology="card")).id == first.id
    await world.contact("door:gate", "open")
    world.clock.advance(seconds=4)
    second = await world.opener.enter(CARD, "gate", source="r", symbology="card")
    assert second.authorisation == "card:card-1:2"


@pytest.mark.slow
async def test_a_card_that_nobody_knows_or_whose_time_is_over_opens_nothing(
    world: AccessWorld, desk: Desk
) -> None:
    desk.give_card()
    with pytest.raises(CardUnknown):
        await world.opener.enter("999", "gate", source="r", symbology="card")
    with pytest.raises(NotACard):
        await world.opener.enter("门", "gate", source="r", symbology="card")
    with pytest.raises(CredentialUnknown):
        await world.opener.enter("6901234567892", "gate", source="r", symbology="ean13")
    world.clock.advance(days=2)
    with pytest.raises(CardUnknown):
        await world.opener.enter(CARD, "gate", source="r", symbology="card")
    desk.apply("cards", "card-1", None)
    assert world.pulser.fired == []
    codes = [event["code"] for event in world.events("PassRefused")]
    assert codes == ["card_unknown", "not_a_card", "credential_unknown", "card_unknown"]


async def test_room_and_pin_open_a_door(world: AccessWorld, desk: Desk) -> None:
    desk.set_pin()
    desk.set_pin("111222", "res-of-2", "2-1203", "pin-2")  # the same number in another building
    taken = []
    for typed in ("31203#482913", "1203#482913", "31203#482913#"):
        opening = await world.opener.enter(typed, "building-3", source="r", symbology="pin")
        taken.append((opening.kind, opening.authorisation))
        await world.run_out()
        world.clock.advance(seconds=10)
    assert taken == [("room_pin", f"pin:pin-1:{number}") for number in (1, 2, 3)]


@pytest.mark.slow
async def test_a_wrong_room_and_a_wrong_pin_are_told_apart_by_nobody(world: AccessWorld, desk: Desk) -> None:
    desk.set_pin()
    for typed in ("31203#482914", "99999#482913", "31203", "#482913", "1203#482913#1", "a#b", "2#3"):
        with pytest.raises(RoomPinRefused) as refused:
            await world.opener.enter(typed, "building-3", source="r", symbology="pin")
        assert refused.value.details == {}
    assert world.pulser.fired == []
    assert "1203" not in str(world.events())


async def test_five_wrong_pins_lock_a_room_at_every_reader_and_a_right_one_counts_anew(
    world: AccessWorld, desk: Desk
) -> None:
    desk.set_pin()
    for _ in range(4):
        with pytest.raises(RoomPinRefused):
            await world.opener.enter("31203#000000", "building-3", source="r", symbology="pin")
    await world.opener.enter(ROOM_PIN, "building-3", source="r", symbology="pin")
    for _ in range(5):
        with pytest.raises(RoomPinRefused):
            await world.opener.enter("31203#000000", "building-3", source="r", symbology="pin")
    with pytest.raises(RoomPinLocked):
        await world.opener.enter(ROOM_PIN, "building-3", source="other", symbology="pin")
    [locked] = world.events("RoomPinLockedOut")
    assert (locked["scope"], locked["source"]) == ("room", "r")
    world.clock.advance(seconds=15 * 60 + 1)
    world.clock.advance(seconds=10)
    assert (await world.opener.enter(ROOM_PIN, "building-3", source="r", symbology="pin")).id


@pytest.mark.slow
async def test_a_reader_at_which_many_rooms_are_tried_is_locked(world: AccessWorld, desk: Desk) -> None:
    desk.set_pin()
    for room in range(20):
        with pytest.raises(RoomPinRefused):
            await world.opener.enter(f"3{room:04}#000000", "building-3", source="r", symbology="pin")
    with pytest.raises(RoomPinLocked):
        await world.opener.enter(ROOM_PIN, "building-3", source="r", symbology="pin")
    assert await world.opener.enter(ROOM_PIN, "building-3", source="other", symbology="pin")
    assert [event["scope"] for event in world.events("RoomPinLockedOut")] == ["reader"]


@pytest.mark.slow
async def test_a_grant_of_a_group_opens_its_doors_until_the_group_changes(
    world: AccessWorld, desk: Desk
) -> None:
    desk.give_card(subject="res-2")
    now_ms = world.clock.at_ms
    window = {"from_ms": now_ms, "until_ms": now_ms + 10**9}
    world.feed("grants", "res-2", {"subject": "res-2", "doors": [], "groups": ["west"], **window})
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(CARD, "gate", source="r", symbology="card")
    desk.apply("door_groups", "west", {"doors": ["gate", "building-3"]})
    assert await world.opener.enter(CARD, "gate", source="r", symbology="card")
    desk.apply("door_groups", "west", {"doors": ["building-3"]})
    world.clock.advance(seconds=60)
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(CARD, "gate", source="r", symbology="card")
    desk.apply("door_groups", "west", None)
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(CARD, "building-3", source="r", symbology="card")


@pytest.mark.slow
async def test_the_deny_list_names_people_cards_and_passes_but_nobody_is_kept_out_of_home(
    world: AccessWorld, desk: Desk
) -> None:
    hashed = desk.give_card()
    desk.deny("card", hashed, "gate")
    with pytest.raises(Denied):
        await world.opener.enter(CARD, "gate", source="r", symbology="card")
    desk.apply("deny", "deny-card", None)
    desk.deny("subject", "res-1203")
    for attempt in (
        world.opener.enter(CARD, "gate", source="r", symbology="card"),
        world.opener.enter(world.code(), "gate", source="r"),
        world.opener.open_by_command(world.command()),
        world.opener.enter(world.visitor(subject="res-1203"), "gate", source="r"),
    ):
        with pytest.raises(Denied):
            await attempt
    assert world.pulser.fired == []
    assert await world.opener.enter(CARD, "building-3", source="r", symbology="card")
    desk.deny("pass", "v-loud")
    with pytest.raises(Denied):
        await world.opener.enter(world.visitor(id="v-loud"), "gate", source="r")
    world.clock.advance(days=2)
    desk.apply("vehicles", "v1", {"plate": "浙A12345", "subject": "res-1203", "doors": ["gate"]})
    desk.apply("vehicles", "v1", None)


async def test_the_parcel_room_opens_to_whoever_collects_or_deposits_there(world: AccessWorld) -> None:
    collects = world.order_pass()
    opening = await world.opener.enter(collects, "parcel-room", source="r")
    assert (opening.kind, opening.state) == ("pickup", "fired")
    courier = world.visitor(kind="deposit", doors=("parcel-room",), uses=None)
    assert (await world.opener.enter(courier, "parcel-room", source="r")).kind == "deposit"
    with pytest.raises(PassWrongKind):
        await world.opener.enter(world.visitor(kind="deposit", uses=None), "gate", source="r")
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(world.visitor(kind="deposit", uses=None), "parcel-room", source="r")
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(world.visitor(), "parcel-room", source="r")


async def test_after_unknown_a_counted_pass_opens_once_more_without_another_use(world: AccessWorld) -> None:
    text = world.visitor(id="v", uses=1)
    first = await world.opener.enter(text, "gate", source="r")
    await world.run_out()
    assert (await world.opener.enter(text, "gate", source="r")).id == first.id  # still held there
    world.clock.advance(seconds=60)
    again = await world.opener.enter(text, "gate", source="r")
    assert again.authorisation == "pass:v:1:again"
    await world.run_out()
    world.clock.advance(seconds=4)
    with pytest.raises(PassUsedUp):
        await world.opener.enter(text, "gate", source="r")
    assert len(world.pulser.fired) == 2


@pytest.mark.slow
async def test_what_opened_or_is_two_minutes_old_or_has_no_contact_does_not_open_again(
    world: AccessWorld,
) -> None:
    opened, late = world.visitor(id="v1"), world.visitor(id="v2")
    await world.opener.enter(opened, "gate", source="r")
    await world.contact("door:gate", "open")
    await world.contact("door:gate", "closed")
    await world.opener.enter(late, "gate", source="r")
    await world.run_out()
    blind = world.visitor(id="v3", kind="staff", doors=("office",), uses=1)
    await world.opener.enter(blind, "office", source="r")
    await world.run_out()
    world.clock.advance(seconds=121)
    for text, door in ((opened, "gate"), (late, "gate"), (blind, "office")):
        with pytest.raises(PassUsedUp):
            await world.opener.enter(text, door, source="r")


@pytest.mark.slow
async def test_a_second_opening_after_unknown_does_not_count_and_the_next_does(world: AccessWorld) -> None:
    text = world.visitor(id="v", uses=2)
    await world.opener.enter(text, "gate", source="r")
    await world.run_out()
    world.clock.advance(seconds=10)
    await world.opener.enter(text, "gate", source="r")
    await world.contact("door:gate", "open")
    world.clock.advance(seconds=10)
    third = await world.opener.enter(text, "gate", source="r")
    await world.run_out()
    world.clock.advance(seconds=200)
    with pytest.raises(PassUsedUp):
        await world.opener.enter(text, "gate", source="r")
    assert third.authorisation == "pass:v:3"


@pytest.mark.slow
async def test_whoever_has_no_phone_is_known_at_the_kiosk_by_card_or_pin(
    world: AccessWorld, desk: Desk
) -> None:
    desk.give_card()
    desk.set_pin()
    identity = IdentityDesk(store=world.store, reader=world.reader, refusals=world.refusals)
    assert await identity.identify_by_card(CARD, source="kiosk") == "res-1203"
    assert await identity.identify_by_pin("3-1203", PIN, source="kiosk") == "res-1203"
    for room in ("1203", "2-1203"):  # here a room has its whole name
        with pytest.raises(RoomPinRefused):
            await identity.identify_by_pin(room, PIN, source="kiosk")
    world.clock.trust = Trust.UNKNOWN
    assert await identity.identify_by_card(CARD, source="kiosk") == "res-1203"
    with pytest.raises(CardUnknown):
        await identity.identify_by_card("7", source="kiosk")
    assert [event["place"] for event in world.events("PassRefused")] == ["kiosk"] * 3


class Lamps:
    """Signals that a test reads."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def show(self, answer: ReaderAnswer) -> None:
        """Keep it."""
        self.shown.append((answer.outcome.value, answer.code))


async def test_a_reader_shows_granted_then_what_the_contact_says_and_why_it_refuses(
    world: AccessWorld,
) -> None:
    lamps = Lamps()
    world.opener._signals = answers = LastAnswers(world.store.notifier, lamps=(lamps,))
    held = world.visitor()
    for _ in range(2):
        await world.opener.enter(held, "gate", source="r")
    await world.contact("door:gate", "open")
    await world.settle()
    await world.contact("door:gate", "closed")
    await world.opener.enter(world.visitor(), "gate", source="r")
    await world.run_out()
    with pytest.raises(PassWrongDoor):
        await world.opener.enter(world.visitor(doors=("office",)), "gate", source="r")
    await world.opener.enter(world.visitor(kind="staff", doors=("office",)), "office", source="r2")
    await world.run_out()  # no contact: granted is all that can ever be said
    assert lamps.shown == [
        ("granted", ""),
        ("granted", ""),  # still held there
        ("opened", ""),
        ("granted", ""),
        ("unknown", "contact_silent"),
        ("refused", "pass_wrong_door"),
        ("granted", ""),
    ]
    assert answers.answers["r"].outcome is Outcome.REFUSED
    assert answers.answers["r2"].door == "office"
