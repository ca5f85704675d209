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
def command(config_path: Path, clerk: str) -> None:
    """Check the configuration, make the database and the first clerk's account. Does no harm when repeated.

    The clerk's first PIN is written to secrets/LOGIN.pin in the site's folder (mode 0600).
    """
    from edge.site import initialise

    config = load_config(config_path)
    folder = data_folder(config)
    (folder / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "run").mkdir(mode=0o750, exist_ok=True)
    pin_file = folder / "secrets" / f"{clerk}.pin"
    fresh = not pin_file.exists()
    if fresh:
        pin_file.touch(mode=0o600)
        pin_file.write_text(f"{10**7 + secrets.randbelow(9 * 10**7)}\n")
    initialise(config, clerk=clerk, pin=pin_file.read_text().strip())
    click.echo(f"{folder} is ready" + (f"; the PIN of {clerk} is in {pin_file}" if fresh else ""))
