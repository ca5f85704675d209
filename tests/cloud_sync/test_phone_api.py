"""The phone's API: whose things one sees, passes that verify, codes that are certified."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_sync.platform import feed
from edge.trust.keys import KeySet
from edge.trust.keyset import open_keyset
from edge.trust.passes import open_pass, open_resident_code, resident_code
from tests.cloud_sync.conftest import COMMUNITY, RESIDENT, SITE, Phone, World, open_world
from tests.fakes.clock import FakeClock

HOUR_MS = 3_600_000


def keys_of(world: World) -> KeySet:
    return open_keyset(world.platform.keys.keyset, world.platform.keys.root.public)


async def test_nobody_sees_anything_without_a_login(world: World) -> None:
    for path in ("me", "orders", "bills", "notices", "visitors", "payable", "commands/c-1"):
        answer = await world.client.get(f"/phone/api/{path}")
        assert answer.status == 401, path


async def test_a_login_as_nobody_is_refused(world: World) -> None:
    answer = await world.client.post("/phone/api/login", json={"subject": "nobody"})
    assert answer.status == 401


async def test_the_person_sees_the_own_things_only(world: World, phone: Phone) -> None:
    other = {"id": "o9", "subject": "res-1", "state": "in_cells", "cells": []}
    bill = {**COMMUNITY["bills"][0], "id": "b9", "room": "r-1"}
    await world.platform.database.write(lambda c: feed.put_record(c, "orders", "o9", other))
    await world.platform.database.write(lambda c: feed.put_record(c, "bills", "b9", bill))
    assert (await phone("GET", "/me"))[1]["doors"] == [
        {"id": "gate", "name_zh": "南门", "name_en": "South gate"}
    ]
    assert [order["id"] for order in (await phone("GET", "/orders"))[1]] == ["o1"]
    assert [bill["id"] for bill in (await phone("GET", "/bills"))[1]] == ["b1"]


async def test_an_order_has_one_pass_that_verifies(world: World, phone: Phone) -> None:
    first = (await phone("GET", "/orders"))[1][0]["pass_text"]
    world.clock.advance(seconds=90)
    assert (await phone("GET", "/orders"))[1][0]["pass_text"] == first
    opened = open_pass(first, keys_of(world), world.clock.at_ms)
    assert (opened.kind, opened.order, opened.subject, opened.site) == ("order", "o1", RESIDENT, SITE)


async def test_a_collected_order_has_no_pass(world: World, phone: Phone) -> None:
    order = {**COMMUNITY["orders"][0], "state": "collected"}
    await world.platform.database.write(lambda c: feed.put_record(c, "orders", "o1", order))
    assert (await phone("GET", "/orders"))[1][0]["pass_text"] is None


async def test_a_visitor_pass_verifies_and_names_nobody(world: World, phone: Phone) -> None:
    now_ms = world.clock.at_ms
    asked = {"doors": ["gate"], "from_ms": now_ms, "until_ms": now_ms + HOUR_MS, "uses": 2, "label": "王师傅"}
    status, made = await phone("POST", "/visitors", asked)
    assert status == 201
    opened = open_pass(made["text"], keys_of(world), now_ms)
    assert (opened.kind, opened.doors, opened.uses) == ("visitor", ("gate",), 2)
    assert opened.expires_ms == now_ms + HOUR_MS
    assert len(made["text"]) < 512


async def test_a_visitor_pass_for_a_door_without_a_grant_is_refused(world: World, phone: Phone) -> None:
    asked = {"doors": ["gate", "cellar"], "from_ms": 0, "until_ms": world.clock.at_ms + HOUR_MS}
    status, answer = await phone("POST", "/visitors", asked)
    assert (status, answer["error"]) == (403, "door_not_allowed")


@pytest.mark.parametrize(
    "body",
    [{}, {"doors": []}, {"doors": ["gate"], "from_ms": "x", "until_ms": 1}, [], {"doors": "gate"}, 7],
)
async def test_a_malformed_body_is_a_four_hundred(phone: Phone, body: object) -> None:
    status, answer = await phone("POST", "/visitors", body)
    assert (status, answer["error"]) == (400, "malformed")


async def test_a_pass_taken_back_goes_down_the_feed(world: World, phone: Phone) -> None:
    now_ms = world.clock.at_ms
    asked = {"doors": ["gate"], "from_ms": now_ms, "until_ms": now_ms + HOUR_MS}
    made = (await phone("POST", "/visitors", asked))[1]
    assert (await phone("POST", f"/visitors/{made['id']}/revoke", {}))[0] == 204
    record = await world.platform.database.read(lambda c: feed.get_record(c, "revocations", made["id"]))
    assert record == {"pass_id": made["id"], "until_ms": now_ms + HOUR_MS}
    assert (await phone("GET", "/visitors"))[1][0]["revoked"]
    assert (await phone("POST", "/visitors/v-other/revoke", {}))[0] == 404


async def test_a_certified_key_signs_codes_that_verify(world: World, phone: Phone) -> None:
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    status, answer = await phone("POST", "/certificate", {"public_key": public})
    assert status == 200
    code = resident_code(private, base64.b64decode(answer["certificate"]), world.clock.at_ms)
    opened = open_resident_code(code, keys_of(world), world.clock.at_ms)
    assert (opened.kind, opened.subject) == ("resident", RESIDENT)


@pytest.mark.parametrize("key", ["", "!!", base64.b64encode(b"short").decode()])
async def test_a_key_that_is_none_is_refused(phone: Phone, key: str) -> None:
    assert (await phone("POST", "/certificate", {"public_key": key}))[0] == 400


async def test_a_session_ends_with_the_logout(phone: Phone) -> None:
    assert (await phone("POST", "/logout", {}))[0] == 204
    assert (await phone("GET", "/me"))[0] == 401


async def test_without_the_demo_there_are_no_open_switches(tmp_path: Path, clock: FakeClock) -> None:
    async with open_world(tmp_path, clock, demo=False) as world:
        for method, path in (
            ("GET", "/phone/api/personas"),
            ("POST", "/phone/api/login"),
            ("POST", "/sim/channels"),
            ("GET", "/sim/overview"),
        ):
            answer = await world.client.request(method, path, json={"subject": RESIDENT, "mode": "fail"})
            assert answer.status == 403, path
