"""`edge init`: make a site's folder ready."""

import secrets
from pathlib import Path

import click

from edge.commands.hub import config_option, data_folder, load_config


@click.command("init")
@config_option
@click.option(
    "--clerk", "clerk", default="clerk", show_default=True, help="Login of the first clerk's account."
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="ROLE=LOGIN",
    help="One more first account: supervisor, manager, auditor, technician, guard. May stand several times.",
)
def command(config_path: Path, clerk: str, accounts: tuple[str, ...]) -> None:
    """Check the configuration, make the database and the first accounts. Does no harm when repeated.

    Each first PIN is written to secrets/LOGIN.pin in the site's folder (mode 0600).
    """
    from edge.site import initialise

    people = {clerk: "clerk", **_read_accounts(accounts)}
    config = load_config(config_path)
    folder = data_folder(config)
    (folder / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "run").mkdir(mode=0o750, exist_ok=True)
    files = {login: folder / "secrets" / f"{login}.pin" for login in people}
    fresh = [login for login, file in files.items() if not file.exists()]
    for login in fresh:
        files[login].touch(mode=0o600)
        files[login].write_text(f"{10**7 + secrets.randbelow(9 * 10**7)}\n")
    pins = {login: file.read_text().strip() for login, file in files.items()}
    initialise(config, [(login, role, pins[login]) for login, role in people.items()])
    told = "".join(f"; the PIN of {login} is in {files[login]}" for login in fresh)
    click.echo(f"{folder} is ready{told}")


def _read_accounts(texts: tuple[str, ...]) -> dict[str, str]:
    """Role by login of ROLE=LOGIN."""
    from edge.staff.records import Role

    found = {}
    for text in texts:
        role, _, login = text.partition("=")
        if role not in set(Role) or not (login.isascii() and login.isalnum()):
            raise click.BadParameter(f"{text}: write ROLE=LOGIN, e.g. supervisor=lin")
        found[login] = role
    return found
