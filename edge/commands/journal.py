"""`edge journal`: verify the chain, or follow it."""

import sys
import time
from pathlib import Path

import click
import msgspec

from edge.commands.hub import config_option, data_folder, load_config
from edge.links.control_client import CONTROL_SOCKET, ControlClient, HubNotRunning

PAGE = 500


@click.group("journal")
def command() -> None:
    """The journal of money, door and audit events."""


@command.command("verify")
@config_option
def verify(config_path: Path) -> None:
    """Recompute the hash chain. Exit status 1 and the first bad entry when it does not hold."""
    folder = data_folder(load_config(config_path))
    try:
        found = ControlClient(folder / CONTROL_SOCKET).get("/journal/verify")
        bad, count = found["first_bad_seq"], found["count"]
    except HubNotRunning:
        bad, count = _verify_file(folder / "edge.db")
    if bad is not None:
        click.echo(f"the journal is broken at entry {bad}; {count} entries before it hold")
        sys.exit(1)
    click.echo(f"{count} entries, the chain holds")


@command.command("tail")
@config_option
@click.option("-n", "last", default=20, show_default=True, help="How many entries to begin with.")
@click.option("-f", "--follow", is_flag=True, help="Go on as entries come.")
def tail(config_path: Path, last: int, follow: bool) -> None:
    """Show the newest entries of a running hub, one line each."""
    client = ControlClient(data_folder(load_config(config_path)) / CONTROL_SOCKET)
    try:
        after = max(0, client.get("/status")["head_seq"] - last)
        while True:
            lines = client.raw("GET", f"/journal?after={after}&limit={PAGE}")[1].splitlines()
            for line in lines:
                entry = msgspec.json.decode(line)
                after = entry["seq"]
                click.echo(_in_words(entry))
            if len(lines) < PAGE:
                if not follow:
                    return
                time.sleep(0.5)
    except HubNotRunning as error:
        raise click.ClickException(str(error)) from error


def _in_words(entry: dict[str, object]) -> str:
    moment = f"{'time not known':<19}"
    if entry["timetrust"] != "unknown":
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(str(entry["timems"])) / 1000))
    kind = str(entry["type"]).split(".")[-2]
    return f"{entry['seq']:>7}  {moment}  {kind:<18} {msgspec.json.encode(entry['data']).decode()}"


def _verify_file(path: Path) -> tuple[int | None, int]:
    from edge.store import journal
    from edge.store.connections import FileLock, open_reader

    if not path.exists():
        raise click.ClickException(f"no hub runs and there is no database at {path}")
    lock = FileLock(path)
    connection = open_reader(path)
    try:
        result = journal.verify(connection)
    finally:
        connection.close()
        lock.release()
    return result.first_bad_seq, result.count
