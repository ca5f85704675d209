"""A platform that lost entries which the device has cut into an archive: the uplink halts and says so."""

from pathlib import Path
from typing import Any

import pytest

from cloud_sync import records
from cloud_sync.identity import settle
from cloud_sync.uplink import ALARM, BEFORE_OLDEST, HALT_PAUSE_S, Uplink
from edge.errors import PlatformRejected
from edge.service.journal_room import judge_journal_room
from edge.service.records import live_alarms
from edge.store import journal
from edge.store.retention import Retention
from tests.cloud_sync.conftest import World
from tests.cloud_sync.test_checkpoints import keeper, send_all


@pytest.fixture
async def cut(world: World, tmp_path: Path) -> World:
    """Eight entries acknowledged, counter-signed and cut into an archive; the platform keeps only five."""
    world.record(8)
    await send_all(world)
    await (await keeper(world)).ask()
    world.clock.advance(days=181)
    world.record(1)
    archives = tmp_path / "archives"
    await Retention(
        store=world.store, clock=world.clock, folder=archives, alarm=judge_journal_room
    ).cut_to_budget()
    assert world.store.read_now(journal.first_kept).seq == 8
    return world


async def lose_custody(world: World, *, after_seq: int) -> list[tuple[Any, ...]]:
    """Put an old backup of the platform back: entries past a seq are gone; returns them."""

    def lose(connection: Any) -> list[tuple[Any, ...]]:
        rows = [tuple(row) for row in connection.execute("SELECT * FROM events WHERE seq > ?", (after_seq,))]
        connection.execute("DELETE FROM events WHERE seq > ?", (after_seq,))
        connection.execute(
            "UPDATE streams SET head_seq=?, head_hash=(SELECT hash FROM events WHERE seq=?)",
            (after_seq, after_seq),
        ) if after_seq else connection.execute("DELETE FROM streams")
        return rows

    return await world.platform.database.write(lose)


async def give_back(world: World, rows: list[tuple[Any, ...]]) -> None:
    """The platform's keepers take the lost entries from the device's archive."""

    def insert(connection: Any) -> None:
        connection.executemany(f"INSERT INTO events VALUES ({','.join('?' * len(rows[0]))})", rows)
        connection.execute("UPDATE streams SET head_seq=8, head_hash=(SELECT hash FROM events WHERE seq=8)")

    await world.platform.database.write(insert)


class Pauses:
    """Stands where sleep stands and notes how long was asked for."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked_s.append(seconds)


async def meet(uplink: Uplink) -> None:
    """One turn of the role: the platform rejects, the uplink meets it."""
    with pytest.raises(PlatformRejected) as caught:
        await uplink.send_next()
    await uplink._meet_rejection(caught.value)


async def test_it_halts_with_an_alarm_and_goes_on_when_the_entries_are_back(cut: World) -> None:
    rows, pauses = await lose_custody(cut, after_seq=5), Pauses()
    uplink = Uplink(store=cut.store, http=cut.http, sleep=pauses)
    for _ in range(3):
        await meet(uplink)
    assert uplink.halted == BEFORE_OLDEST
    assert pauses.asked_s == [HALT_PAUSE_S] * 3
    [alarm] = [one for one in cut.store.read_now(live_alarms) if one.kind == ALARM]
    assert alarm.detail == f"{BEFORE_OLDEST} from entry 6"
    halts = [row for row in journal.tail(cut.store.connection, 0) if row.type == "UplinkHalted"]
    assert len(halts) == 1, "told once, not at every try"

    await give_back(cut, rows)
    while await uplink.send_next():
        pass
    assert uplink.halted is None
    assert not [one for one in cut.store.read_now(live_alarms) if one.kind == ALARM]
    head = cut.store.read_now(journal.read_head)
    assert cut.store.read_now(records.read_acknowledged) == head.seq
    assert (await cut.figures())["devices"][0]["head_hash"] == head.hash.hex()


async def test_a_platform_that_lost_everything_takes_a_new_epoch(cut: World) -> None:
    await lose_custody(cut, after_seq=0)
    uplink = Uplink(store=cut.store, http=cut.http, sleep=Pauses())
    await meet(uplink)
    assert uplink.halted == BEFORE_OLDEST
    cut.store.run_now(lambda unit: settle(unit, "the platform lost everything"))
    while await uplink.send_next():
        pass
    head = cut.store.read_now(journal.read_head)
    [device] = (await cut.figures())["devices"]
    assert (device["first_seq"], device["head_hash"]) == (9, head.hash.hex())
    assert not [one for one in cut.store.read_now(live_alarms) if one.kind == ALARM]


async def test_a_gap_that_is_still_kept_is_sent_again(cut: World) -> None:
    pauses = Pauses()
    uplink = Uplink(store=cut.store, http=cut.http, sleep=pauses)
    while await uplink.send_next():
        pass
    cut.store.run_now(lambda unit: records.write_acknowledged(unit.connection, 10))
    cut.record(2)
    await lose_custody(cut, after_seq=8)
    again = Uplink(store=cut.store, http=cut.http, sleep=pauses)
    await meet(again)
    assert again.halted is None
    while await again.send_next():
        pass
    head = cut.store.read_now(journal.read_head)
    assert (await cut.figures())["devices"][0]["head_hash"] == head.hash.hex()
