"""`edge status`: how the running hub is, for the technician before it."""

from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, load_config
from edge.links.control_client import CONTROL_SOCKET, ControlClient, HubNotRunning
from edge.service.gauges import GAUGES


@click.command("status")
@config_option
def command(config_path: Path) -> None:
    """Show parts, journal and the newest gauges of the running hub."""
    folder = data_folder(load_config(config_path))
    try:
        found = ControlClient(folder / CONTROL_SOCKET).get("/status")
    except HubNotRunning as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{found['site']}/{found['device']}, epoch {found['epoch']}: {found['state']}")
    click.echo(f"journal at {found['head_seq']}, the platform has {found['acknowledged_seq']}")
    for name, part in found["parts"].items():
        click.echo(f"  {part['state']:8}{name} {part['detail']}".rstrip())
    for gauge in GAUGES:
        if gauge.name in found["gauges"]:
            click.echo(f"  {found['gauges'][gauge.name]:>12} {gauge.unit:7}{gauge.name}: {gauge.meaning}")
    ring = found["telemetry"]
    if ring is not None:
        click.echo(
            f"telemetry: {ring['kept']} samples kept, {ring['waiting']} to send, {ring['dropped']} dropped"
        )
