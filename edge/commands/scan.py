"""`edge scan`: read codes from pictures, the way the cameras do."""

import json
import subprocess
import sys

import click


@click.command("scan")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a picture.")
def command(files: tuple[str, ...], as_json: bool) -> None:
    """Read the codes in FILES. Exit status 1 when a picture was refused or holds no code.

    The pictures are decoded in a process of their own, with the limits of the vision process.
    """
    finished = subprocess.run(
        [sys.executable, "-m", "devices.vision.scan_files", *files],
        check=False,
        capture_output=True,
        text=True,
    )
    if finished.returncode not in (0, 1):
        raise click.ClickException(finished.stderr.strip() or "the decoding process ended")
    if as_json:
        click.echo(finished.stdout, nl=False)
    else:
        for line in finished.stdout.splitlines():
            click.echo(_in_words(json.loads(line)))
    sys.exit(finished.returncode)


def _in_words(result: dict[str, object]) -> str:
    read = result.get("text")
    if read is not None:
        return f"{result['file']}: {result['symbology']} {read}"
    return f"{result['file']}: {result.get('refused') or 'no code'}"
