"""The real hub on an older copy of its database: put back behind its back, and restored from a backup."""

import dataclasses
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.demo.actors import KioskScreen, until
from edge.demo.compare import compare_books, fetch_figures, kind_of
from edge.demo.stage.checking import Checker
from edge.demo.story import Cast, buy, entries, let_visitor_in
from edge.demo.world import World
from edge.site import DATABASE
from tests.system.staging import staged

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


async def drained(cast: Cast, epoch: int) -> dict[str, Any]:
    """Wait until custody has reached the hub's head in an epoch; returns the figures."""

    async def look() -> bool:
        head = (await entries(cast))[-1]["seq"]
        devices = (await fetch_figures(cast.http, cast.layout))["devices"]
        return any((d["epoch"], d["head_seq"], d["applied_seq"]) == (epoch, head, head) for d in devices)

    await until(look, f"epoch {epoch} is in custody", 60.0)
    return await fetch_figures(cast.http, cast.layout)


def held_once(world: World, journal: list[dict[str, Any]]) -> bool:
    """Whether every entry of the hub's journal is in the platform's database exactly once."""
    connection = sqlite3.connect(f"file:{world.layout.platform / 'platform.db'}?mode=ro", uri=True)
    try:
        lines = [json.loads(line) for (line,) in connection.execute("SELECT line FROM events")]
    finally:
        connection.close()
    return all(lines.count(entry) == 1 for entry in journal)


def copy_database(world: World, target: Path) -> None:
    """A sound copy of the hub's database, as a backup or a card's image."""
    with sqlite3.connect(world.layout.site / DATABASE) as source, sqlite3.connect(target) as kept:
        source.backup(kept)
        kept.execute("PRAGMA journal_mode = DELETE")
    source.close()
    kept.close()


async def sell(cast: Cast) -> None:
    """A sale at the screen of the hub that runs now."""
    async with KioskScreen(cast.http, cast.layout.ports.kiosk) as kiosk:
        await buy(dataclasses.replace(cast, kiosk=kiosk))


def look_twice(checker: Checker, state: str) -> None:
    """What the stage's line says: two looks tell a violation."""
    for _ in range(2):
        checker.look()
    assert checker.line.state == state, checker.line


@pytest.mark.parametrize("way", ["put back", "restored"])
async def test_an_older_copy_goes_on_in_a_new_epoch_and_nothing_is_lost_or_doubled(
    tmp_path: Path, way: str
) -> None:
    async with staged(tmp_path / "world") as (world, cast):
        copy = tmp_path / "copy.db"
        checker = Checker(world.layout)
        await sell(cast)
        await drained(cast, 1)
        world.processes.end("hub")
        copy_database(world, copy)
        world.start_hub()
        await sell(cast)
        await let_visitor_in(cast)
        await drained(cast, 1)
        earlier = await cast.hub.lines()
        look_twice(checker, "ok")
        world.processes.end("hub")
        look_twice(checker, "unknown")
        database = world.layout.site / DATABASE
        if way == "put back":
            for suffix in ("-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(copy, database)
        else:
            command = ["edge", "db", "restore", str(copy), "--config", str(world.layout.site_toml)]
            subprocess.run([sys.executable, "-m", *command], check=True)
        world.start_hub()
        await sell(cast)
        await let_visitor_in(cast)
        figures = await drained(cast, 2)
        look_twice(checker, "ok")

        journal = await entries(cast)
        began = [entry["data"] for entry in journal if ".EpochBegan." in entry["type"]]
        assert [event["reason"] for event in began] == ["platform_ahead" if way == "put back" else "restored"]
        assert held_once(world, journal)
        assert figures["openings"]["door_opened"] == 2
        assert figures["sales"]["count"] == 3

        kept = set(await cast.hub.lines())
        lost = [line for line in earlier if line not in kept]
        assert [kind_of(json.loads(line)) for line in lost].count("SaleSettled") == 1
        assert held_once(world, [json.loads(line) for line in lost])
        faults, counts = await compare_books(cast.http, cast.layout, lost)
        assert (faults, counts["sales"]) == ([], 2)
        undeclared, _ = await compare_books(cast.http, cast.layout)
        assert any("sales: hub 2, platform 3" in fault for fault in undeclared)
        assert all(device["quarantine"] is None for device in figures["devices"])
