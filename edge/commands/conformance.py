"""`edge conformance URL`: prove from outside whether a platform keeps the protocol."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from cloud_sync.conformance.bench import Bench
from cloud_sync.conformance.peer import Credential, open_peer
from cloud_sync.conformance.run import Finding, describe, encode, is_conforming, judge
from cloud_sync.enrolment_files import CA, IDENTITY, ROOT
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.errors import EdgeError

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("conformance")
@click.argument("url")
@click.option("--site", required=True, help="A site that the platform serves.")
@click.option("--device", required=True, help="A device of that site that is kept for these runs alone.")
@click.option("--token-file", type=_FILE, help="The device's token (a platform on loopback).")
@click.option("--certificate-file", type=_FILE, help="The device's certificate, PEM.")
@click.option("--key-file", type=_FILE, help="The key of that certificate, PEM.")
@click.option("--ca-file", type=_FILE, help="The authority that the platform's own certificate is of, PEM.")
@click.option("--enrolment", type=_FOLDER, help="The folder that `edge enrol` wrote: instead of all files.")
@click.option("--root-key-file", type=_FILE, help="The root's public key, 64 hex digits.")
@click.option("--code", "code_text", help="A one-time code of another device kept for this; it is used up.")
@click.option("--restart", "restart_command", help="A command that ends the platform and starts it again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the table.")
@click.option("--strict", is_flag=True, help="What could not be tested counts as failed.")
def command(
    url: str,
    site: str,
    device: str,
    token_file: Path | None,
    certificate_file: Path | None,
    key_file: Path | None,
    ca_file: Path | None,
    enrolment: Path | None,
    root_key_file: Path | None,
    code_text: str | None,
    restart_command: str | None,
    as_json: bool,
    strict: bool,
) -> None:
    """Prove from outside whether the platform at URL keeps the protocol (docs/connector.md).

    One line a check: what is expected, what was seen. The device begins a new epoch in every run, so runs can
    be repeated; it authors no money, no door and no person. Exit status 1 when a check failed, 2 when the run
    could not begin.
    """
    if enrolment:
        certificate_file, key_file = enrolment / IDENTITY, None
        ca_file, root_key_file = enrolment / CA, enrolment / ROOT
    credential = Credential(
        token=token_file.read_text().strip() if token_file else "",
        certificate_file=certificate_file,
        key_file=key_file,
        ca_file=ca_file,
    )
    root = _root_key(root_key_file) if root_key_file else None
    restart = _restarting(restart_command) if restart_command else None
    try:
        code = OneTimeCode.parse(code_text) if code_text else None
        if code is not None and code.device == device:
            raise click.UsageError("--code is of the run's own device: enrolling would take its certificate")
        findings = asyncio.run(_judge(url, site, device, credential, root, restart, code))
    except EdgeError as error:
        raise click.UsageError(str(error)) from error
    click.echo(encode(findings) if as_json else describe(findings))
    sys.exit(not is_conforming(findings, strict=strict))


async def _judge(
    url: str,
    site: str,
    device: str,
    credential: Credential,
    root: bytes | None,
    restart: Callable[[], Awaitable[None]] | None,
    code: OneTimeCode | None,
) -> list[Finding]:
    async with open_peer(url, site=site, device=device, credential=credential) as peer:
        return await judge(Bench(peer, root_public=root, restart=restart, code=code))


def _root_key(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except ValueError as error:
        raise click.UsageError(f"{path}: not 64 hex digits") from error


def _restarting(restart_command: str) -> Callable[[], Awaitable[None]]:
    async def restart() -> None:
        """Run the operator's own command to its end; the platform has to listen again by then."""
        process = await asyncio.create_subprocess_shell(restart_command, stdout=subprocess.DEVNULL)
        if await process.wait():
            raise EdgeError(f"--restart ended with {process.returncode}")

    return restart
