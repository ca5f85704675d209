"""How commands reach a hub: its configuration, and its control socket if it runs."""

import sys
from pathlib import Path

import click

from edge.config import Config, SiteSettings
from edge.errors import ConfigError

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
