"""Who may open what, authored on the phone and at the desk; and that everything ends with one change."""

from typing import Any

import pytest
from argon2 import PasswordHasher

from cloud_sync.platform import household, revoking
from cloud_sync.platform.feed import get_record, list_records, read_page
from cloud_sync.wire.feed import Change
from edge.trust.cards import card_hash
from edge.trust.cose import read_base64
from edge.trust.keyset import open_keyset
from edge.trust.passes import open_pass
from edge.trust.revocations import RevocationList, open_revocations
from tests.cloud_sync.conftest import RESIDENT, SITE, Phone, World

FAR_MS = 4_000_000_000_000


async def changes_after(world: World, cursor: int) -> list[Change]:
    """What the feed brought since."""
    return (await world.platform.database.read(lambda c: read_page(c, cursor, 500))).changes


async def newest(world: World) -> int:
    """The feed's newest cursor."""
    return int(
        await world.platform.database.read(
            lambda c: c.execute("SELECT max(cursor) FROM records").fetchone()[0]
        )
    )


async def believed(world: World) -> RevocationList:
    """The list as a device verifies it."""
    keys = open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)
    record = await world.platform.database.read(lambda c: get_record(c, "revocation_list", "site"))
    assert record is not None
    return open_revocations(read_base64(record["message"]), keys, site=SITE)


async def add_child(phone: Phone) -> str:
    """Family of the resident; returns the pseudonym."""
    asked = {"name": "小雨", "kind": "family", "doors": ["gate"]}
    status, made = await phone("POST", "/household", asked)
    assert status == 201, made
    return str(made["id"])


async def hand_out_card(world: World, subject: str, number: str = "00123456") -> str:
    """A card from the desk; returns its record's id."""
    asked = {"subject": subject, "number": number, "until_ms": FAR_MS}
    answer = await world.client.post("/sim/desk/cards", json=asked)
    assert answer.status == 201, await answer.text()
    return str((await answer.json())["id"])


async def test_family_gets_what_the_owner_has_and_no_more(world: World, phone: Phone) -> None:
    child = await add_child(phone)
    grants = {
        one["subject"]: one for one in await world.platform.database.read(lambda c: list_records(c, "grants"))
    }
    assert (grants[child]["doors"], grants[child]["until_ms"]) == (["gate"], FAR_MS)
    asked = {"name": "某人", "kind": "tenant", "doors": ["cellar"]}
    assert (await phone("POST", "/household", asked))[1]["error"] == "door_not_allowed"
    home = (await phone("GET", "/household"))[1]
    assert [(one["subject"], one["kind"]) for one in home["people"]] == [
        (RESIDENT, "owner"),
        (child, "family"),
    ]


async def test_only_the_owner_lets_people_in(world: World, phone: Phone) -> None:
    child = await add_child(phone)
    await world.client.post("/phone/api/login", json={"subject": child})
    asked = {"name": "某人", "kind": "family", "doors": ["gate"]}
    assert (await phone("POST", "/household", asked))[1]["error"] == "not_the_owner"
    assert (await phone("POST", "/move-out", {"room": "3-1203"}))[1]["error"] == "not_the_owner"
    home = (await phone("GET", "/household"))[1]
    assert [one["subject"] for one in home["people"]] == [child]
    assert (await phone("POST", "/lost-phone", {"subject": RESIDENT}))[0] == 404


async def test_a_room_is_full_with_eight(phone: Phone) -> None:
    for _ in range(household.PEOPLE_LIMIT - 1):
        await add_child(phone)
    asked = {"name": "某人", "kind": "family", "doors": ["gate"]}
    assert (await phone("POST", "/household", asked))[1]["error"] == "household_full"


async def test_moving_out_is_in_the_list_before_any_other_change(world: World, phone: Phone) -> None:
    child = await add_child(phone)
    card = await hand_out_card(world, child)
    await phone("POST", "/visitors", {"doors": ["gate"], "from_ms": world.clock.at_ms, "until_ms": FAR_MS})
    assert (await phone("POST", "/move-out", {"room": "3-1204"}))[1]["error"] == "room_mismatch"
    begun = await newest(world)
    assert (await phone("POST", "/move-out", {"room": "3-1203"}))[0] == 204
    first, *rest = await changes_after(world, begun)
    assert first.collection == "revocation_list"
    told = await believed(world)
    assert {(who, scope) for who, _, scope in told.subjects} == {(RESIDENT, "all"), (child, "all")}
    assert len(told.passes) == 1
    deleted = {(one.collection, one.id) for one in rest if one.deleted}
    assert {("grants", RESIDENT), ("grants", child), ("cards", card)} <= deleted
    assert (await phone("GET", "/me"))[0] == 401


async def test_a_lost_card_is_one_change_and_its_record_goes(world: World, phone: Phone) -> None:
    card = await hand_out_card(world, RESIDENT)
    salt = await world.platform.database.read(lambda c: get_record(c, "credential_salt", "site"))
    assert salt is not None
    assert (await phone("GET", "/household"))[1]["cards"][0]["tail"] == "3456"
    before = (await believed(world)).version
    assert (await phone("POST", f"/cards/{card}/lost", {}))[0] == 204
    told = await believed(world)
    assert (told.version, told.cards) == (before + 1, (card_hash(bytes.fromhex(salt["salt"]), "123456"),))
    assert (await phone("POST", f"/cards/{card}/lost", {}))[0] == 404


async def test_a_lost_phone_voids_what_it_could_show_and_no_more(world: World, phone: Phone) -> None:
    await phone("POST", "/visitors", {"doors": ["gate"], "from_ms": world.clock.at_ms, "until_ms": FAR_MS})
    other = await world.client.get("/phone/api/me")
    assert other.status == 200
    order = (await phone("GET", "/orders"))[1][0]
    assert (await phone("POST", "/lost-phone", {"subject": RESIDENT}))[0] == 204
    told = await believed(world)
    ((who, before_ms, scope),) = told.subjects
    assert (who, scope, len(told.passes)) == (RESIDENT, "phone", 2)
    assert (await phone("GET", "/me"))[0] == 200, "the phone that reports stays logged in"
    assert (await phone("GET", "/orders"))[1][0]["pass_text"] != order["pass_text"]
    from_ms = await world.platform.database.read(
        lambda c: revoking.certified_from_ms(c, RESIDENT, now_ms=world.clock.at_ms)
    )
    assert from_ms >= before_ms


async def test_a_visitor_pass_taken_back_is_in_the_list_and_in_the_old_record(
    world: World, phone: Phone
) -> None:
    asked = {"doors": ["gate"], "from_ms": world.clock.at_ms, "until_ms": world.clock.at_ms + 3_600_000}
    made = (await phone("POST", "/visitors", asked))[1]
    await phone("POST", f"/visitors/{made['id']}/revoke", {})
    assert made["id"] in dict((await believed(world)).passes)
    assert await world.platform.database.read(lambda c: get_record(c, "revocations", made["id"]))
    world.clock.at_ms += 7 * 3_600_000
    key = world.platform.keys.signing["passes"]
    await world.platform.database.write(lambda c: revoking.keep_fresh(c, key, SITE, now_ms=world.clock.at_ms))
    told = await believed(world)
    assert (told.issued_ms, told.passes) == (world.clock.at_ms, ())


@pytest.mark.parametrize("pin", ["000000", "123456", "987654"])
def test_a_pin_that_anybody_would_try_first_is_refused(pin: str) -> None:
    with pytest.raises(household.PinWeak):
        household.hash_pin(pin)


async def test_a_pin_comes_down_as_a_hash_under_an_opaque_id(world: World, phone: Phone) -> None:
    assert (await phone("POST", "/pin", {"pin": "12345"}))[1]["error"] == "malformed"
    assert (await phone("POST", "/pin", {"pin": "483920"}))[0] == 204
    (record,) = await world.platform.database.read(lambda c: list_records(c, "pins"))
    assert (record["subject"], record["room"]) == (RESIDENT, "3-1203")
    assert PasswordHasher().verify(record["hash"], "483920")
    assert RESIDENT not in record["id"]
    await phone("POST", "/pin", {"pin": "394857"})
    (again,) = await world.platform.database.read(lambda c: list_records(c, "pins"))
    assert again["id"] == record["id"]


async def test_vehicles_are_of_the_room_and_plates_are_plates(world: World, phone: Phone) -> None:
    asked: dict[str, Any] = {"plate": "京AD12345", "doors": ["gate"]}
    made = (await phone("POST", "/vehicles", asked))[1]["id"]
    (record,) = await world.platform.database.read(lambda c: list_records(c, "vehicles"))
    assert (record["plate"], record["room"], record["until_ms"]) == ("京AD12345", "r-3-1203", FAR_MS)
    assert (await phone("POST", "/vehicles", {**asked, "plate": "drop table"}))[1]["error"] == "malformed"
    assert (await phone("POST", f"/vehicles/{made}/revoke", {}))[0] == 204
    assert (await phone("GET", "/household"))[1]["vehicles"] == []


async def test_groups_of_doors_open_for_whom_they_are_granted(world: World, phone: Phone) -> None:
    group = {"id": "b3", "doors": ["gate", "unit-3"], "name_zh": "3栋"}
    assert (await world.client.put("/sim/desk/door_groups/b3", json=group)).status == 204
    grant = {"subject": RESIDENT, "doors": [], "groups": ["b3"], "from_ms": 0, "until_ms": FAR_MS}
    assert (await world.client.put(f"/sim/desk/grants/{RESIDENT}", json=grant)).status == 204
    assert [door["id"] for door in (await phone("GET", "/me"))[1]["doors"]] == ["gate"]
    for path, body in (
        ("/sim/desk/grants/other", grant),
        ("/sim/desk/bills/b1", {"id": "b1"}),
    ):
        assert (await world.client.put(path, json=body)).status == 404
    assert (
        await world.client.put("/sim/desk/doors/gate", json={"id": "gate", "held_open_s": "x"})
    ).status == 400


async def test_the_desk_signs_a_courier_s_pass_and_hides_hashes(world: World) -> None:
    await hand_out_card(world, RESIDENT)
    asked = {"kind": "deposit", "doors": [], "from_ms": world.clock.at_ms, "until_ms": FAR_MS}
    made = await (await world.client.post("/sim/desk/passes", json=asked)).json()
    keys = open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)
    assert open_pass(made["text"], keys, world.clock.at_ms).kind == "deposit"
    shown = await (await world.client.get("/sim/desk")).json()
    assert "hash" not in shown["cards"][0]
    assert "message" not in shown["revocation_list"][0]
    refused = await world.client.post(
        "/sim/desk/cards", json={**asked, "subject": RESIDENT, "number": "0000"}
    )
    assert refused.status == 422
