"""The nightly backup reaches stick and platform; what fails is an alarm, tried again until it is there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.link_use import link_use
from cloud_sync.wire.backups import BackupRow
from edge.backing_up import ALARM, Backups
from edge.backups.contents import CarriedFile
from edge.backups.progress import BackupProgress, StepProgress
from edge.errors import PlatformUnreachable, StoreError
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock


class FakeSender:
    """The platform; `away` while nobody answers there."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.away = False

    async def send(self, path: Path, id: str, progress: Callable[[int, int], None]) -> BackupRow:
        """Take it, if there is anybody."""
        if self.away:
            raise PlatformUnreachable("away")
        self.sent.append(id)
        progress(2, 6)
        size = path.stat().st_size
        return BackupRow(
            id=id, size_bytes=size, received_bytes=size, digest="0" * 64, created_ms=0, received_ms=0
        )


class Steps(BackupProgress):
    """Remembers everything that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int, int]] = []

    def tell(self, step: str, done_bytes: int, whole_bytes: int) -> None:
        """So much of a step is done."""
        super().tell(step, done_bytes, whole_bytes)
        self.told.append((step, done_bytes, whole_bytes))


class World:
    """A store, a stick, a platform, and a job that writes a file."""

    def __init__(self, folder: Path, *, send_days: int = 1) -> None:
        self.clock = FakeClock()
        self.store = InlineStore.in_memory(clock=self.clock, migrations=MIGRATIONS)
        self.stick, self.here, self.sender = folder / "stick", folder / "here", FakeSender()
        self.stick.mkdir()
        self.made = 0
        self.fails = False
        self.backups = Backups(
            store=self.store,
            clock=self.clock,
            folder=self.here,
            recipient_file=folder / "recovery.json",
            files=lambda: [CarriedFile("site.toml", folder / "site.toml")],
            job=self.job,
            stick=self.stick,
            keep=2,
            sender=self.sender,
            send_days=send_days,
        )

    async def job(self, name: str, *arguments: str, told: StepProgress) -> dict[str, Any]:
        """What the job process does."""
        folder, _, _, files = arguments
        told("seal", 3, 6)
        assert (name, files) == ("backup-sealed", f'[["site.toml","{self.here.parent}/site.toml"]]')
        if self.fails:
            raise StoreError("no recovery key")
        self.made += 1
        path = Path(folder) / f"heyuanli-k1-1-{self.made}-{self.made}.backup"
        path.write_bytes(b"sealed")
        return {
            "file": str(path),
            "backup": f"1-{self.made}-{self.made}",
            "through_seq": self.made,
            "size_bytes": 6,
        }

    async def night(self) -> bool:
        """One night; returns whether nothing is left to send."""
        made = await self.backups.back_up()
        return made is not None and await self.backups.deliver(made)

    def alarms(self) -> list[str]:
        """Places of the alarms that are raised."""
        query = "SELECT source FROM alarms WHERE kind = ? AND cleared_at_ms IS NULL ORDER BY source"
        return [row[0] for row in self.store.connection.execute(query, (ALARM,))]

    def journal(self) -> list[str]:
        """Places of the journal's backups."""
        query = "SELECT body ->> 'place' FROM journal WHERE type = 'BackupMade' ORDER BY seq"
        return [row[0] for row in self.store.connection.execute(query)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_night_reaches_stick_and_platform_and_old_ones_go(world: World) -> None:
    for _ in range(3):
        assert await world.night()
    assert world.sender.sent == ["1-1-1", "1-2-2", "1-3-3"]
    assert sorted(path.name[-10:] for path in world.stick.iterdir()) == ["2-2.backup", "3-3.backup"]
    assert len(list(world.here.iterdir())) == 1
    assert world.journal() == ["stick", "platform"] * 3
    assert world.alarms() == []
    assert await world.backups.standing() == {"stick": "1-3-3, 6 bytes", "platform": "1-3-3, 6 bytes"}


async def test_a_backup_under_way_says_how_far_it_is(world: World) -> None:
    steps = world.backups.progress = Steps()
    assert await world.night()
    assert steps.told == [("seal", 3, 6), ("stick", 6, 6), ("send", 2, 6)]
    assert steps.doing is None
    world.sender.away = world.fails = True
    await world.backups.back_up()
    assert steps.doing is None, "one that failed is not under way"


def test_the_time_left_follows_from_what_was_done_in_this_step() -> None:
    seconds = iter((10.0, 10.0, 12.0, 50.0, 50.0, 51.0))
    progress = BackupProgress(lambda: next(seconds))
    for done_bytes, left_s in ((0, None), (1_000_000, 6)):
        progress.tell("seal", done_bytes, 4_000_000)
        assert progress.doing is not None and progress.doing.left_s == left_s
    assert str(progress.doing) == "seal 1.0 of 4.0 MB, 6 s left"
    progress.tell("send", 500_000, 1_000_000)
    assert str(progress.doing) == "send 0.5 of 1.0 MB"
    progress.tell("send", 600_000, 1_000_000)
    assert str(progress.doing) == "send 0.6 of 1.0 MB, 1 s left"


async def test_without_stick_and_platform_two_alarms_stand_until_they_are_back(world: World) -> None:
    world.sender.away = True
    world.stick.rmdir()
    made = await world.backups.back_up()
    assert made is not None and not await world.backups.deliver(made)
    assert world.alarms() == ["platform", "stick"]
    assert not world.stick.exists(), "a stick that is away is no folder to fill the card with"
    world.sender.away = False
    assert await world.backups.deliver(made)
    assert world.alarms() == ["stick"]
    world.stick.mkdir()
    assert await world.night()
    assert world.alarms() == []


async def test_what_cannot_be_made_is_an_alarm(world: World) -> None:
    world.fails = True
    assert await world.backups.back_up() is None
    assert world.alarms() == ["made"]
    world.fails = False
    assert await world.night()
    assert world.alarms() == []


async def test_a_line_that_costs_by_the_byte_carries_one_backup_a_week(tmp_path: Path) -> None:
    world = World(tmp_path, send_days=link_use(metered=True, kbps=0).backup_days)
    for _ in range(15):
        assert await world.night()
        world.clock.advance(days=1)
    assert world.sender.sent == ["1-1-1", "1-8-8", "1-15-15"]
    assert world.journal().count("stick") == 15
