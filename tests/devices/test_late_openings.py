"""A disk that takes nothing, under a real store and a real guard: one pulse, journalled when it is back."""

import asyncio
from pathlib import Path

import pytest

from devices.gateway import ContactReports
from devices.gpio.client import GuardClient
from edge.access.contacts import ContactDesk, ContactState
from edge.access.credentials.reading import CredentialReader
from edge.access.entry import DoorOpener
from edge.access.errors import JournalStopped
from edge.access.feed import apply_grant
from edge.access.refusals import RefusalLog
from edge.access.schema import MIGRATIONS
from edge.links.cancelling import end_task
from edge.store.condition import Condition
from edge.store.schema import MIGRATIONS as STORE_MIGRATIONS
from edge.store.store import Store, ThreadedStore
from tests.fakes.access_world import AccessWorld
from tests.fakes.connections import FailingDisk
from tests.fakes.guard import DOORS, GuardProcess, Panel
from tests.fakes.orders import FakeOrders
from tests.fakes.waiting import until


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    """What the writer's own connection reads."""
    return list(store.executor.connection.execute(sql))


@pytest.mark.slow
async def test_disk_that_takes_nothing_lets_residents_in_once_and_tells_of_it_later(
    tmp_path: Path, guard: GuardProcess
) -> None:
    people = AccessWorld()  # keys, codes and passes
    now_ms = people.clock.at_ms
    right = {"subject": "res-1203", "doors": ["gate"], "from_ms": now_ms, "until_ms": now_ms + 3_600_000}
    disk = FailingDisk()
    store = ThreadedStore(
        tmp_path / "edge.db",
        connect=disk,
        site="heyuanli",
        device="k1",
        clock=people.clock,
        migrations=(*STORE_MIGRATIONS, *MIGRATIONS),
    )
    contacts = ContactDesk(store=store, orders=FakeOrders({}))
    reports = ContactReports(contacts)
    pulser = GuardClient(socket=guard.socket, doors=DOORS, on_contact=reports.door)
    opener = DoorOpener(
        store=store,
        clock=people.clock,
        reader=CredentialReader(store=store, clock=people.clock, keys=lambda: people.keys),
        doors={door.id: door.to_door() for door in DOORS},
        pulser=pulser,
        contacts=contacts,
        refusals=RefusalLog(store=store, clock=people.clock),
        trigger=pulser.fire,
    )
    roles = [asyncio.create_task(role()) for role in (pulser.run, reports.run, opener.late.run)]
    panel = Panel(guard.panel)
    try:
        await store.run(lambda unit: apply_grant(unit, "g1", 1, right))
        panel.drive(27, 0)
        await until(lambda: contacts.state_of("door:gate") is ContactState.CLOSED)
        disk.gone, disk.connections[-1].failing = True, True
        opening = await opener.enter(people.code(), "gate", source="r")
        assert store.condition is Condition.NOT_WRITABLE
        with pytest.raises(JournalStopped):
            await opener.enter(people.visitor(uses=1), "gate", source="r")
        panel.drive(27, 1)
        assert (await opener.decided(opening.id)).state == "opened"
        disk.gone = False
        await until(lambda: not opener.late.ids)
        assert [cause for _, level, cause in guard.edges() if level] == [opening.id]
        kinds = rows(store, "SELECT type FROM journal ORDER BY seq")
        assert kinds == [("DoorOpenRequested",), ("DoorOpened",)]
        assert rows(store, "SELECT id, state FROM openings") == [(opening.id, "opened")]
    finally:
        panel.close()
        for role in roles:
            await end_task(role)
        await opener.close()
        store.close()
        await people.close()
