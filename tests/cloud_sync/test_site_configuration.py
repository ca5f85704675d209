"""A site's configuration down the feed: a newer one waits for the next start, anything else is parked."""

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.certificates import WAITS, ConfigurationCopy
from cloud_sync.enrolment_files import CONFIGURATION, ROOT, read_configuration
from cloud_sync.feed_applying import FeedApplier
from cloud_sync.feed_pages import Received
from cloud_sync.feed_records import list_parked
from cloud_sync.wire.enrolment import SiteConfiguration, sign_document
from cloud_sync.wire.feed import Change
from edge.durable import write_whole
from edge.service.records import live_alarms
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from edge.trust.keys import SigningKey
from tests.fakes.clock import FakeClock

TOLD = SiteConfiguration(
    version=3, site="heyuanli", name_zh="和园里", name_en="Heyuan Court", url="https://platform", ca="CA"
)


class Machine:
    """An enrolled machine whose hub starts, reads its feed and starts again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = SigningKey.generate("root", "root")
        self.stranger = SigningKey.generate("root", "root")
        self.store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
        self.records = 0
        write_whole(folder / ROOT, self.root.public.hex().encode())
        write_whole(folder / CONFIGURATION, sign_document(self.root, TOLD))

    async def start(self) -> None:
        """The hub starts: what it has in place counts."""
        self.copy = ConfigurationCopy(folder=self.folder, store=self.store)
        self.applier = FeedApplier(
            {"site_configuration": self.copy.apply_record},
            {"site_configuration": self.copy.prepare_record},
            {},
        )
        await self.copy.put_in_place()

    async def receive(self, key: SigningKey | None = None, **changes: Any) -> None:
        """The feed brings a configuration."""
        self.records += 1
        told = msgspec.structs.replace(TOLD, **changes)
        message = base64.b64encode(sign_document(key or self.root, told)).decode()
        data = {"version": told.version, "message": message}
        change = Change(self.records, "site_configuration", "site", self.records, data)
        prepared = self.applier.prepare(Received(change, data, ""))
        self.store.run_now(lambda unit: self.applier.apply(unit, prepared))
        await self.copy.put_in_place()

    @property
    def name(self) -> str:
        """What the next start will read."""
        return read_configuration(self.folder).name_en

    @property
    def alarms(self) -> list[tuple[str, str]]:
        return [(alarm.kind, alarm.detail) for alarm in self.store.read_now(live_alarms)]

    @property
    def parked(self) -> list[str]:
        return [parked.reason for parked in self.store.read_now(list_parked)]


@pytest.fixture
async def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "enrolment")
    await made.start()
    return made


async def test_a_newer_one_is_in_place_and_an_alarm_says_that_it_waits(machine: Machine) -> None:
    assert machine.alarms == []
    await machine.receive(version=4, name_en="Heyuan Garden")
    waits = (WAITS, "version 4, running with 3: start the hub again")
    assert (machine.name, machine.alarms, machine.parked) == ("Heyuan Garden", [waits], [])
    await machine.receive(version=4, name_en="Heyuan Garden")
    assert machine.alarms == [waits]
    await machine.receive(version=6, name_en="Heyuan Park")
    assert machine.alarms == [(WAITS, "version 6, running with 3: start the hub again")]
    await machine.start()
    assert (machine.name, machine.alarms) == ("Heyuan Park", [])


async def test_the_file_of_one_that_was_kept_before_a_power_cut_is_written_at_the_start(
    machine: Machine,
) -> None:
    await machine.receive(version=4, name_en="Heyuan Garden")
    write_whole(machine.folder / CONFIGURATION, sign_document(machine.root, TOLD))
    await machine.start()
    assert machine.name == "Heyuan Garden"
    assert [kind for kind, _ in machine.alarms] == [WAITS]


async def test_a_part_that_is_switched_off_counts_from_the_next_start(machine: Machine) -> None:
    await machine.receive(version=4, parts_off=("fees", "a-part-of-later"))
    told = [machine.copy.parts_off]
    await machine.start()
    assert [*told, machine.copy.parts_off] == [(), ("fees", "a-part-of-later")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "configuration_too_old"),
        ({"version": 4, "site": "elsewhere"}, "configuration_foreign"),
        ({"version": 4, "time_zone": "Europe/London"}, "configuration_unfit"),
        ({"version": 4, "key": "stranger"}, "bad_signature"),
    ],
)
async def test_any_other_is_parked_and_the_one_in_place_goes_on(
    machine: Machine, changes: dict[str, Any], reason: str
) -> None:
    if "key" in changes:
        changes = {**changes, "key": machine.stranger}
    await machine.receive(name_en="Nowhere", **changes)
    assert (machine.name, machine.alarms, machine.parked) == (TOLD.name_en, [], [reason])
    await machine.receive(version=5, name_en="Heyuan Garden")
    assert (machine.name, machine.parked) == ("Heyuan Garden", [])
