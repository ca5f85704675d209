"""`edge backup`: the recovery sheet, a backup now, and what backups there are."""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from edge.commands.bars import Bar
from edge.commands.hub import config_option, data_folder, database_in, hub_in, load_config
from edge.config import BackupSettings, Config, SiteSettings
from edge.durable import write_new
from edge.errors import ConfigError, EdgeError, PlatformError, Refusal, StoreError
from edge.links.control_client import ControlClient, HubNotRunning

LOOK_EVERY_S = 0.25


@click.group("backup")
def command() -> None:
    """Backups: the recovery sheet, a backup now, what there is."""


@command.command("sheet")
@config_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Left out: recovery-SITE.html")
@click.option("--known", is_flag=True, help="The site has a sheet already: type its key, print nothing.")
@click.option("--new", "is_new", is_flag=True, help="Make another key; older backups need the older sheet.")
@click.option(
    "--key-file", type=click.Path(path_type=Path, dir_okay=False), help="With --known: instead of typing."
)
def sheet(config_path: Path, out: Path | None, known: bool, is_new: bool, key_file: Path | None) -> None:
    """Make the site's recovery key and the sheet to print it on, and give it to the platform's operators.

    The key stays on the sheet alone. Without one, the operators open what the platform keeps.
    """
    from edge.backups.recovery import RecoveryKey, save_recipient
    from edge.backups.sheet import make_sheet

    config = load_config(config_path)
    site, settings = config.one("site", SiteSettings), backup_settings(config)
    keep = config.resolve(settings.recipient_file)
    if keep.exists() and not (known or is_new):
        raise click.ClickException(
            f"{keep} is there: the key has its sheet already. Another device of the site: --known;"
            " a lost sheet: ask the platform's operators, or make another key with --new"
        )
    key = read_key(key_file) if known else RecoveryKey.generate()
    if not known:
        page = out or Path(f"recovery-{site.id}.html")
        _write_private(page, make_sheet(key, site=site.id, name_zh=site.name_zh, name_en=site.name_en))
        click.echo(f"{page}: print it, put it into the safe, delete the file")
    try:
        save_recipient(keep, key.recipient)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"backups are sealed for the key {key.recipient.name} from now on")
    try:
        asyncio.run(_give_to_operators(config, key.private, key.recipient.public))
    except (PlatformError, Refusal, ConfigError) as error:
        click.echo(f"the platform does not have it yet ({error}); later: edge backup sheet --known", err=True)
    else:
        click.echo("the platform keeps it, readable by its operators only")


async def _give_to_operators(config: Config, private: bytes, public: str) -> None:
    from cloud_sync.backups import BackupClient
    from edge.platform_link import open_link
    from edge.trust.clock import TrustedClock

    async with open_link(config, TrustedClock()) as link:
        client = BackupClient(link.http)
        standing = await client.recovery_standing()
        await client.keep_recovery_key(private, public, standing.operators)


@command.command("create")
@config_option
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path())
@click.option("--login", default="", help="With a running hub: whose account.")
@click.option("--pin", default="", help="With a running hub; asked for when left out.")
def create(config_path: Path, folder: Path, login: str, pin: str) -> None:
    """Make a sealed backup in a folder, as on a stick; a running hub goes on selling."""
    config = load_config(config_path)
    client = hub_in(data_folder(config))
    try:
        client.get("/status")
    except HubNotRunning:
        made = _make_here(config, folder.absolute())
    else:
        login = login or click.prompt("Login")
        pin = pin or click.prompt("PIN", hide_input=True)
        asked = {"login": login, "pin": pin, "folder": str(folder.absolute())}
        status, made = _watch(client, lambda: client.post("/backup", asked))
        if status != 200:
            raise click.ClickException(f"refused: {made.get('code')} {made.get('details', '')}")
    size_mb = made["size_bytes"] / 1e6
    click.echo(f"{made['file']}: sealed, {size_mb:.1f} MB, journal up to entry {made['through_seq']}")


def _watch(client: ControlClient, order: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Wait for the hub's answer, with a bar of how far it says that it is."""
    bar = Bar()
    with ThreadPoolExecutor(max_workers=1) as waiting:
        answer = waiting.submit(order)
        while not wait((answer,), timeout=LOOK_EVERY_S).done:
            doing = client.get("/backup")["doing"]
            if doing is not None:
                bar.tell(doing["step"], "MB", doing["done_bytes"], doing["whole_bytes"])
        bar.end()
        return answer.result()


def _make_here(config: Config, folder: Path) -> dict[str, Any]:
    from edge.backups.making import make_backup
    from edge.backups.recovery import load_recipient
    from edge.carried import carried_files
    from edge.store.clock_state import restore_clock
    from edge.store.connections import open_reader
    from edge.trust.clock import TrustedClock

    database, clock, bar = database_in(data_folder(config)), TrustedClock(), Bar()
    try:
        connection = open_reader(database)
        try:
            restore_clock(connection, clock)
        finally:
            connection.close()
        path, about = make_backup(
            database,
            folder,
            recipient=load_recipient(config.resolve(backup_settings(config).recipient_file)),
            files=carried_files(config),
            program=version("community-edge"),
            created_ms=clock.now().at_ms,
            progress=lambda step, done, whole: bar.tell(step, "MB", done, whole),
        )
    except EdgeError as error:
        raise click.ClickException(str(error)) from error
    finally:
        bar.end()
    return {"file": str(path), "through_seq": about.seq, "size_bytes": path.stat().st_size}


@command.command("list")
@config_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
def list_all(config_path: Path, folder: Path | None) -> None:
    """List the backups in a folder, as on a stick; without one, what the nightly backup last did."""
    import msgspec

    from edge.backups.contents import read_about
    from edge.backups.making import list_backups
    from edge.backups.progress import Doing

    if folder is not None:
        for path in list_backups(folder):
            try:
                about = read_about(path)
            except StoreError as error:
                click.echo(f"{path.name}: {error}")
            else:
                size_mb = path.stat().st_size / 1e6
                click.echo(f"{path.name}: {about.site}/{about.device} up to {about.seq}, {size_mb:.1f} MB")
        return
    try:
        standing = hub_in(data_folder(load_config(config_path))).get("/backup")
    except HubNotRunning as error:
        raise click.ClickException(str(error)) from error
    for place, words in standing["places"].items():
        click.echo(f"{place}: {words}")
    if standing["doing"] is not None:
        click.echo(f"now: {msgspec.convert(standing['doing'], Doing)}")


def backup_settings(config: Config) -> BackupSettings:
    """The section `[backup]`, or its defaults."""
    from edge.site import one_or_default

    return one_or_default(config, "backup", BackupSettings)


def read_key(key_file: Path | None) -> Any:
    """The recovery key, from a file or typed group by group; a mistyped group is asked for again."""
    from edge.backups.recovery import RecoveryKey
    from edge.trust.groups import GroupMistyped

    if key_file is not None:
        try:
            return RecoveryKey.read(key_file.read_text("utf-8"))
        except (OSError, GroupMistyped, UnicodeDecodeError) as error:
            raise click.ClickException(f"{key_file}: {error}") from error
    while True:
        text = click.prompt("The 13 groups of the sheet (blanks between them do not matter)")
        try:
            return RecoveryKey.read(text)
        except GroupMistyped as error:
            click.echo(f"{error}; look at the sheet again", err=True)
            if not sys.stdin.isatty():
                raise click.ClickException(str(error)) from error


def _write_private(path: Path, text: str) -> None:
    try:
        write_new(path, text.encode("utf-8"))
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or 'is there already'}") from error
