"""`edge db`: the site's database as files."""

import sys
from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, load_config
from edge.config import SiteSettings
from edge.errors import StoreError


@click.group("db")
def command() -> None:
    """The database of a site."""


@command.command("restore")
@config_option
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
def restore_backup(config_path: Path, backup: Path) -> None:
    """Put a backup in the place of the database. The hub must not run.

    The backup is checked first; the replaced files are kept in a folder beside it. The next start begins a
    new epoch of identities, and the platform is told.
    """
    from edge.site import DATABASE
    from edge.store.restore import restore
    from edge.tables import MIGRATIONS

    config = load_config(config_path)
    site = config.one("site", SiteSettings)
    database = data_folder(config) / DATABASE
    try:
        aside = restore(backup, database, site=site.id, device=site.device, migrations=MIGRATIONS)
    except StoreError as error:
        click.echo(f"nothing was changed: {error}", err=True)
        sys.exit(1)
    click.echo(f"restored {backup}; the replaced files are in {aside}; the next start begins a new epoch")
