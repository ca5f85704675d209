"""`edge run`: the hub."""

import asyncio
import logging
import sys
from pathlib import Path

import click

from edge.commands.hub import config_option, load_config
from edge.errors import StoreError


@click.command("run")
@config_option
def command(config_path: Path) -> None:
    """Run the hub of a site until it is asked to stop (SIGTERM, SIGINT)."""
    from edge.app import run_hub
    from edge.links.dumps import forbid_core_dumps

    forbid_core_dumps()
    config = load_config(config_path)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(run_hub(config))
    except StoreError as error:
        raise click.ClickException(f"{error}\nedge doctor --config {config_path} says more") from error
