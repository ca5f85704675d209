"""`edge fleet simulate`: many sites in one process against a reference platform of its own."""

import asyncio
import sys
import tempfile
from pathlib import Path

import click
import msgspec

from cloud_sync.fleet.plan import FleetPlan
from cloud_sync.fleet.report import describe
from cloud_sync.fleet.simulate import Course, simulate
from cloud_sync.fleet.site import Rooms
from edge import tables
from edge.errors import EdgeError

ROOMS = Rooms(tables.MIGRATIONS, tables.APPLIERS, tables.REFERENCES)


@click.group("fleet")
def command() -> None:
    """A fleet of simulated sites (docs/fleet.md)."""


@command.command("simulate")
@click.option("--sites", default=20, show_default=True, help="How many.")
@click.option("--days", default=1, show_default=True, help="How many days each of them lives.")
@click.option("--day-s", default=10.0, show_default=True, help="Seconds that a day is played in.")
@click.option("--visits", default=40, show_default=True, help="Visits of a site a day, about.")
@click.option("--cut-hour", default=14, show_default=True, help="When the streets' network goes; 24: never.")
@click.option("--commands-per-s", default=2.0, show_default=True, help="Doors opened from afar, in all.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same days.")
@click.option("--store", default="", help="postgresql://… of an empty database; left out: a SQLite file.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Keep the platform here.")
@click.option("--json", "as_json", is_flag=True, help="Everything that was seen, as one JSON object.")
def run(
    sites: int,
    days: int,
    day_s: float,
    visits: int,
    cut_hour: int,
    commands_per_s: float,
    seed: int,
    store: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Let many sites live some days against a platform started for it, and compare both sides at the end.

    Each site runs the product's own uplink, feed, commands, time and telemetry over real sockets, with its
    store in memory. At the cut's hour the network of every street goes; after midnight it comes back
    everywhere at once. Exit status 1 when an event was lost, doubled or is another one.
    """
    try:
        plan = FleetPlan(
            sites=sites,
            days=days,
            day_s=day_s,
            visits=visits,
            cut_hour=cut_hour,
            commands_per_s=commands_per_s,
            seed=seed,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="edge-fleet-") as scratch:
        course = Course(plan=plan, folder=str(folder or scratch), store_url=store)
        try:
            report = asyncio.run(simulate(course, ROOMS, tell=_tell))
        except EdgeError as error:
            raise click.ClickException(str(error)) from error
    click.echo(msgspec.json.encode(report).decode() if as_json else describe(report))
    sys.exit(not report.is_whole)


def _tell(text: str) -> None:
    """Progress goes where it does not mix with the answer."""
    click.echo(text, err=True)
