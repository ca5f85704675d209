"""`edge journal`: verify the chain, export it, or follow it."""

import asyncio
import http.client
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import click
import msgspec

from edge.commands.hub import config_option, data_folder, hub_in, hub_needed, load_config, read_database
from edge.config import Config
from edge.errors import Refusal, StoreError
from edge.links.control_client import HubNotRunning

PAGE = 500


@click.group("journal")
def command() -> None:
    """The journal of money, door and audit events."""


@command.command("verify")
@config_option
@click.option("--since-checkpoint", is_flag=True, help="Begin at the newest entry that the platform signed.")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
def verify(config_path: Path, since_checkpoint: bool, file: Path | None) -> None:
    """Recompute the hash chain of the journal, or of an exported or archived FILE.

    Exit status 1 names the first bad entry and what is wrong with it.
    """
    if file is not None:
        from edge.store import archive, journal

        _tell(journal.describe(archive.verify_file(file)))
        return
    folder = data_folder(load_config(config_path))
    query = "?since=checkpoint" if since_checkpoint else ""
    try:
        _tell(hub_in(folder).get("/journal/verify" + query))
    except HubNotRunning:
        _tell(_verify_database(folder, since_checkpoint))


def _tell(found: Mapping[str, int | str | None]) -> None:
    bad, count, signed = found["first_bad_seq"], found["count"], found["checkpoint_seq"]
    if bad is not None:
        click.echo(f"the journal is broken at entry {bad} ({found['fault']}); {count} entries before it hold")
        sys.exit(1)
    words = f", counter-signed by the platform up to entry {signed}" if signed else ""
    click.echo(f"{count} entries, the chain holds{words}")


@command.command("export")
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@click.option("--login", prompt=True, help="Whose account.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when left out.")
def export(config_path: Path, file: Path, login: str, pin: str) -> None:
    """Write the journal to FILE (docs/journal.md); it can be verified without this program."""
    config = load_config(config_path)
    draft = file.with_name(file.name + ".part")
    try:
        with draft.open("wb") as sink:
            client = hub_in(data_folder(config))
            try:
                status, refusal = client.download("/journal/export", {"login": login, "pin": pin}, sink)
                if status != http.client.OK:
                    raise click.ClickException(f"refused: {msgspec.json.decode(refusal)['code']}")
            except HubNotRunning:
                asyncio.run(_export_database(config, login, pin, sink))
        from edge.store import archive, journal

        found = archive.verify_file(draft)
        if found.first_bad_seq is None:
            draft.replace(file)
        _tell(journal.describe(found))
    finally:
        draft.unlink(missing_ok=True)


async def _export_database(config: Config, login: str, pin: str, sink: IO[bytes]) -> None:
    """Export while no hub runs."""
    from edge.site import open_store
    from edge.staff.accounts import StaffDesk
    from edge.staff.exports import begin_export, export_pages
    from edge.trust.clock import TrustedClock

    try:
        store = open_store(config, TrustedClock())
        try:
            header = await begin_export(store, StaffDesk(store), login=login, pin=pin)
            async for page in export_pages(store, header):
                sink.write(page)
        finally:
            store.close()
    except (Refusal, StoreError) as error:
        raise click.ClickException(f"refused: {error}") from error


@command.command("tail")
@config_option
@click.option("-n", "last", default=20, show_default=True, help="How many entries to begin with.")
@click.option("-f", "--follow", is_flag=True, help="Go on as entries come.")
def tail(config_path: Path, last: int, follow: bool) -> None:
    """Show the newest entries of a running hub, one line each."""
    client = hub_in(data_folder(load_config(config_path)))
    with hub_needed():
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


def _in_words(entry: dict[str, object]) -> str:
    moment = f"{'time not known':<19}"
    if entry["timetrust"] != "unknown":
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(str(entry["timems"])) / 1000))
    kind = str(entry["type"]).split(".")[-2]
    return f"{entry['seq']:>7}  {moment}  {kind:<18} {msgspec.json.encode(entry['data']).decode()}"


def _verify_database(folder: Path, since_checkpoint: bool) -> dict[str, int | str | None]:
    from edge.store import journal

    check = journal.verify_since_checkpoint if since_checkpoint else journal.verify
    return journal.describe(read_database(folder, check))
