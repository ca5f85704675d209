"""A payment code before a door's reader opens nothing, is kept nowhere, and the refusal says what it was."""

import asyncio

import pytest

from devices.gateway import ScanRouter
from devices.settings import ReaderSettings
from edge.links.cancelling import end_task
from edge.links.scans import PAYMENT_CODE, Scan, ScanQueue
from edge.pay.codes import CodeTable
from tests.fakes.access_world import AccessWorld

GATE = ReaderSettings(id="gate-reader", source="x", serves="door:gate")
CODE = "134567890123456789"


def scan(text: str, symbology: str = "qr") -> Scan:
    return Scan(reader=GATE.id, symbology=symbology, text=text, at_ms=0)


@pytest.mark.parametrize(
    "shown",
    [
        scan(CODE),
        scan(CODE, "code128"),
        scan("1345 6789 0123 4567 89"),
        scan("", PAYMENT_CODE),
        scan("62" + CODE),
    ],
    ids=["qr", "code128", "with blanks", "discarded by the reader", "of a bank"],
)
async def test_it_is_thrown_away_and_explained(shown: Scan) -> None:
    world = AccessWorld()
    router = ScanRouter((GATE,), kiosks={}, opener=world.opener, codes=CodeTable())
    (reader,) = router.door_readers
    role = asyncio.create_task(reader.run())
    router.put(shown)
    await world.settle()
    await end_task(role)
    (refused,) = world.events("PassRefused")
    assert (refused["place"], refused["code"]) == ("door:gate", "payment_code_discarded")
    assert world.events("DoorOpenRequested") == []
    assert not any(CODE in str(row) for row in world.store.connection.iterdump())
    await world.close()


async def test_no_code_waits_in_a_reader_that_is_busy() -> None:
    world = AccessWorld()
    router = ScanRouter((GATE,), kiosks={}, opener=world.opener, codes=CodeTable())
    router.put(scan(CODE))
    (reader,) = router.door_readers
    waiting = await reader._queue.get()
    assert (waiting.symbology, waiting.text) == (PAYMENT_CODE, "")
    await world.close()


async def test_a_pass_still_opens() -> None:
    world = AccessWorld()
    router = ScanRouter((GATE,), kiosks={"k1": ScanQueue()}, opener=world.opener, codes=CodeTable())
    (reader,) = router.door_readers
    role = asyncio.create_task(reader.run())
    router.put(scan(world.visitor()))
    await world.settle()
    await end_task(role)
    assert len(world.events("DoorOpenRequested")) == 1
    await world.close()
