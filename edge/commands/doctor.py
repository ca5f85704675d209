"""`edge doctor`: what is wrong with a site, and the mend, one line each."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from cloud_sync.certificates import ALARM_DAYS
from cloud_sync.uplink import BEFORE_OLDEST
from edge.commands.hub import config_option, data_folder, database_in, hub_in
from edge.config import BackupSettings, Config, PlatformSettings, SiteSettings
from edge.errors import ConfigError, StoreError
from edge.links.control_client import HubNotRunning
from edge.store.errors import DatabaseTooNew

LITTLE_SPACE_MB = 500
MEND_OF_UPLINK = {
    BEFORE_OLDEST: "the platform lost entries that are only in the folder archives: its keepers need those"
    " files, or put its backup back; if it lost everything, edge identity new-epoch goes on without",
}
"""By the code that the uplink halts with; the hub asks again every five minutes."""
MEND_OF_FEED = {
    "unknown_collection": "this program is older than the platform's records: upgrade it",
    "record_too_new": "this program is older than the platform's records: upgrade it",
    "refers_to_nothing": "the platform's keepers author what the record names (payee, room)",
}
"""By the reason that a record was parked for."""
MEND_OF_DISK = "full: free some space; read-only or failing: mend the disk; damaged: restore a backup"


class Finding(NamedTuple):
    """One thing looked at: how it is, and what mends it when it is not well."""

    well: bool
    what: str
    mend: str = ""


@click.command("doctor")
@config_option
def command(config_path: Path) -> None:
    """Look at configuration, secrets, programs, disk, database and the hub. Exit status 1 on a fault."""
    findings = list(examine(config_path))
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.what}")
        if not finding.well:
            click.echo(f"     mend: {finding.mend}")
    sys.exit(any(not finding.well for finding in findings))


def examine(path: Path) -> Iterator[Finding]:
    """Every finding, the basic ones first; what an earlier fault makes pointless is left out."""
    from edge.site import load_site

    try:
        config = load_site(path)
    except ConfigError as error:
        for fault in error.faults:
            yield Finding(
                False, f"{path.name}: {fault}", f"edit {path}; docs/reference.md lists every setting"
            )
        return
    yield Finding(True, f"{path} has no fault")
    yield from _parts(path)
    yield from _programs()
    yield from _secrets(config)
    folder = data_folder(config)
    yield from _disk(folder)
    yield from _backups(config)
    site = config.one("site", SiteSettings)
    yield from _hub_or_database(folder, (site.id, site.device))


def _parts(path: Path) -> Iterator[Finding]:
    """What the site does not have is no fault: who misses it learns here whose decision it is."""
    from cloud_sync.enrolment_files import FOLDER, read_configuration, read_identity
    from edge.store.parts import read_parts

    folder = path.parent / FOLDER
    off = () if read_identity(folder) is None else read_parts(read_configuration(folder).parts_off)
    if off:
        yield Finding(True, f"switched off by the platform's operators: {', '.join(sorted(off))}")


def _programs() -> Iterator[Finding]:
    for program, package in (("mosquitto", "mosquitto"), ("chromium", "chromium")):
        found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
        yield Finding(bool(found), f"program {program}", f"sudo apt-get install -y {package}")


def _secrets(config: Config) -> Iterator[Finding]:
    settings = config.many("platform", PlatformSettings)
    if not settings:
        yield Finding(
            False, "not enrolled with a platform", "edge enrol --url URL CODE; the platform gives both"
        )
        return
    [platform] = settings
    secret = platform.identity_file if platform.is_tls else platform.token_file
    for name in (secret, platform.root_key_file):
        file = config.resolve(name)
        if not file.exists():
            yield Finding(False, f"{file} is missing", "edge enrol with a new code writes it")
        elif file.stat().st_mode & 0o077:
            yield Finding(False, f"{file} can be read by others", f"chmod 600 {file}")
        else:
            yield Finding(True, f"{file} is private")


def _backups(config: Config) -> Iterator[Finding]:
    """Whether a restore was cut off and, where the site says `[backup]`, there is a key and a stick."""
    from edge.restoring import WORK

    if (config.path.parent / WORK).exists():
        yield Finding(False, "a restore was cut off", "run the same edge restore again before the hub starts")
    for settings in config.many("backup", BackupSettings):
        mend = "edge backup sheet makes the recovery key and the sheet to print"
        keep = config.resolve(settings.recipient_file)
        yield Finding(keep.exists(), f"recovery key: {keep}", mend)
        if settings.to:
            stick = config.resolve(settings.to)
            yield Finding(stick.is_dir(), f"stick for backups: {stick}", "plug it in, or mount it")


def _disk(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield Finding(False, f"{folder} is missing", "edge init makes it")
        return
    if not os.access(folder, os.W_OK):
        mend = "is the disk mounted read-only, or the folder another user's? mount it again, or mend the disk"
        yield Finding(False, f"{folder} cannot be written", mend)
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    mend = "free some space; the hub sells nothing when the disk is full"
    yield Finding(free_mb > LITTLE_SPACE_MB, f"{free_mb} MB free in {folder}", mend)


def _hub_or_database(folder: Path, owner: tuple[str, str]) -> Iterator[Finding]:
    try:
        status = hub_in(folder).get("/status")
    except HubNotRunning:
        yield from _database(folder, owner)
        return
    yield Finding(True, f"a hub runs, journal at {status['head_seq']}")
    for name, part in status["parts"].items():
        if name == "identity":
            mend = "edge identity show says what to look for, edge identity new-epoch settles it"
            yield Finding(part["state"] == "ok", f"part {name} {part['detail']}".strip(), mend)
            continue
        if name == "store":
            yield Finding(part["state"] == "ok", f"part store: {part['detail']}", MEND_OF_DISK)
            continue
        if name == "certificate":
            yield _certificate(part["state"], part["detail"])
            continue
        if name == "uplink" and part["detail"] in MEND_OF_UPLINK:
            yield Finding(False, f"part uplink: {part['detail']}", MEND_OF_UPLINK[part["detail"]])
            continue
        mend = f"is its process running, its cable in? state: {part['state']} {part['detail']}"
        yield Finding(part["state"] == "ok", f"part {name}", mend)
    for collection, reason, count in status["feed_parked"]:
        mend = MEND_OF_FEED.get(reason, "the platform's keepers correct it; its next version is tried")
        yield Finding(False, f"feed: {count} of {collection} parked: {reason}", mend)
    doubted = hub_in(folder).get("/clock")["doubted_ms"]
    if doubted is not None:
        yield Finding(False, "the platform's time jumped by more than a day", "edge clock show says more")
    verified = hub_in(folder).get("/journal/verify")
    yield _chain(verified["first_bad_seq"], verified["count"])


def _certificate(state: str, detail: str) -> Finding:
    """Our certificate is renewed by itself with 45 days left: with fewer than 30 something is in its way."""
    days = int(detail.split(" ", 1)[0]) if detail.endswith(" days left") else None
    well = state == "ok" and days is not None and days > ALARM_DAYS[0]
    mend = "can the platform be reached? it is renewed by itself then, also when it is over"
    if detail and days is None:
        mend = "the platform turned this device away: its keepers say why, a new code lets it in again"
    return Finding(well, f"part certificate: {detail}", mend)


def _database(folder: Path, owner: tuple[str, str]) -> Iterator[Finding]:
    """Without a hub: everything that would stop the next start, then everything that a check finds."""
    from edge.jobs import check_database
    from edge.store.connections import FileLock, open_reader, read_owner
    from edge.store.migrate import pending
    from edge.store.quarantine import MEND, check_before_opening
    from edge.tables import MIGRATIONS

    path = database_in(folder)
    try:
        lock = FileLock(path)
    except StoreError as error:
        yield Finding(False, str(error), "stop the other hub or command; only one may have the database")
        return
    try:
        if not path.exists() and not lock.owner:
            yield Finding(False, f"no database at {path}", "edge init makes one; or restore a backup")
            return
        check_before_opening(path, owner=lock.owner)
        connection = open_reader(path)
        try:
            waiting = pending(connection, MIGRATIONS)
            found = read_owner(connection)
        finally:
            connection.close()
        yield Finding(True, f"database {path}, {len(waiting)} migrations wait for the next start")
        if found not in (owner, (None, None)):
            mend = "put the right database or the right site.toml here; two sites never share one"
            yield Finding(
                False, f"the database is of {found[0]}/{found[1]}, not of {owner[0]}/{owner[1]}", mend
            )
        wrong = [] if waiting else check_database(path)["wrong"]
        for each in wrong:
            yield Finding(False, each["what"], each["mend"])
        if not wrong and not waiting:
            yield Finding(True, "database, journal and books are well")
    except DatabaseTooNew as error:
        yield Finding(False, str(error), "install the version that wrote this database, or restore a backup")
    except (StoreError, sqlite3.Error) as error:
        yield Finding(False, f"database {path}: {error}", f"do not start the hub; {MEND}")
    finally:
        lock.release()


def _chain(bad: int | None, count: int) -> Finding:
    if bad is None:
        return Finding(True, f"journal: {count} entries, the chain holds")
    mend = "keep a copy of the database for the auditor, then restore a backup; the platform has its own copy"
    return Finding(False, f"journal: the chain breaks at entry {bad}", mend)
