"""`edge clock`: what the hub takes the time to be, and a person's word for a time that jumped."""

import json
import sys
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config


@click.group("clock")
def command() -> None:
    """The trusted clock of this site."""


@command.command("show")
@config_option
def show(config_path: Path) -> None:
    """Say the time (UTC), how far to believe it, and whether another waits for a person (exit status 1)."""
    with hub_needed():
        found = hub_in(data_folder(load_config(config_path))).get("/clock")
    click.echo(f"{_said(found['at_ms'])} {found['time_trust']}")
    if found["doubted_ms"] is None:
        return
    click.echo(f"the platform says {_said(found['doubted_ms'])}: more than a day away, not believed.")
    click.echo("Look at a clock that you trust. If the platform is right:")
    click.echo("  edge clock accept --login NAME")
    sys.exit(1)


@command.command("accept")
@config_option
@click.option("--login", required=True, help="Your account; the PIN is asked for.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when left out.")
def accept(config_path: Path, login: str, pin: str) -> None:
    """Believe the platform's time although it jumped by more than a day."""
    with hub_needed():
        hub = hub_in(data_folder(load_config(config_path)))
        status, answer = hub.post("/clock/accept", {"login": login, "pin": pin})
    if status != HTTPStatus.OK:
        raise click.ClickException(f"refused: {json.dumps(answer)}")
    click.echo(f"the clock says {_said(answer['at_ms'])} {answer['time_trust']}")


def _said(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
