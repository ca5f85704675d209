"""`edge status`: how the running hub is, for the technician before it."""

from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config
from edge.service.gauges import GAUGES


@click.command("status")
@config_option
def command(config_path: Path) -> None:
    """Show parts, journal and the newest gauges of the running hub."""
    folder = data_folder(load_config(config_path))
    with hub_needed():
        found = hub_in(folder).get("/status")
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
