"""`edge db`: check the database, or back it up while the hub goes on."""

import sys
import time
from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, database_in, hub_in, load_config
from edge.config import SiteSettings
from edge.errors import StoreError
from edge.links.control_client import HubNotRunning


@click.group("db")
def command() -> None:
    """The database: a check of everything, and backups."""


@command.command("check")
@config_option
def check(config_path: Path) -> None:
    """Check pages, references, journal and books. Exit status 1 names what is wrong and the mend."""
    from edge.jobs import check_database

    folder = data_folder(load_config(config_path))
    path = database_in(folder)
    if not path.exists():
        raise click.ClickException(
            f"there is no database at {path}; restore a backup, or edge init makes one"
        )
    try:
        found = hub_in(folder).get("/db/check")
    except HubNotRunning:
        found = check_database(path)
    for wrong in found["wrong"]:
        click.echo(f"{wrong['what']}\n  mend: {wrong['mend']}")
    if found["wrong"]:
        sys.exit(1)
    click.echo(f"{path} is well: pages, references, journal up to entry {found['head_seq']}, books")


@command.command("backup")
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--login", default="", help="With a running hub: whose account.")
@click.option("--pin", default="", help="With a running hub; asked for when left out.")
def backup(config_path: Path, file: Path, login: str, pin: str) -> None:
    """Copy the database to FILE, which must not exist; a running hub goes on selling."""
    folder = data_folder(load_config(config_path))
    client = hub_in(folder)
    try:
        client.get("/status")
    except HubNotRunning:
        head_seq = _back_up_here(database_in(folder), file.absolute())
    else:
        login = login or click.prompt("Login")
        pin = pin or click.prompt("PIN", hide_input=True)
        asked = {"login": login, "pin": pin, "file": str(file.absolute())}
        status, answer = client.post("/db/backup", asked)
        if status != 200:
            raise click.ClickException(f"refused: {answer.get('code')} {answer.get('details', '')}")
        head_seq = answer["head_seq"]
    click.echo(f"{file}: verified, journal up to entry {head_seq}")


def _back_up_here(path: Path, target: Path) -> int:
    from edge.store.backup import back_up

    began_s, tell = time.monotonic(), sys.stderr.isatty()

    def show(done: int, whole: int) -> None:
        if tell:
            rate = done * 4096 / 1e6 / max(time.monotonic() - began_s, 0.001)
            click.echo(f"\r{done * 100 // max(whole, 1):3d} %  {rate:.0f} MB/s", nl=False, err=True)

    try:
        head = back_up(path, target, show)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    if tell:
        click.echo(err=True)
    return head.seq


@command.command("restore")
@config_option
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
def restore_backup(config_path: Path, backup: Path) -> None:
    """Put a backup in the place of the database. The hub must not run.

    The backup is checked first; the replaced files are kept in a folder beside it. The next start begins a
    new epoch of identities, and the platform is told.
    """
    from edge.store.restore import restore
    from edge.tables import MIGRATIONS

    config = load_config(config_path)
    site = config.one("site", SiteSettings)
    database = database_in(data_folder(config))
    try:
        aside = restore(backup, database, site=site.id, device=site.device, migrations=MIGRATIONS)
    except StoreError as error:
        click.echo(f"nothing was changed: {error}", err=True)
        sys.exit(1)
    click.echo(f"restored {backup}; the replaced files are in {aside}; the next start begins a new epoch")
