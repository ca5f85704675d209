"""`edge books`: the trial balance as an accountant reads it, and a check of all the books."""

import csv
import sys
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from edge.commands.hub import config_option, data_folder, hub_in, load_config, read_database
from edge.links.control_client import HubNotRunning
from edge.money import format_yuan


@click.group("books")
def command() -> None:
    """The ledger: double entry, every payee by itself."""


@command.command("show")
@config_option
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values, for a spreadsheet.")
def show(config_path: Path, as_csv: bool) -> None:
    """Show the trial balance in yuan: every account, payee by payee, debits against credits."""
    folder = data_folder(load_config(config_path))
    try:
        accounts = hub_in(folder).get("/books/accounts")["accounts"]
    except HubNotRunning:
        from edge.books.records import trial_rows

        accounts = [row._asdict() for row in read_database(folder, trial_rows)]
    if as_csv:
        _write_csv(accounts)
    else:
        click.echo("\n".join(_table(accounts)))


@command.command("verify")
@config_option
def verify(config_path: Path) -> None:
    """Fold every balance anew and check every set. Exit status 1 names each difference."""
    folder = data_folder(load_config(config_path))
    try:
        report = hub_in(folder).get("/books/verify")
    except HubNotRunning:
        import msgspec

        from edge.books.verification import verify_books

        report = msgspec.to_builtins(read_database(folder, verify_books))
    for difference in report["differences"]:
        click.echo(f"{difference['subject']}: {difference['words']} [{difference['code']}]")
    checked = f"{report['accounts']} accounts, {report['sets']} sets, {report['events']} journal events"
    if report["unheld"]:
        checked += f" ({report['unheld']} sets are older than the journal that is kept)"
    if report["differences"]:
        click.echo(f"the books are wrong in {len(report['differences'])} places; checked: {checked}")
        sys.exit(1)
    click.echo(f"the books hold: {checked}")


def _write_csv(accounts: list[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("payee", "account", "name", "debit_yuan", "credit_yuan"))
    for row in accounts:
        debit, credit = _sides(row["balance_fen"])
        writer.writerow((row["payee"], row["code"], row["name_zh"], debit, credit))


def _table(accounts: list[dict[str, Any]]) -> Iterator[str]:
    if not accounts:
        yield "nothing was posted yet"
        return
    code_width = max(len(row["code"]) for row in accounts)
    name_width = max(_width(row["name_zh"]) for row in accounts)

    def line(code: str, name: str, debit: str, credit: str) -> str:
        padded = name + " " * (name_width - _width(name))
        return f"{code:<{code_width}}  {padded}  {debit:>14}  {credit:>14}".rstrip()

    yield line("account", "", "debit", "credit")
    for payee, members in groupby(accounts, key=lambda row: row["payee"]):
        rows = list(members)
        yield ""
        yield payee
        for row in rows:
            yield line(row["code"], row["name_zh"], *_sides(row["balance_fen"]))
        yield line("", "", *_totals(rows))
    yield ""
    yield line("all payees", "", *_totals(accounts))
    difference = sum(row["balance_fen"] for row in accounts)
    yield (
        "debits equal credits"
        if difference == 0
        else f"DIFFERENCE {format_yuan(difference)}: edge books verify"
    )


def _sides(fen: int) -> tuple[str, str]:
    """A balance on its side, debit or credit."""
    return (format_yuan(fen), "") if fen >= 0 else ("", format_yuan(-fen))


def _totals(rows: list[dict[str, Any]]) -> tuple[str, str]:
    balances = [row["balance_fen"] for row in rows]
    return (
        format_yuan(sum(fen for fen in balances if fen > 0)),
        format_yuan(-sum(fen for fen in balances if fen < 0)),
    )


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
