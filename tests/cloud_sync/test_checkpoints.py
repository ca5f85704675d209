"""Checkpoints: only what the platform really signed, over the hash that our own chain has."""

import msgspec
import pytest

from cloud_sync.checkpoints import CheckpointKeeper, Verdict, keep_checkpoint
from cloud_sync.keyring import KeyRing
from cloud_sync.uplink import Uplink
from edge.errors import PlatformRejected
from edge.store import checkpoints, journal
from edge.store.identity import quarantine_of
from edge.trust.checkpoint import Checkpoint, CheckpointForeign, open_checkpoint, sign_checkpoint
from edge.trust.cose import NotCanonical, sign
from edge.trust.keys import BadSignature, SigningKey, UnknownKey
from tests.cloud_sync.conftest import DEVICE, SITE, World


async def keeper(world: World) -> CheckpointKeeper:
    ring = KeyRing(store=world.store, root_public=world.platform.keys.root.public)
    await ring.adopt(world.platform.keys.keyset)
    return CheckpointKeeper(store=world.store, http=world.http, keys=ring.current, clock=world.clock)


async def send_all(world: World) -> None:
    uplink = Uplink(store=world.store, http=world.http)
    while await uplink.send_next():
        pass


async def test_what_is_in_custody_is_counter_signed_and_kept(world: World) -> None:
    asking = await keeper(world)
    world.record(5)
    assert not await asking.is_due()
    await send_all(world)
    assert await asking.is_due()
    checkpoint = await asking.ask()
    kept = world.store.read_now(checkpoints.newest)
    assert kept is not None and (kept.seq, kept.hash.hex()) == (5, checkpoint.hash)
    found = journal.verify(world.store.connection)
    assert (found.first_bad_seq, found.checkpoint_seq) == (None, 5)
    assert not await asking.is_due()


async def test_the_next_one_is_due_after_a_day_or_a_thousand_events(world: World) -> None:
    asking = await keeper(world)
    world.record(1)
    await send_all(world)
    await asking.ask()
    world.record(999)
    await send_all(world)
    assert not await asking.is_due()
    world.clock.at_ms += 24 * 3_600_000
    assert await asking.is_due()
    await asking.ask()
    world.record(1000)
    await send_all(world)
    assert await asking.is_due()


async def test_nothing_in_custody_is_nothing_to_sign(world: World) -> None:
    with pytest.raises(PlatformRejected, match="not_found"):
        await (await keeper(world)).ask()


async def test_a_signature_over_another_history_is_a_fork(world: World) -> None:
    asking = await keeper(world)
    world.record(3)
    await send_all(world)
    await world.platform.database.write(
        lambda c: c.execute("UPDATE streams SET head_hash=?", ("ab" * 32,)) and None
    )
    with pytest.raises(PlatformRejected, match="fork"):
        await asking.ask()
    assert quarantine_of(world.store.connection) == ("fork", 3)
    assert [row.type for row in journal.tail(world.store.connection, 3)] == ["IdentityStopped", "AlarmRaised"]
    assert world.store.read_now(checkpoints.newest) is None


async def test_the_head_of_another_epoch_is_left_to_the_uplink(world: World) -> None:
    asking = await keeper(world)
    world.record(3)
    await send_all(world)
    await world.platform.database.write(
        lambda c: c.execute("UPDATE streams SET epoch=2, head_hash=?", ("ab" * 32,)) and None
    )
    with pytest.raises(PlatformRejected, match="other_epoch"):
        await asking.ask()
    assert quarantine_of(world.store.connection) is None


async def test_the_head_of_an_epoch_that_ended_here_is_no_fork(world: World) -> None:
    asking = await keeper(world)
    world.record(3)
    await send_all(world)
    world.store.run_now(lambda unit: unit.begin_epoch("restored"))
    await world.platform.database.write(
        lambda c: c.execute("UPDATE streams SET head_hash=?", ("ab" * 32,)) and None
    )
    with pytest.raises(PlatformRejected, match="other_epoch"):
        await asking.ask()
    assert quarantine_of(world.store.connection) is None


async def test_custody_beyond_our_own_head_is_left_to_the_uplink(world: World) -> None:
    asking = await keeper(world)
    world.record(3)
    await send_all(world)
    await world.platform.database.write(lambda c: c.execute("UPDATE streams SET head_seq=9") and None)
    with pytest.raises(PlatformRejected, match="platform_ahead"):
        await asking.ask()
    assert world.store.read_now(checkpoints.newest) is None


async def test_a_forked_stream_is_not_signed(world: World) -> None:
    asking = await keeper(world)
    world.record(1)
    await send_all(world)
    await world.platform.database.write(lambda c: c.execute("UPDATE streams SET quarantine='fork'") and None)
    with pytest.raises(PlatformRejected, match="quarantined"):
        await asking.ask()


def test_only_the_custody_key_of_the_key_set_signs_checkpoints() -> None:
    from edge.trust.keys import KeySet, verifying_key

    custody, clock = SigningKey.generate("c", "custody"), SigningKey.generate("t", "time")
    keys = KeySet(1, [verifying_key(custody), verifying_key(clock)])
    said = Checkpoint(site=SITE, device=DEVICE, epoch=1, seq=7, hash="ab" * 32, at_ms=1)
    assert open_checkpoint(sign_checkpoint(custody, said), keys, site=SITE, device=DEVICE) == said
    with pytest.raises(UnknownKey):
        open_checkpoint(sign_checkpoint(clock, said), keys, site=SITE, device=DEVICE)
    forger = SigningKey.generate("c", "custody")
    with pytest.raises(BadSignature):
        open_checkpoint(sign_checkpoint(forger, said), keys, site=SITE, device=DEVICE)
    for changed in ({"hash": "AB" * 32}, {"hash": "ab"}, {"seq": 0}, {"epoch": 0}, {"more": 1}):
        message = sign(custody, {**msgspec.to_builtins(said), **changed})
        with pytest.raises(NotCanonical):
            open_checkpoint(message, keys, site=SITE, device=DEVICE)
    with pytest.raises(CheckpointForeign):
        open_checkpoint(sign_checkpoint(custody, said), keys, site="elsewhere", device=DEVICE)


async def test_a_checkpoint_for_what_is_archived_already_changes_nothing(world: World) -> None:
    world.record(2)
    store = world.store
    store.connection.execute("DROP TRIGGER journal_never_shrinks")
    store.connection.execute("DELETE FROM journal WHERE seq = 1")
    said = Checkpoint(site=SITE, device=DEVICE, epoch=1, seq=1, hash="ab" * 32, at_ms=1)
    assert store.run_now(lambda unit: keep_checkpoint(unit, said, b"m")) is Verdict.KEPT
    assert store.read_now(checkpoints.newest) is None
