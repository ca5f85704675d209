"""Devices with certificates: looked up together, once a second, however many ask."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from cloud_sync.platform import register
from cloud_sync.platform.database import Database
from cloud_sync.platform.enrolment import REVOKED, WAITING, revoke_device
from cloud_sync.platform.known_devices import LATELY_MS, LOOK_AGAIN_MS, KnownDevices
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.store.sqlite import SqliteEngine
from edge.trust.certificates import Holder

T = TypeVar("T")
SITE, NAMES = "heyuanli", ("k1", "k2", "k3")


class CountedDatabase(Database):
    """Counts what it is asked; the next answer can be kept back."""

    asked = 0
    kept_back: asyncio.Event | None = None

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Count, read, and keep the answer back where that was asked for."""
        self.asked += 1
        kept_back, self.kept_back = self.kept_back, None
        answer = await super().read(query)
        if kept_back is not None:
            await kept_back.wait()
        return answer


@pytest.fixture
def database(tmp_path: Path) -> Iterator[CountedDatabase]:
    database = CountedDatabase(SqliteEngine(tmp_path / "platform.db", home=SITE), SITE)
    database.write_now(lambda c: register.put_site(c, SITE, "和园里", "Heyuan Court", now_ms=1))
    for name in NAMES:
        database.write_now(lambda c, name=name: register.put_device(c, SITE, name, now_ms=1))  # type: ignore[misc]
    yield database
    database.close()


async def states(known: KnownDevices, database: Database, now_ms: int, *names: str) -> list[str]:
    """How devices that all ask at this moment stand."""
    asked = (known.find(database, Holder(SITE, name), now_ms=now_ms) for name in names)
    return ["" if found is None else found.state for found in await asyncio.gather(*asked)]


async def begin_look(
    known: KnownDevices, database: CountedDatabase, now_ms: int, answer: asyncio.Event
) -> "asyncio.Task[list[str]]":
    """Have k1 ask, so that a look is under way whose answer comes when it may."""
    asked, database.kept_back = database.asked, answer
    looking = asyncio.create_task(states(known, database, now_ms, "k1"))
    async with asyncio.timeout(5):
        while database.asked == asked:
            await asyncio.sleep(0)
    return looking


async def test_a_second_later_one_question_looks_up_all_who_ask(database: CountedDatabase) -> None:
    known = KnownDevices()
    assert await states(known, database, 1_000, *NAMES) == [WAITING] * 3
    assert database.asked == 3, "each when it asks for the first time"
    await database.write(lambda c: revoke_device(c, "k2", now_ms=1_500))
    assert await states(known, database, 1_000 + LOOK_AGAIN_MS, *NAMES) == [WAITING, REVOKED, WAITING]
    assert await states(known, database, 999 + 2 * LOOK_AGAIN_MS, *NAMES) == [WAITING, REVOKED, WAITING]
    assert database.asked == 4


async def test_who_was_silent_for_long_is_looked_up_when_it_asks(database: CountedDatabase) -> None:
    known, later_ms = KnownDevices(), 1_000 + LATELY_MS
    await states(known, database, 1_000, "k1", "k2")
    await database.write(lambda c: revoke_device(c, "k2", now_ms=1_500))
    answer = asyncio.Event()
    looking = await begin_look(known, database, later_ms, answer)
    asking = asyncio.create_task(states(known, database, later_ms, "k2"))
    await asyncio.sleep(0.01)
    answer.set()
    assert await asking == [REVOKED], "the look under way was not for it"
    assert await looking == [WAITING]


async def test_what_was_forgotten_during_a_look_is_read_anew(database: CountedDatabase) -> None:
    known = KnownDevices()
    await states(known, database, 1_000, "k1")
    answer = asyncio.Event()
    looking = await begin_look(known, database, 2_000, answer)
    await database.write(lambda c: revoke_device(c, "k1", now_ms=2_000))
    known.forget("k1")
    assert await states(known, database, 2_001, "k1") == [REVOKED]
    answer.set()
    assert await looking == [REVOKED], "what was read later counts"
    assert await states(known, database, 2_002, "k1") == [REVOKED]
