"""`edge enrol`: make this machine a device of the platform, with a one-time code."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import click

from cloud_sync.enrolment import enrol
from cloud_sync.enrolment_files import FOLDER, read_identity
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.commands.hub import config_option
from edge.errors import ConfigError, PlatformError, Refusal
from edge.store.identity import HARDWARE_FILES, read_hardware
from edge.trust.certificates import Holder
from edge.trust.groups import GroupMistyped

MEND = {
    "code_unknown": "is it the newest code for this device? a newer one makes the one before void",
    "code_used": "another machine enrolled with it: if that was not you, tell the platform's people now",
    "code_expired": "a code counts for 24 hours: ask for a new one",
    "code_mistyped": "the first part, the device's name, does not belong to the rest",
    "enrolment_foreign": "the code is for another device or site than site.toml names",
    "bad_signature": "whoever answers there is not the platform that the code is from: check the address",
}
"""By what an enrolment is refused with."""


@click.command("enrol")
@config_option
@click.option("--url", required=True, help="The platform's address for devices, https://HOST:PORT.")
@click.argument("code", nargs=-1, required=True)
def command(config_path: Path, url: str, code: tuple[str, ...]) -> None:
    """Enrol with a one-time CODE: a key is made here, the platform gives a certificate for it.

    The folder `enrolment` beside the configuration holds what came of it. The same code may be repeated on
    this machine when the answer was lost. A device that the platform knew before gets a new key, and the hub
    begins a new epoch at its next start.
    """
    site, hardware = _read_site(config_path)
    folder = config_path.parent / FOLDER
    try:
        before = read_identity(folder)
    except ConfigError:
        before = None
    try:
        parsed = OneTimeCode.parse(" ".join(code))
        expected = Holder(site["id"], site["device"]) if "id" in site and "device" in site else None
        answer = asyncio.run(enrol(parsed, url=url, folder=folder, hardware=hardware, expected=expected))
    except GroupMistyped as error:
        raise click.ClickException(f"the code: {error}") from error
    except Refusal as refusal:
        raise click.ClickException(_explain(refusal)) from refusal
    except PlatformError as error:
        code_text = getattr(error, "code", "") or str(error)
        raise click.ClickException(
            f"refused: {code_text}; {MEND.get(code_text, f'is {url} right?')}"
        ) from error
    click.echo(f"{answer.site}/{answer.device} is enrolled; its certificate is in {folder}")
    if before is not None:
        click.echo(f"the enrolment before it, of {before.site}/{before.device}, no longer counts")
    if answer.epoch_above:
        click.echo(f"the device was here before: the hub begins an epoch above {answer.epoch_above}")


def _explain(refusal: Refusal) -> str:
    """A refusal with the way on."""
    return f"refused: {refusal.code}; {MEND.get(refusal.code, 'ask the platform for a new code')}"


def _read_site(path: Path) -> tuple[dict[str, Any], str | None]:
    """What `[site]` says of who we are, and the machine's serial number; the file need not be whole yet."""
    try:
        site = tomllib.loads(path.read_text("utf-8")).get("site", {})
    except FileNotFoundError:
        site = {}
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{path}: {error}") from error
    if not isinstance(site, dict):
        raise click.ClickException(f"{path}: site is not a table")
    file = site.get("hardware_file")
    return site, read_hardware((path.parent / str(file),) if file else HARDWARE_FILES)
