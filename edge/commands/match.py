"""`edge match`: journal, channel's bill and platform of a date, payee by payee."""

import json
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click
import msgspec

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config
from edge.links.control_client import ControlClient
from edge.money import format_yuan


@click.group("match")
def command() -> None:
    """The three-way match of a date, by default yesterday's."""


@command.command("run")
@config_option
@click.argument("date", default="")
@click.option("--login", required=True, help="Your account; the PIN is asked for.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when left out.")
def run(config_path: Path, date: str, login: str, pin: str) -> None:
    """Match a date now. Exit status 1 when it has open cases or its bill is not there yet."""
    body = {"login": login, "pin": pin, "date": date}
    with hub_needed():
        status, answer = _client(config_path).post("/match", body)
    if status != HTTPStatus.OK:
        raise click.ClickException(f"refused: {json.dumps(answer)}")
    _print(answer)


@command.command("show")
@config_option
@click.argument("date", default="")
def show(config_path: Path, date: str) -> None:
    """Show how a date stands. Exit status 1 when it has open cases or is not matched."""
    _print(_ask(config_path, date))


@command.command("csv")
@config_option
@click.argument("date", default="")
@click.option("--login", required=True, help="Your account; the PIN is asked for.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when left out.")
def to_csv(config_path: Path, date: str, login: str, pin: str) -> None:
    """Print match and cases of a date as comma-separated values; it is recorded who took them."""
    from edge.settlement.cases import Case
    from edge.settlement.matching import MatchedDay
    from edge.settlement.sheets import cases_csv, match_csv

    with hub_needed():
        body = {"login": login, "pin": pin, "date": date}
        status, answer = _client(config_path).post("/match/export", body)
    if status != HTTPStatus.OK:
        raise click.ClickException(f"refused: {json.dumps(answer)}")
    click.echo(match_csv(msgspec.convert(answer["days"], list[MatchedDay])))
    click.echo(cases_csv(msgspec.convert(answer["cases"], list[Case])), nl=False)


def _ask(config_path: Path, date: str) -> dict[str, Any]:
    with hub_needed():
        status, text = _client(config_path).raw("GET", f"/match?date={date}")
    answer: dict[str, Any] = json.loads(text)
    if status != HTTPStatus.OK:
        raise click.ClickException(f"refused: {json.dumps(answer)}")
    return answer


def _print(answer: dict[str, Any]) -> None:
    days, cases = answer["days"], answer["cases"]
    click.echo(f"{answer['date']}:" if days else f"{answer['date']}: not matched yet")
    for day in days:
        if day["state"] == "waiting":
            click.echo(f"  {day['payee']:<12} the bill is not there yet")
            continue
        sides = " ".join(
            f"{name} {format_yuan(day[f'{name}_fen'])} ({day[f'{name}_lines']})"
            for name in ("here", "channel", "platform")
        )
        click.echo(f"  {day['payee']:<12} {sides}; {day['agreed']} agree, {day['differing']} differ")
    waiting = [case for case in cases if case["closed_at_ms"] is None]
    for case in waiting:
        click.echo(f"  case {case['id']}: {case['kind']} {case['line']} {case['subject']}")
    if waiting or not days or any(day["state"] == "waiting" for day in days):
        sys.exit(1)


def _client(config_path: Path) -> ControlClient:
    return hub_in(data_folder(load_config(config_path)))
