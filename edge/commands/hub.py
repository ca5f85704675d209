"""How commands reach a hub: its configuration, and its control socket if it runs."""

import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from edge.config import Config, SiteSettings
from edge.errors import ConfigError
from edge.links.control_client import CONTROL_SOCKET, ControlClient, HubNotRunning

T = TypeVar("T")

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("/etc/community-edge/site.toml"),
    show_default=True,
    help="The site's configuration.",
)


def load_config(path: Path) -> Config:
    """The configuration; ends the command with every fault on a line of its own."""
    from edge.site import load_site

    try:
        return load_site(path)
    except ConfigError as error:
        for fault in error.faults:
            click.echo(f"{path.name}: {fault}", err=True)
        sys.exit(2)


def data_folder(config: Config) -> Path:
    """Where the hub keeps its database and sockets."""
    return config.resolve(config.one("site", SiteSettings).data_dir)


def hub_in(folder: Path) -> ControlClient:
    """A client of the hub that keeps its data there; its calls raise HubNotRunning when none runs."""
    return ControlClient(folder / CONTROL_SOCKET)


@contextlib.contextmanager
def hub_needed() -> Iterator[None]:
    """End the command with a clear line when no hub runs."""
    try:
        yield
    except HubNotRunning as error:
        raise click.ClickException(str(error)) from error


def database_in(folder: Path) -> Path:
    """The site's database file."""
    from edge.site import DATABASE

    return folder / DATABASE


def read_database(folder: Path, query: Callable[[sqlite3.Connection], T]) -> T:
    """Ask the database itself, which is only done while no hub runs. Raises StoreError."""
    from edge.store.connections import FileLock, open_reader

    path = database_in(folder)
    if not path.exists():
        raise click.ClickException(f"no hub runs and there is no database at {path}")
    lock = FileLock(path)
    connection = open_reader(path)
    try:
        return query(connection)
    finally:
        connection.close()
        lock.release()
