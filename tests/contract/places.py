"""What a clause may name: the screens, routes, commands, events, settings, tests and proofs that exist."""

import re
from functools import cache
from pathlib import Path

import click

from edge.__main__ import main
from kiosk.screens.table import all_screens
from tests.proofs.table import PROOFS

ROOT = Path(__file__).resolve().parents[2]
SERVERS = {
    "platform": "The platform",
    "kiosk": "The kiosk",
    "counter": "The counter",
    "control": "The control socket",
}
"""The heads of docs/roles.md; the proof `roles` holds its rows against the running servers."""


def exists(place: str) -> bool:
    """Whether there is such a screen, route, command, event or setting."""
    kind, _, name = place.partition(":")
    if kind in SERVERS:
        return name in _routes(SERVERS[kind])
    return {
        "screen": lambda: name in all_screens(),
        "phone": lambda: name in _phone_screens(),
        "event": lambda: name in _events(),
        "setting": lambda: name in _settings(),
    }.get(kind, lambda: is_command(place))()


def shown(test: str) -> bool:
    """Whether there is such a test or proof."""
    if test.startswith("proof:"):
        return test.removeprefix("proof:") in {proof.name for proof in PROOFS}
    path, _, name = test.partition("::")
    return name in _tests(ROOT / path)


@cache
def _tests(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE))


@cache
def _document(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


@cache
def _routes(head: str) -> frozenset[str]:
    part = _document("roles.md").partition(f"\n## {head}\n")[2].partition("\n## ")[0]
    return frozenset(re.findall(r"^\| `([A-Z]+ [^`]+)`", part, re.MULTILINE))


@cache
def _phone_screens() -> frozenset[str]:
    sources = (ROOT / "cloud_sync/platform/static").glob("phone*.js")
    tables = [found for path in sources for found in re.findall(r"\bscreens: \{([^}]*)\}", path.read_text())]
    return frozenset(name for table in tables for name in re.findall(r"(\w+)(?=:|,|\s*$)", table))


@cache
def _events() -> frozenset[str]:
    return frozenset(re.findall(r"^\| `(\w+)` v\d", _document("reference.md"), re.MULTILINE))


@cache
def _settings() -> frozenset[str]:
    tables = re.findall(
        r"^### `\[(\w+)\]`\n(.*?)(?=^##)", _document("reference.md"), re.MULTILINE | re.DOTALL
    )
    return frozenset(
        f"{table}.{name}"
        for table, body in tables
        for name in re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
    )


@cache
def is_command(text: str) -> bool:
    """Whether `edge …` or `make …` can be typed so; words behind a command are its arguments."""
    program, _, rest = text.partition(" ")
    if program == "make":
        return rest in re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return program == "edge" and _is_edge_command(rest.split())


def _is_edge_command(words: list[str]) -> bool:
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words.pop(0))
        if found is None:
            return False
        command = found
    options = {name for option in command.params for name in option.opts} | {"--help", "--version"}
    return {word for word in words if word.startswith("--")} <= options
