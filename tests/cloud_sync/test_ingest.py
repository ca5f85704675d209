"""Custody: every intact event once, envelope faults named, unknown types kept."""

import msgspec
import pytest
import zstandard

from cloud_sync import records
from cloud_sync.events import FeedRecordParked
from cloud_sync.http import DetailedRejection
from cloud_sync.records import Outgoing
from cloud_sync.wire.batches import BatchAccepted, BatchHeader, chain_hashes, encode_batch
from edge.errors import PlatformRejected
from edge.store.events import Event
from tests.cloud_sync.conftest import World

HEADERS = {"Content-Encoding": "zstd", "Content-Type": "application/x-ndjson"}


async def post(world: World, outgoing: Outgoing) -> int:
    answer = await world.http.ask_raw(
        "POST",
        world.http.device_path + "/batches",
        BatchAccepted,
        body=encode_batch(outgoing.header, outgoing.lines),
        headers=HEADERS,
    )
    return answer.acknowledged_seq


def outgoing(world: World, after_seq: int = 0, limit: int = 100) -> Outgoing:
    found = world.store.read_now(lambda c: records.read_outgoing(c, after_seq=after_seq, limit=limit))
    assert found is not None
    return found


def forged(batch: Outgoing, position: int) -> Outgoing:
    """The same batch with one event rewritten and the chain made to fit."""
    lines = list(batch.lines)
    lines[position] = lines[position].replace(b'"reason":"test"', b'"reason":"forged"')
    header = msgspec.structs.replace(
        batch.header, last_hash=chain_hashes(batch.header.previous_hash, lines)[-1]
    )
    return Outgoing(header, lines)


async def test_a_batch_posted_twice_is_held_once(world: World) -> None:
    world.record(5)
    assert await post(world, outgoing(world)) == 5
    assert await post(world, outgoing(world)) == 5
    figures = await world.figures()
    assert figures["devices"][0]["events"] == 5
    assert figures["devices"][0]["head_hash"] == outgoing(world).header.last_hash


async def test_overlapping_batches_are_held_once(world: World) -> None:
    world.record(6)
    await post(world, outgoing(world, 0, 4))
    assert await post(world, outgoing(world, 2, 4)) == 6
    assert (await world.figures())["devices"][0]["events"] == 6


async def test_an_old_batch_after_a_newer_one_changes_nothing(world: World) -> None:
    world.record(6)
    await post(world, outgoing(world))
    assert await post(world, outgoing(world, 0, 2)) == 6


async def test_a_gap_is_refused_and_named(world: World) -> None:
    world.record(6)
    await post(world, outgoing(world, 0, 2))
    with pytest.raises(DetailedRejection) as caught:
        await post(world, outgoing(world, 3, 3))
    assert (caught.value.status, caught.value.code) == (409, "gap")
    assert caught.value.details["expected_seq"] == 3


async def test_a_first_batch_that_does_not_begin_at_one_is_a_gap(world: World) -> None:
    world.record(3)
    with pytest.raises(DetailedRejection) as caught:
        await post(world, outgoing(world, 1))
    assert caught.value.details["expected_seq"] == 1


@pytest.mark.parametrize("position", [0, 1, 2])
async def test_another_history_under_the_same_identities_is_a_fork(world: World, position: int) -> None:
    world.record(3)
    await post(world, outgoing(world))
    with pytest.raises(PlatformRejected) as caught:
        await post(world, forged(outgoing(world), position))
    assert caught.value.code == "fork"
    world.record(1)
    with pytest.raises(PlatformRejected) as quarantined:
        await post(world, outgoing(world, 3))
    assert quarantined.value.code == "quarantined"
    figures = await world.figures()
    assert figures["devices"][0]["events"] == 3
    assert figures["devices"][0]["quarantine"] == "fork"


async def test_a_batch_that_continues_another_history_is_a_fork(world: World) -> None:
    world.record(3)
    await post(world, forged(outgoing(world), 2))
    world.record(1)
    with pytest.raises(PlatformRejected) as caught:
        await post(world, outgoing(world, 3))
    assert caught.value.code == "fork"


async def test_a_new_epoch_goes_on_after_a_quarantine(world: World) -> None:
    world.record(2)
    await post(world, outgoing(world))
    with pytest.raises(PlatformRejected):
        await post(world, forged(outgoing(world), 0))
    world.store.run_now(lambda unit: unit.begin_epoch("test"))
    batch = outgoing(world, 2)
    assert (batch.header.epoch, batch.header.first_seq) == (2, 3)
    assert await post(world, batch) == 3


async def test_a_damaged_batch_is_refused_and_can_be_sent_again(world: World) -> None:
    world.record(3)
    batch = outgoing(world)
    body = b"\n".join(
        (msgspec.json.encode(batch.header), *batch.lines[:-1], batch.lines[-1].replace(b"r2", b"r3"))
    )
    with pytest.raises(PlatformRejected) as caught:
        await world.http.exchange(
            "POST", world.http.device_path + "/batches", body=zstandard.compress(body), headers=HEADERS
        )
    assert (caught.value.status, caught.value.code) == (400, "batch_damaged")
    assert (await world.figures())["devices"] == []
    assert await post(world, batch) == 3


class Unheard(Event, frozen=True, kw_only=True):
    """A type that the platform has never heard of."""

    TYPE = "UnheardOf"
    answer: int


async def test_an_unknown_type_is_kept_and_leaves_no_hole(world: World) -> None:
    world.journal(Unheard(answer=42))
    world.record(1)
    assert await post(world, outgoing(world)) == 2
    event = await world.http.exchange("GET", world.http.device_path + "/epochs/1/events/1")
    assert msgspec.json.decode(event)["data"] == {"answer": 42}


async def test_a_token_counts_for_its_own_device_and_site_only(world: World) -> None:
    world.record(1)
    body = encode_batch(*outgoing(world))
    bearer = {**HEADERS, "Authorization": f"Bearer {world.token}"}
    for path, headers, status in (
        ("/v1/sites/heyuanli/devices/k2/batches", bearer, 403),
        ("/v1/sites/other/devices/k1/batches", bearer, 403),
        ("/v1/sites/heyuanli/devices/k1/batches", HEADERS, 401),
        ("/v1/sites/heyuanli/devices/k1/batches", {**HEADERS, "Authorization": "Bearer x"}, 401),
    ):
        answer = await world.client.post(path, data=body, headers=headers)
        assert answer.status == status, path


async def test_a_batch_that_names_another_device_is_refused(world: World) -> None:
    world.record(1)
    batch = outgoing(world)
    header: BatchHeader = msgspec.structs.replace(batch.header, device="k2")
    with pytest.raises(PlatformRejected) as caught:
        await post(world, Outgoing(header, batch.lines))
    assert caught.value.code == "wrong_stream"


def test_the_event_of_this_file_is_in_no_table_of_the_product() -> None:
    from cloud_sync.platform.applying import APPLIERS

    assert not any(Unheard.TYPE in name for name in APPLIERS)
    assert FeedRecordParked.TYPE != Unheard.TYPE
