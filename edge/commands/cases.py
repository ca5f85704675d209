"""`edge cases`: differences of the match, shown and closed."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config
from edge.links.control_client import ControlClient
from edge.money import format_yuan
from edge.settlement.cases import Reason


@click.group("cases")
def command() -> None:
    """Differences that a named person closes with a reason."""


@command.command("show")
@config_option
def show(config_path: Path) -> None:
    """List the cases that wait for a person."""
    with hub_needed():
        cases = _client(config_path).get("/cases")
    for case in cases:
        sums = ", ".join(f"{side} {_yuan(case[f'{side}_fen'])}" for side in ("here", "channel", "platform"))
        click.echo(f"{case['id']}  {case['date']}  {case['payee']}  {case['kind']}")
        click.echo(f"    {case['line']} {case['subject']}  order {case['order_id'] or '-'}  {sums}")
    click.echo(f"{len(cases)} open")


@command.command("close")
@config_option
@click.argument("case")
@click.option("--reason", required=True, type=click.Choice([reason.value for reason in Reason]))
@click.option("--note", required=True, help="In your words: what you found, what you did.")
@click.option("--login", required=True, help="Your account; the PIN is asked for.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when left out.")
def close(config_path: Path, case: str, reason: str, note: str, login: str, pin: str) -> None:
    """Close a case in your name."""
    body = {"login": login, "pin": pin, "reason": reason, "note": note}
    with hub_needed():
        status, answer = _client(config_path).post(f"/cases/{case}/close", body)
    if status != HTTPStatus.OK:
        raise click.ClickException(f"refused: {json.dumps(answer)}")
    click.echo(f"{answer['id']} is closed")


def _yuan(fen: Any) -> str:
    return "nothing" if fen is None else format_yuan(fen)


def _client(config_path: Path) -> ControlClient:
    return hub_in(data_folder(load_config(config_path)))
