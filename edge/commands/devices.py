"""`edge devices`: the technician's list of the running hub, and how each device stands."""

import sys
from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config

STANDING = {True: "online", False: "away", None: "unknown"}


@click.command("devices")
@config_option
@click.option("--zh", is_flag=True, help="Say what is wrong in Chinese.")
def command(config_path: Path, zh: bool) -> None:
    """Show doors, banks and readers, and what is wrong. Exit status 1 when something is."""
    folder = data_folder(load_config(config_path))
    with hub_needed():
        found = hub_in(folder).get("/devices")
    for door in found["doors"]:
        where = f"line {door['line']}" if door["line"] is not None else door["device"]
        standing = STANDING[door["online"]]
        click.echo(f"door   {door['id']:16}{door['driver']:10}{where:14}{standing:9}{door['contact']}")
    for bank in found["banks"]:
        click.echo(f"bank   {bank['id']:16}{bank['driver']:10}{'':14}{STANDING[bank['online']]}")
    for reader in found["readers"]:
        click.echo(f"reader {reader['id']:16}{reader['driver']:10}{reader['serves']:24}{reader['state']}")
    for finding in found["findings"]:
        times = f", {finding['count']} times" if finding["count"] > 1 else ""
        click.echo(f"! {finding['device']}: {finding['zh' if zh else 'en']} ({finding['code']}{times})")
        if finding["detail"]:
            click.echo(f"    {finding['detail']}")
    if found["findings"]:
        sys.exit(1)
