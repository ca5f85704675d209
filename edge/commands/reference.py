"""`edge reference`: settings, events, refusals, ledger, commands: read off the code."""

import importlib
import inspect
import pkgutil
import re
import types
import typing
from collections.abc import Iterator

import click
import msgspec

from edge.commands import COMMANDS, asyncapi_reference, doors_reference, payments_reference
from edge.commands.ledger_reference import ledger
from edge.errors import Refusal
from edge.service.gauges import GAUGES
from edge.trust.time_policy import POLICY

ROOMS = ("edge", "kiosk", "devices", "cloud_sync")
PROCESSES_OF_THEIR_OWN = ("__main__", "devices.vision", "devices.simulator", "edge.bench", "edge.demo")
"""Modules that the reference does not import: programs, and rooms with heavy libraries of their own."""


@click.command("reference")
@click.option("--payments", "page", flag_value="payments", help="How payments run, instead of the reference.")
@click.option("--doors", "page", flag_value="doors", help="What a door does, instead of the reference.")
@click.option("--asyncapi", "page", flag_value="asyncapi", help="Commands and events as AsyncAPI (JSON).")
def command(page: str | None) -> None:
    """Print the reference of this version in Markdown."""
    pages = {
        "payments": payments_reference.text,
        "doors": doors_reference.text,
        "asyncapi": asyncapi_reference.text,
    }
    click.echo(pages.get(page or "", text)(), nl=False)


def text() -> str:
    """The whole reference."""
    parts = (_settings, _events, _refusals, _time_policy, ledger, _gauges, _commands)
    return "\n".join([HEAD, *(line for part in parts for line in part())]) + "\n"


HEAD = """\
# Reference

Written by `edge reference`; a check compares it with the code. Change the docstrings, not this file.
"""


def _settings() -> Iterator[str]:
    from edge.tables import SECTIONS

    yield "## Settings of `site.toml`\n"
    for section, entry in SECTIONS.items():
        kind = entry.struct
        yield f"### `[{section}]`\n\n{_first_line(kind)}\n\n| setting | type | default |\n|---|---|---|"
        for field in msgspec.structs.fields(kind):
            yield f"| `{field.encode_name}` | {_type_name(field.type)} | {_default(field)} |"
        yield ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        return f"`{field.default!r}`" if field.default is not None else "none"
    return "required" if field.default_factory is msgspec.NODEFAULT else "empty"


def _type_name(kind: object) -> str:
    """A type in words: what msgspec checks beside it is said by the fault message."""
    if typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(f"`{value}`" for value in typing.get_args(kind))
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return " or ".join(_type_name(part) for part in typing.get_args(kind))
    if kind is types.NoneType:
        return "nothing"
    if typing.get_args(kind):
        return re.sub(r"\btyping\.", "", str(kind))
    return str(getattr(kind, "__name__", kind))


def _events() -> Iterator[str]:
    from edge.tables import EVENTS

    yield "## Journal events\n\n| event | body | what it says |\n|---|---|---|"
    for kind in sorted(EVENTS, key=lambda event: event.TYPE):
        body = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(kind))
        yield f"| `{kind.TYPE}` v{kind.VERSION} | {body} | {_first_line(kind)} |"
    yield ""


def _refusals() -> Iterator[str]:
    yield "## Refusals\n\nThe code is stable; screens and the phone translate it.\n"
    yield "| code | what it says |\n|---|---|"
    for kind in sorted(all_refusals(), key=lambda refusal: (refusal.code, refusal.__module__)):
        yield f"| `{kind.code}` | {_first_line(kind)} |"
    yield ""


def all_refusals() -> set[type[Refusal]]:
    """Every refusal that the product can raise: all rooms are imported, then the tree is walked."""
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if _is_of_the_hub(module.name):
                importlib.import_module(module.name)
    return {kind for kind in _below(Refusal) if _is_of_the_hub(kind.__module__)}


def _is_of_the_hub(module: str) -> bool:
    own = module.partition(".")[0] in ROOMS
    return own and not any(part in module for part in PROCESSES_OF_THEIR_OWN)


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        if "code" in child.__dict__:
            yield child
        yield from _below(child)


def _time_policy() -> Iterator[str]:
    yield "## Time policy\n\nWhat is done while the trusted clock is in each of its states.\n"
    yield "| row | what is decided | synced | holdover | unknown |\n|---|---|---|---|---|"
    for decision, row in POLICY.items():
        yield f"| `{decision}` | {' | '.join(row)} |"
    yield ""


def _gauges() -> Iterator[str]:
    yield "## Telemetry\n\nOne sample a minute, whole numbers; outside the journal, first to be dropped.\n"
    yield "| gauge | unit | what it says |\n|---|---|---|"
    for gauge in GAUGES:
        yield f"| `{gauge.name}` | {gauge.unit} | {gauge.meaning} |"
    yield ""


def _commands() -> Iterator[str]:
    yield "## Commands\n\n| command | what it does |\n|---|---|"
    for name, line in COMMANDS.items():
        yield f"| `edge {name}` | {line} |"


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").split("\n")[0].replace("|", "\\|")
