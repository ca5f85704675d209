"""`edge lockers`: the walk along a bank of lockers that proves its locks."""

import json
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config
from edge.links.control_client import ControlClient

LOOK_S = 0.5
CLOSE_LIMIT_LOOKS = 600
"""Five minutes at a door that does not close."""

WHY = {
    "did_not_move": "no contact moved: a jammed latch, a cut wire, or doors that stood open at the beginning",
    "not_fired": "the board took no command",
    "wrong_cell": "another door's contact moved: look at the wires, or at `locks` in the site's file",
    "wrong_label": "the contact moved, and another door opened: its wires or labels are exchanged",
    "polarity": "the contact reads otherwise than `polarity` in the site's file says",
    "stopped": "stopped",
}


@click.group("lockers")
def command() -> None:
    """Banks of lockers."""


@command.command("proofs")
@config_option
def proofs(config_path: Path) -> None:
    """Say which banks were walked along, by whom, and what was found."""
    with hub_needed():
        found = _client(config_path).get("/lockers/proofs")
    for proof in found:
        skipped = f", not tested: {' '.join(proof['skipped'])}" if proof["skipped"] else ""
        cells = len(proof["tested"])
        click.echo(f"{proof['bank']}: closed reads {proof['closed_level']}, {cells} cells{skipped}")
    if not found:
        click.echo("no bank was walked along yet")


@command.command("walk-test")
@config_option
@click.option("--bank", required=True, help="The bank's id in the site's file.")
@click.option("--login", required=True, help="Your account; the PIN is asked for.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when left out.")
def walk_test(config_path: Path, bank: str, login: str, pin: str) -> None:
    """Open door after door, look at each, close it: proves polarity, wires and labels of a bank.

    Begin with every door closed. Cells in use are left alone.
    """
    client = _client(config_path)

    def step(name: str) -> dict[str, Any]:
        with hub_needed():
            status, answer = client.post(f"/lockers/{bank}/walk", {"login": login, "pin": pin, "step": name})
        if status != HTTPStatus.OK:
            raise click.ClickException(f"refused: {json.dumps(answer)}")
        return dict(answer)

    walk = step("begin")
    while walk["step"] == "open":
        click.pause(f"{_next_cell(walk)}: press a key to open it")
        walk = step("open")
        if walk["step"] == "label":
            right = click.confirm(f"{walk['current']}: did the door with this label open")
            walk = step("right" if right else "wrong")
        if walk["step"] == "close":
            click.echo(f"{walk['current']}: close it")
            walk = _wait_closed(step)
    if walk["step"] == "failed":
        moved = f" ({' '.join(walk['moved'])})" if walk["moved"] else ""
        raise click.ClickException(f"{walk['current']}: {WHY[walk['reason']]}{moved}")
    click.echo(f"{bank} is proved: closed reads {walk['closed_level']}, open {walk['open_level']}")


def _wait_closed(step: Any) -> dict[str, Any]:
    for _ in range(CLOSE_LIMIT_LOOKS):
        walk: dict[str, Any] = step("look")
        if walk["step"] != "close":
            return walk
        time.sleep(LOOK_S)
    return dict(step("stop"))


def _next_cell(walk: dict[str, Any]) -> str:
    return str(next(cell["cell"] for cell in walk["cells"] if cell["state"] == "waiting"))


def _client(config_path: Path) -> ControlClient:
    return hub_in(data_folder(load_config(config_path)))
