"""A person is erased: rows and bytes go, the chain holds, the answer says how much it was."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from edge.store import connections, journal
from edge.store.personal import commit_person
from edge.store.store import Store
from edge.store.unit import Unit
from edge.tables import APPLIERS, MIGRATIONS
from tests.fakes.clock import FakeClock

SUBJECT, NICKNAME, PLATE, CARD = "res-ERASED-7741", "Quetzalcoatl", "沪A-ZZ7741", "f" * 64
NEEDLES = [text.encode() for text in (SUBJECT, NICKNAME, PLATE, CARD)]


def live(unit: Unit, random: Random) -> None:
    """A community in which one person lives, records changing in between so that pages split and move."""
    APPLIERS["rooms"](unit, "r1", 1, {"building": "1", "number": "101", "managed": True})
    for version in range(1, 4):
        for number in range(120):
            other = {"room": "r1", "name_masked": "李*", "nickname": "n" * random.randrange(1, 60)}
            APPLIERS["residents"](unit, f"res-{number}", version, other)
        mine = {"room": "r1", "name_masked": "王*", "nickname": NICKNAME * version}
        APPLIERS["residents"](unit, SUBJECT, version, mine)
        vehicle = {"plate": PLATE, "room": "r1", "subject": SUBJECT, "doors": [], "from_ms": 0, "until_ms": 9}
        APPLIERS["vehicles"](unit, "v1", version, vehicle)
        card = {"subject": SUBJECT, "hash": CARD, "from_ms": 0, "until_ms": 9}
        APPLIERS["cards"](unit, "c1", version, card)
    grant = {"subject": SUBJECT, "doors": ["gate"], "from_ms": 0, "until_ms": 2**50}
    APPLIERS["grants"](unit, SUBJECT, 1, grant)
    order = {"subject": SUBJECT, "state": "in_cells", "cells": []}
    APPLIERS["orders"](unit, "o1", 1, order)
    commit_person(unit, SUBJECT)


async def erased_bytes(path: Path) -> tuple[bytes, list[bytes]]:
    """Let somebody live and be erased in a store on disk; the bytes of its files, and the events about it."""
    store = Store.open(path, site="heyuanli", device="k1", clock=FakeClock(), migrations=MIGRATIONS)
    try:
        await store.run(lambda unit: live(unit, Random(7)))
        await store.run(
            lambda unit: APPLIERS["erasures"](unit, "e-1", 1, {"subject": SUBJECT, "asked_ms": 1})
        )
        await store.run(lambda unit: None)
        files = b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))
        rows = await store.read(lambda c: list(journal.tail(c, 0, 100)))
        found = await store.read(journal.verify)
        assert found.first_bad_seq is None
        again = {"subject": SUBJECT, "asked_ms": 1}
        await store.run(lambda unit: APPLIERS["erasures"](unit, "e-1", 1, again))
        assert (await store.read(journal.verify)).count == found.count, "one erasure, one answer"
        return files, [row.body for row in rows if row.type == "PersonErased"]
    finally:
        store.close()


def test_the_bytes_of_an_erased_person_are_in_no_file(tmp_path: Path) -> None:
    files, told = asyncio.run(erased_bytes(tmp_path / "edge.db"))
    assert [needle for needle in NEEDLES if needle in files] == []
    [body] = told
    assert b'"erasure":"e-1"' in body and b'"tables":6' in body and b'"rows":6' in body


@pytest.mark.parametrize("planted", ["no secure_delete", "the log stays"])
def test_the_scan_sees_what_is_left(planted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if planted == "no secure_delete":
        careless = (*connections._WRITER_PRAGMAS, "PRAGMA secure_delete = OFF")
        monkeypatch.setattr(connections, "_WRITER_PRAGMAS", careless)
    else:
        monkeypatch.setattr("cloud_sync.erasing.empty_log", lambda connection: None)
    files, _ = asyncio.run(erased_bytes(tmp_path / "edge.db"))
    assert any(needle in files for needle in NEEDLES)
