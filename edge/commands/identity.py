"""`edge identity`: who this device is, and how a person settles that two devices carry its name."""

import json
import sys
from http import HTTPStatus
from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config
from edge.links.control_client import ControlClient


@click.group("identity")
def command() -> None:
    """Epoch and quarantine of this device."""


@command.command("show")
@config_option
def show(config_path: Path) -> None:
    """Say device, epoch, and whether the identity is in doubt. Exit status 1 if it is."""
    with hub_needed():
        found = _client(config_path).get("/identity")
    click.echo(f"{found['site']}/{found['device']}, epoch {found['epoch']}, journal at {found['head_seq']}")
    stopped = found["quarantine"]
    if stopped is None:
        return
    click.echo(f"in doubt: {stopped['code']} from entry {stopped['seq']} on: another device has this name.")
    click.echo("Find it and take it out of service. Then, on the one that stays:")
    click.echo("  edge identity new-epoch --reason 'what became of the other one' --login NAME")
    sys.exit(1)


@command.command("new-epoch")
@config_option
@click.option("--reason", required=True, help="What was found, in a few words; goes into the journal.")
@click.option("--login", required=True, help="Your account; the PIN is asked for.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when left out.")
def new_epoch(config_path: Path, reason: str, login: str, pin: str) -> None:
    """Declare this device the true one: a new epoch begins, the quarantine ends."""
    body = {"login": login, "pin": pin, "reason": reason}
    with hub_needed():
        status, answer = _client(config_path).post("/identity/epoch", body)
    if status != HTTPStatus.OK:
        raise click.ClickException(f"refused: {json.dumps(answer)}")
    click.echo(f"epoch {answer['epoch']} has begun")


def _client(config_path: Path) -> ControlClient:
    return hub_in(data_folder(load_config(config_path)))
