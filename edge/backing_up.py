"""The nightly backup, and one that a person asks for: made by a job, copied to a stick, sent up."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from cloud_sync.wire.backups import BackupRow
from edge.backups.contents import CarriedFile
from edge.backups.events import BackupMade
from edge.backups.making import keep_newest
from edge.backups.progress import BackupProgress, StepProgress
from edge.due import BACKUP_TOPIC
from edge.durable import sync_folder
from edge.errors import PlatformError, StoreError
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.facts import get_fact, put_fact
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock

ALARM = "backup_failed"
"""Alarm, by place (`made`, `stick`, `platform`): the last backup did not get there."""
KEPT_HERE = 1
RETRY_S = 600.0
"""Between attempts to send what the platform does not have yet."""
_FACT = "backup."
_SENT_AT = "backup_sent_at_ms"
_DAY_MS = 86_400_000


class Sender(Protocol):
    """Brings a backup to the platform."""

    async def send(self, path: Path, id: str, progress: Callable[[int, int], None]) -> BackupRow:
        """Send it, from where an earlier attempt ended. Raises PlatformError, OSError."""


class Job(Protocol):
    """Runs a job of `edge.jobs` on the site's database."""

    async def __call__(self, name: str, *arguments: str, told: StepProgress) -> dict[str, Any]:
        """Its result; `told` hears how far it is. Raises StoreError."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What the job made: a sealed file, the name of the backup, how far its journal goes."""

    file: str
    backup: str
    through_seq: int
    size_bytes: int


class Backups:
    """A role: after each hint a backup is made and brought to its places; a failure is an alarm.

    `folder` keeps the newest one here until it has arrived, `stick` is where copies go, None where there is
    none, `sender` None where the platform is not to have them; it has one after every `send_days`.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        folder: Path,
        recipient_file: Path,
        files: Callable[[], list[CarriedFile]],
        job: Job,
        stick: Path | None,
        keep: int,
        sender: Sender | None,
        send_days: int = 1,
    ) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._recipient_file = recipient_file
        self._files = files
        self._job = job
        self._stick = stick
        self._keep = keep
        self._sender = sender
        self.progress = BackupProgress()
        # Half a day less: no night comes at the same millisecond as the one before.
        self._send_after_ms = send_days * _DAY_MS - _DAY_MS // 2 if send_days > 1 else 0

    async def run(self) -> None:
        """Wait for hints until cancelled; meanwhile try again to send what did not get through."""
        waiting: Made | None = None
        with self._store.notifier.subscribe(BACKUP_TOPIC) as hints:
            while True:
                if await hints.wait(None if waiting is None else RETRY_S):
                    waiting = await self.back_up()
                if waiting is not None and await self.deliver(waiting):
                    waiting = None

    async def back_up(self) -> Made | None:
        """Make the nightly backup and copy it to the stick; None when it could not be made."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            made = await self.make(self._folder)
        except (StoreError, OSError) as error:
            await self._failed("made", error)
            return None
        site, device = self._store.site, self._store.device
        keep_newest(self._folder, site=site, device=device, count=KEPT_HERE)
        if self._stick is not None:
            try:
                tell = partial(self.progress.tell, "stick")
                await asyncio.to_thread(_copy, Path(made.file), self._stick, tell)
            except OSError as error:
                await self._failed("stick", error)
            else:
                keep_newest(self._stick, site=site, device=device, count=self._keep)
                await self.arrived(made, "stick")
            finally:
                self.progress.end()
        return made

    async def make(self, folder: Path) -> Made:
        """Have the job make one in a folder. Raises StoreError."""
        files = msgspec.json.encode([(file.name, str(file.path)) for file in self._files()]).decode()
        arguments = (str(folder), str(self._recipient_file), str(self._clock.now().at_ms), files)
        try:
            return msgspec.convert(
                await self._job("backup-sealed", *arguments, told=self.progress.tell), Made
            )
        finally:
            self.progress.end()

    async def arrived(self, made: Made, place: str, *, actor: str = "timers") -> None:
        """Journal that a backup is at its place, and end the alarm of that place."""
        await self._store.run(partial(_note, made=made, place=place, actor=actor), lane=Lane.BULK)

    async def standing(self) -> dict[str, str]:
        """What was last brought to each place, in words."""
        places = {"stick": self._stick is not None, "platform": self._sender is not None}
        return {
            place: str(await self._store.read(partial(get_fact, name=f"{_FACT}{place}")) or "nothing yet")
            for place, is_wanted in places.items()
            if is_wanted
        }

    async def deliver(self, made: Made) -> bool:
        """Send one to the platform, if it is to have this one; answers whether that is done."""
        if self._sender is None or not await self._is_due():
            return True
        try:
            await self._sender.send(Path(made.file), made.backup, partial(self.progress.tell, "send"))
        except (PlatformError, OSError) as error:
            await self._failed("platform", error)
            return False
        finally:
            self.progress.end()
        await self.arrived(made, "platform")
        return True

    async def _is_due(self) -> bool:
        """Whether the platform's newest is old enough; a clock that went back sends one too many."""
        sent_ms = await self._store.read(partial(get_fact, name=_SENT_AT))
        return sent_ms is None or not 0 <= self._clock.now().at_ms - int(sent_ms) < self._send_after_ms

    async def _failed(self, place: str, error: Exception) -> None:
        detail = f"{type(error).__name__}: {error}"[:200]
        await self._store.run(
            lambda unit: raise_alarm(unit, kind=ALARM, source=place, detail=detail), lane=Lane.BULK
        )


def _note(unit: Unit, *, made: Made, place: str, actor: str) -> None:
    event = BackupMade(
        backup=made.backup, place=place, through_seq=made.through_seq, size_bytes=made.size_bytes
    )
    unit.record(event, actor=actor)
    put_fact(unit.connection, f"{_FACT}{place}", f"{made.backup}, {made.size_bytes} bytes")
    if place == "platform":
        put_fact(unit.connection, _SENT_AT, unit.now.at_ms)
    for source in ("made", place):
        clear_alarm(unit, kind=ALARM, source=source)


def _copy(source: Path, stick: Path, tell: Callable[[int, int], None]) -> None:
    """Copy a backup onto a stick that is there; a stick that is not plugged in is no folder to make."""
    if not stick.is_dir():
        raise FileNotFoundError(f"{stick} is not there")
    fresh = stick / f".{source.name}.new"
    try:
        with source.open("rb") as original, fresh.open("wb") as copy:
            size_bytes = source.stat().st_size
            while piece := original.read(1 << 20):
                copy.write(piece)
                tell(copy.tell(), size_bytes)
            copy.flush()
            os.fsync(copy.fileno())
        fresh.replace(stick / source.name)
        sync_folder(stick)
    finally:
        fresh.unlink(missing_ok=True)
