"""`edge run`: the hub."""

import asyncio
import logging
import sys
from pathlib import Path

import click

from devices.settings import SatelliteSettings
from edge.commands.hub import config_option, load_config
from edge.config import PlatformSettings
from edge.errors import StoreError


@click.command("run")
@config_option
def command(config_path: Path) -> None:
    """Run the hub of a site, or a satellite where the file has `[satellite]`, until SIGTERM or SIGINT."""
    from edge.links.dumps import forbid_core_dumps

    forbid_core_dumps()
    config = load_config(config_path)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    if config.many("satellite", SatelliteSettings):
        from edge.satellite import run_satellite

        asyncio.run(run_satellite(config))
        return
    if not config.many("platform", PlatformSettings):
        raise click.ClickException(
            f"this hub is not enrolled: edge enrol --config {config_path} --url URL CODE"
        )
    from edge.app import run_hub

    try:
        asyncio.run(run_hub(config))
    except StoreError as error:
        raise click.ClickException(f"{error}\nedge doctor --config {config_path} says more") from error
