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
    if (line := drain_line(found["uplink"])) is not None:
        click.echo(line)
    for collection, reason, count in found["feed_parked"]:
        click.echo(f"feed: {count} of {collection} parked: {reason}")
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


BAR_WIDTH = 30


def drain_line(uplink: dict[str, float | None] | None) -> str | None:
    """One line with a bar while a backlog goes up; None when nothing waits."""
    if uplink is None or not uplink["waiting"]:
        return None
    waiting, sent = int(uplink["waiting"]), int(uplink["sent"] or 0)
    full = BAR_WIDTH * sent // (sent + waiting)
    left_s = uplink["left_s"]
    left = "nothing moves" if left_s is None else f"{_span(int(left_s))} left"
    rate = f"{uplink['rate_per_s']:,.0f} a second"
    return f"uplink [{'#' * full}{'.' * (BAR_WIDTH - full)}] {waiting:,} wait, {sent:,} sent, {rate}, {left}"


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3_600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
