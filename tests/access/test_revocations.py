"""The signed revocation list: one change of the feed, and nothing that was lost opens any more."""

import base64
from typing import ClassVar

import pytest

from edge.access.credentials.errors import CardRevoked, RevocationListOld
from edge.access.credentials.feed import prepare_list
from edge.access.credentials.identity import IdentityDesk
from edge.access.doors.door import Door, DoorKind
from edge.access.errors import PassRevoked
from edge.errors import Refusal
from edge.trust.cose import NotCanonical, sign
from edge.trust.keys import BadSignature, KeySet, SigningKey, UnknownKey, verifying_key
from edge.trust.revocations import (
    RevocationList,
    RevocationsTooOld,
    RevocationsWrongSite,
    open_revocations,
    sign_revocations,
    void_before_ms,
)
from tests.fakes.access_world import DAY_MS, SITE, AccessWorld
from tests.fakes.credentials import CARD, HOUR_MS, PIN, Desk

ISSUED = RevocationList(site=SITE, version=3, issued_ms=1, passes=(("v", 9),), subjects=(("s", 2, "all"),))
KEY = SigningKey.generate("p1", "passes")
KEYS = KeySet(1, [verifying_key(KEY)])


def test_a_list_comes_back_as_it_was_signed() -> None:
    assert open_revocations(sign_revocations(KEY, ISSUED), KEYS, site=SITE) == ISSUED
    with pytest.raises(RevocationsWrongSite):
        open_revocations(sign_revocations(KEY, ISSUED), KEYS, site="elsewhere")
    assert [void_before_ms(at_ms) for at_ms in (1_000, 1_001)] == [1_000, 2_000]


def test_what_is_no_list_is_refused_although_well_signed() -> None:
    good = {"document": "edge.revocations.v1", "site": SITE, "version": 1, "issued_ms": 1}
    assert open_revocations(sign(KEY, good), KEYS, site=SITE).version == 1
    changes: list[dict[str, object]] = [
        {"document": "edge.keyset.v1"},
        {"version": "1"},
        {"issued_ms": None},
        {"passes": ["v"]},
        {"subjects": [["s", 1, "some"]]},
        {"people": []},
    ]
    for change in changes:
        with pytest.raises(NotCanonical):
            open_revocations(sign(KEY, good | change), KEYS, site=SITE)
    commands = SigningKey.generate("c1", "commands")
    with pytest.raises(UnknownKey):
        open_revocations(sign(commands, good), KeySet(1, [verifying_key(commands)]), site=SITE)
    with pytest.raises(BadSignature):
        open_revocations(sign(SigningKey.generate("p1", "passes"), good), KEYS, site=SITE)


@pytest.fixture
def desk(world: AccessWorld) -> Desk:
    """The platform's desk; a resident has a card, a PIN and a grant."""
    world.grant()
    world.certified_ms = world.clock.at_ms - HOUR_MS
    desk = Desk(world)
    desk.give_card()
    desk.set_pin()
    return desk


async def _opens(world: AccessWorld, door: str = "gate") -> list[str]:
    """By what res-1203 gets in now."""
    world.clock.advance(seconds=200)
    attempts = {
        "code": world.opener.enter(world.code(), door, source="r"),
        "visitor": world.opener.enter(world.visitor(subject="res-1203", doors=(door,)), door, source="r"),
        "card": world.opener.enter(CARD, door, source="r", symbology="card"),
        "pin": world.opener.enter(f"31203#{PIN}", door, source="r", symbology="pin"),
        "command": world.opener.open_by_command(world.command(target=f"door:{door}")),
    }
    opened = []
    for name, attempt in attempts.items():
        try:
            if name == "command":
                world.pulser.mode = "refuses"
            await attempt
        except Refusal:
            continue
        opened.append(name)
    world.pulser.mode = "fires"
    await world.run_out()
    return opened


async def test_moving_out_ends_everything_with_one_list(world: AccessWorld, desk: Desk) -> None:
    assert await _opens(world) == ["code", "visitor", "card", "pin", "command"]
    desk.revoke(subjects=[("res-1203", world.clock.at_ms, "all")])
    assert await _opens(world) == []
    assert await _opens(world, "building-3") == []
    identity = IdentityDesk(store=world.store, reader=world.reader, refusals=world.refusals)
    with pytest.raises(PassRevoked):
        await identity.identify_by_card(CARD, source="kiosk")
    with pytest.raises(PassRevoked):
        await world.desk.start(world.order_pass())


async def test_a_lost_phone_ends_its_codes_and_the_new_phone_opens(world: AccessWorld, desk: Desk) -> None:
    lost_ms = void_before_ms(world.clock.at_ms)
    desk.revoke(subjects=[("res-1203", lost_ms, "phone")], passes=[("v-of-the-thief", lost_ms + DAY_MS)])
    assert await _opens(world) == ["visitor", "card", "pin", "command"]
    with pytest.raises(PassRevoked):
        await world.opener.enter(world.visitor(id="v-of-the-thief"), "gate", source="r")
    world.certified_ms = lost_ms
    assert await world.opener.enter(world.code(), "gate", source="r")


@pytest.mark.slow
async def test_a_lost_card_ends_that_card_only(world: AccessWorld, desk: Desk) -> None:
    hashed = desk.give_card()
    desk.give_card("555", card_id="card-2")
    desk.revoke(cards=[hashed])
    assert await _opens(world) == ["code", "visitor", "pin", "command"]
    with pytest.raises(CardRevoked):
        await world.opener.enter(CARD, "building-3", source="r", symbology="card")
    assert await world.opener.enter("555", "gate", source="r", symbology="card")


@pytest.mark.slow
async def test_a_list_replaces_the_one_before_and_an_older_one_does_nothing(
    world: AccessWorld, desk: Desk
) -> None:
    desk.revoke(version=7, passes=[("v1", 9)])
    with pytest.raises(RevocationsTooOld):
        desk.revoke(version=6, passes=[])
    desk.apply("revocation_list", "site", None)  # what was revoked does not come back by a deletion
    with pytest.raises(PassRevoked):
        await world.opener.enter(world.visitor(id="v1"), "gate", source="r")
    desk.revoke(version=8, passes=[("v2", 9)])
    assert await world.opener.enter(world.visitor(id="v1"), "gate", source="r")
    desk.revoke(version=9, passes=[("v2", 9)])
    assert [event["version"] for event in world.events("RevocationsChanged")] == [7, 8]
    assert desk.believed is not None
    assert desk.believed.version == 9


@pytest.mark.slow
async def test_a_list_that_was_tampered_with_is_refused_before_its_unit(
    world: AccessWorld, desk: Desk
) -> None:
    record = desk.record_of(passes=[("v1", 9)])
    message = bytearray(base64.b64decode(record["message"]))
    message[-1] ^= 1
    with pytest.raises(BadSignature):
        prepare_list({"message": base64.b64encode(message).decode()}, world.keys, SITE, world.clock.now())
    with pytest.raises(BadSignature):
        desk.revoke(world.stranger)
    assert desk.believed is None


class AgedWorld(AccessWorld):
    """A gate that asks for a list of at most a day."""

    doors: ClassVar = {"gate": Door(id="gate", kind=DoorKind.VISITOR, revocation_age_ms=DAY_MS)}


@pytest.mark.slow
async def test_a_door_waits_for_a_newer_list_and_the_phone_still_opens_it() -> None:
    world = AgedWorld()
    desk = Desk(world)
    with pytest.raises(RevocationListOld):
        await world.opener.enter(world.visitor(), "gate", source="r")
    desk.revoke()
    world.clock.advance(ms=DAY_MS)
    assert await world.opener.enter(world.visitor(), "gate", source="r")
    world.clock.advance(ms=HOUR_MS)
    with pytest.raises(RevocationListOld):
        await world.opener.enter(world.visitor(), "gate", source="r")
    world.pulser.mode = "refuses"  # decided at once
    assert await world.opener.open_by_command(world.command())
    await world.close()
