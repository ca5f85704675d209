"""Grants and revocations as they come down."""

import msgspec
import pytest

from edge.access import records
from edge.access.feed import APPLIERS
from edge.trust.clock import Reading, Trust
from tests.fakes.access_world import AccessWorld


async def test_a_grant_is_replaced_whole_and_deleted(world: AccessWorld) -> None:
    data = {"subject": "s", "doors": ["gate", "building-3", "gate"], "from_ms": 0, "until_ms": 10}
    apply = APPLIERS["grants"]
    world.store.run_now(lambda unit: apply(unit, "g1", 1, data))
    world.store.run_now(lambda unit: apply(unit, "g2", 1, {**data, "doors": ["gate"], "until_ms": 5}))
    known = [Reading(at_ms, Trust.SYNCED) for at_ms in (-1, 0, 9, 10)]
    has = [records.has_grant(world.store.connection, "s", "gate", now) for now in known]
    assert has == [False, True, True, False]
    floors = [Reading(at_ms, Trust.UNKNOWN) for at_ms in (-1, 9, 10)]
    has = [records.has_grant(world.store.connection, "s", "gate", now) for now in floors]
    assert has == [True, True, False]
    world.store.run_now(lambda unit: apply(unit, "g1", 2, {**data, "doors": []}))
    assert not records.has_grant(world.store.connection, "s", "building-3", Reading(1, Trust.SYNCED))
    world.store.run_now(lambda unit: apply(unit, "g2", 2, None))
    assert not records.has_grant(world.store.connection, "s", "gate", Reading(1, Trust.SYNCED))


async def test_an_older_revocation_does_not_replace_a_newer_one(world: AccessWorld) -> None:
    apply = APPLIERS["revocations"]
    world.store.run_now(lambda unit: apply(unit, "r1", 2, {"pass_id": "new", "until_ms": 9}))
    world.store.run_now(lambda unit: apply(unit, "r1", 1, {"pass_id": "old", "until_ms": 9}))
    revoked = [records.is_revoked(world.store.connection, pass_id) for pass_id in ("new", "old")]
    assert revoked == [True, False]
    world.store.run_now(lambda unit: apply(unit, "r1", 3, None))
    assert not records.is_revoked(world.store.connection, "new")


@pytest.mark.parametrize("collection", ["grants", "revocations"])
async def test_a_record_of_another_shape_is_refused(world: AccessWorld, collection: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        world.store.run_now(lambda unit: APPLIERS[collection](unit, "x", 1, {"subject": 5}))
