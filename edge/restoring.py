"""Restore a backup onto this machine, which may be another one than it was made on.

Everything that can be wrong with it is said before anything here is touched. Then the site's files are put
back, the journal is brought up to what the platform has in custody, and the database takes its place last: a
power cut at any moment leaves a folder on which no hub starts empty, and the same command goes on from anew.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from cloud_sync.enrolment_files import read_given
from cloud_sync.history import Filled, HistoryReader, fill_gap
from edge.backups.contents import About, Manifest, read_about, unpack
from edge.backups.recovery import RecoveryKey
from edge.carried import SITE_FILE
from edge.config import Config, PlatformSettings, SiteSettings
from edge.durable import write_whole
from edge.errors import StoreError
from edge.platform_link import open_link
from edge.site import DATABASE, load_site
from edge.store.clock_state import restore_clock
from edge.store.connections import FileLock, open_writer
from edge.store.errors import BackupUnusable, DatabaseTooNew, ForeignDatabase
from edge.store.history import append_history
from edge.store.inline import InlineStore
from edge.store.migrate import bring_up_to_date
from edge.store.restore import check_copy, epoch_of, mark_restored, put_in_place
from edge.tables import MIGRATIONS, REPLAYS
from edge.trust.clock import TrustedClock

WORK = "restore.work"
"""Folder beside the database in which everything is made ready; a restore begins by emptying it."""
_SPARE_BYTES = 64 << 20

Progress = Callable[[str, int, int], None]
"""Told a step (`open`, `read`, `fetch`), and how much of it is done, in bytes or entries."""


class Restored(NamedTuple):
    """What was restored: the backup, what custody added, where the replaced files are kept."""

    about: About
    filled: Filled | None
    aside: Path


def judge(backup: Path, config: Config | None) -> About:
    """What can be said of a backup without its key.

    Raises BackupUnusable, ForeignDatabase, DatabaseTooNew.
    """
    about = read_about(backup)
    known = [migration.name for migration in MIGRATIONS]
    if about.schema not in known or about.steps > len(known):
        raise DatabaseTooNew(
            database_version=f"{about.schema} ({about.steps} steps, program {about.program})",
            program_version=f"{known[-1]} ({len(known)} steps)",
        )
    if config is not None:
        site = config.one("site", SiteSettings)
        if (about.site, about.device) != (site.id, site.device):
            raise ForeignDatabase(
                f"{backup.name} is of {about.site}/{about.device}, this machine is {site.id}/{site.device}"
            )
    return about


def load_here(config_path: Path) -> Config | None:
    """The configuration of this machine: its file, else who it is by its enrolment; None where it is nobody.

    Raises ConfigError.
    """
    if config_path.exists():
        return load_site(config_path)
    if not (given := read_given(config_path)):
        return None
    site = msgspec.convert(given["site"], SiteSettings)
    platform = msgspec.convert(
        {"broker": {"host": "", "username": "", "password_file": ""}, **given["platform"]}, PlatformSettings
    )
    return Config(config_path.absolute(), {"site": (site,), "platform": (platform,)})


class Restoring:
    """One restore. `config_path` is where the configuration is, or is to be."""

    def __init__(self, config_path: Path, backup: Path, key: RecoveryKey, progress: Progress) -> None:
        self._config_path = config_path.absolute()
        self._backup = backup
        self._key = key
        self._progress = progress

    async def run(self, *, ask_platform: bool = True) -> Restored:
        """Do all of it. Raises StoreError, PlatformError, ConfigError, Refusal."""
        about = judge(self._backup, load_here(self._config_path))
        check_room(about, _existing(self._config_path.parent))
        with _work_folder(self._config_path.parent) as work:
            manifest = unpack(self._backup, self._key, work, lambda *told: self._progress("open", *told))
            copy = work / "edge.db"
            head = check_copy(copy, site=about.site, device=about.device, migrations=MIGRATIONS)
            if (head.seq, head.hash.hex()) != (about.seq, about.hash):
                raise BackupUnusable("its journal does not end where it says")
            bring_up_to_date(copy, MIGRATIONS)
            database = self._data_folder(work / "files" / "0") / DATABASE
            database.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(database)
            try:
                # From here on a hub that finds no database refuses to begin an empty one.
                lock.remember(f"{about.site}/{about.device}")
                self._put_files(manifest, work)
                filled = await self._fill(copy) if ask_platform else None
                mark_restored(copy, about.id, epoch_seen=epoch_of(database))
                ready = database.with_name(database.name + ".restoring")
                shutil.move(copy, ready)
                give_to_owner(ready, database.parent)
                aside = put_in_place(ready, database)
            finally:
                lock.release()
        return Restored(about, filled, aside)

    def _data_folder(self, site_file: Path) -> Path:
        """Where the database will lie, by the configuration that the backup carries."""
        # Judged where it will stand: its relative paths count from there.
        beside = self._config_path.with_name(f".{self._config_path.name}.restoring")
        shutil.copyfile(site_file, beside)
        try:
            config = load_site(beside)
        finally:
            beside.unlink()
        return config.resolve(config.one("site", SiteSettings).data_dir)

    def _put_files(self, manifest: Manifest, work: Path) -> None:
        """Put the site's files where their names say; a configuration that was here is kept beside it."""
        for number, file in enumerate(manifest.files):
            place = self._config_path.parent / file.name
            if file.name == SITE_FILE:
                place = self._config_path
                _keep_beside(place, work / "files" / str(number))
            _put_file(work / "files" / str(number), place, file.mode)

    async def _fill(self, copy: Path) -> Filled:
        config = load_site(self._config_path)
        site, clock = config.one("site", SiteSettings), TrustedClock()
        connection = open_writer(copy, create=False)
        connection.execute("PRAGMA synchronous = OFF")  # a power cut begins the restore anew
        store = InlineStore(connection, site=site.id, device=site.device, clock=clock)
        try:
            restore_clock(connection, clock)
            async with open_link(config, clock) as link:
                return await fill_gap(
                    store,
                    HistoryReader(link.http, site=site.id, device=site.device),
                    link.keys,
                    lambda unit, lines: append_history(unit, lines, REPLAYS),
                    lambda *told: self._progress("read", *told),
                )
        finally:
            store.close()


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    work = parent / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_room(about: About, folder: Path) -> None:
    """Refuse before anything is unpacked where it cannot fit. Raises StoreError."""
    needed, free = 2 * about.database_bytes + _SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(f"{folder} has {free >> 20} MB free, the restore needs {needed >> 20}")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _keep_beside(place: Path, fresh: Path) -> None:
    if place.exists() and place.read_bytes() != fresh.read_bytes():
        shutil.copyfile(place, place.with_name(place.name + ".before-restore"))


def give_to_owner(path: Path, folder: Path) -> None:
    """What root restores belongs to whom the folder belongs: the hub's account. Raises OSError."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _put_file(source: Path, place: Path, mode: int) -> None:
    """Put a file in place, with its mode, as the hub's account. Raises StoreError."""
    try:
        write_whole(
            place,
            source.read_bytes(),
            mode=mode,
            before=lambda fresh: give_to_owner(fresh, place.parent),
        )
    except OSError as error:
        raise StoreError(f"{place}: {error}") from error
