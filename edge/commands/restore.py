"""`edge restore`: put a backup onto this machine, from a stick or from the platform."""

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.commands.backup import read_key
from edge.commands.bars import Bar
from edge.commands.hub import config_option
from edge.errors import ConfigError, PlatformError, Refusal, StoreError

if TYPE_CHECKING:
    from edge.backups.contents import About
    from edge.config import Config

_STEPS = {
    "open": ("opening the backup", "MB"),
    "fetch": ("from the platform", "MB"),
    "read": ("history", "entries"),
}
_STICKS = (Path("/media"), Path("/mnt"))


@click.command("restore")
@config_option
@click.argument("backup", type=click.Path(path_type=Path), required=False)
@click.option("--from-platform", is_flag=True, help="Fetch the newest backup that the platform keeps.")
@click.option(
    "--key-file", type=click.Path(path_type=Path, dir_okay=False), help="The groups, instead of typing."
)
@click.option("--without-platform", is_flag=True, help="Do not read back what happened after the backup.")
def command(
    config_path: Path, backup: Path | None, from_platform: bool, key_file: Path | None, without_platform: bool
) -> None:
    """Restore BACKUP, a file or a folder of them, onto this machine; left out, sticks are looked through.

    Everything is checked before anything is touched. What happened after the backup is read back from the
    platform; the replaced database is kept in a folder beside it; the next start begins a new epoch. After a
    power cut the same command does it again.
    """
    began_s, bar = time.monotonic(), Bar()
    try:
        file = _from_platform(config_path, bar) if from_platform else _find(backup)
        about = _judge(file, config_path)
        click.echo(f"{file.name}: {about.site}/{about.device}, journal up to entry {about.seq}")
        _restore(config_path, file, key_file, bar, ask_platform=not without_platform)
    except PlatformError as error:
        bar.end()
        click.echo(
            f"the platform does not answer ({error}): nothing was put in the database's place.\n"
            "Is this machine enrolled (edge enrol), is the cable in? Then the same command again. Or go on"
            " without what happened after the backup: --without-platform",
            err=True,
        )
        sys.exit(1)
    except (StoreError, Refusal, ConfigError) as error:
        bar.end()
        click.echo(f"the database was not changed: {error}", err=True)
        sys.exit(1)
    click.echo(f"done in {time.monotonic() - began_s:.0f} s. Start the hub; it begins a new epoch")


def _restore(config_path: Path, file: Path, key_file: Path | None, bar: Bar, *, ask_platform: bool) -> None:
    from edge.restoring import Restoring

    key = read_key(key_file)
    restoring = Restoring(
        config_path, file, key, lambda step, done, whole: bar.tell(*_STEPS[step], done, whole)
    )
    restored = asyncio.run(restoring.run(ask_platform=ask_platform))
    bar.end()
    if restored.filled is None:
        click.echo("not asked: what happened after the backup; the platform has it")
    else:
        before, after = restored.filled
        click.echo(f"{after.seq - before.seq} entries after the backup were read back from the platform")
    click.echo(f"what was replaced is in {restored.aside}")


def _judge(file: Path, config_path: Path) -> "About":
    from edge.restoring import judge, load_here

    return judge(file, load_here(config_path))


def _find(backup: Path | None) -> Path:
    """The file itself, or the newest backup in a folder or on a stick."""
    from edge.backups.making import list_backups

    if backup is not None and not backup.is_dir():
        return backup
    folders = [backup] if backup is not None else [p for root in _STICKS for p in (root, *root.glob("**/"))]
    found = [path for folder in folders for path in list_backups(folder)]
    if not found:
        raise StoreError("no backup was found; name its file, or --from-platform")
    return found[-1]


def _from_platform(config_path: Path, bar: Bar) -> Path:
    from edge.restoring import load_here

    config = load_here(config_path)
    if config is None:
        raise StoreError("this machine is nobody yet: edge enrol comes first")
    return asyncio.run(_fetch(config, bar))


async def _fetch(config: "Config", bar: Bar) -> Path:
    from cloud_sync.backups import BackupClient
    from edge.platform_link import open_link
    from edge.trust.clock import TrustedClock

    async with open_link(config, TrustedClock()) as link:
        client = BackupClient(link.http)
        whole = [row for row in (await client.list()).backups if row.is_whole]
        if not whole:
            raise StoreError("the platform keeps no backup of this device")
        target = config.path.parent / f"fetched-{whole[0].id}.backup"
        await client.fetch(whole[0], target, lambda done, size: bar.tell(*_STEPS["fetch"], done, size))
    bar.end()
    return target
