"""Which files of a site a backup carries: its configuration, and the secrets that cannot be remade.

Not the device's own key, certificate or token: a successor gets its own, and two machines never share one.
Not first PINs: the accounts are in the database.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.backups.contents import CarriedFile
from edge.config import Config, SiteSettings

SITE_FILE = "site.toml"
"""The name of the configuration in a backup, whatever it is called here."""
_OWN = {"token_file", "identity_file", "hardware_file", "trace_file"}
_OWN_FOLDERS = {"enrolment"}
_SECRETS = "secrets"
_LIMIT_BYTES = 1 << 20


def carried_files(config: Config) -> list[CarriedFile]:
    """The files, the configuration first. Names are relative to its folder where they lie below it."""
    document = tomllib.loads(config.path.read_text("utf-8"))
    own = {config.resolve(name) for key, name in _file_keys(document) if key in _OWN}
    data = config.resolve(config.one("site", SiteSettings).data_dir)
    named = [config.resolve(name) for key, name in _file_keys(document) if key not in _OWN]
    kept = sorted(path for path in (data / _SECRETS).glob("*") if path.suffix not in (".pin", ".new"))
    found = dict.fromkeys(path for path in (*named, *kept) if path not in own and _fits(path, config))
    return [
        CarriedFile(SITE_FILE, config.path),
        *(CarriedFile(_name(path, config), path) for path in found),
    ]


def _fits(path: Path, config: Config) -> bool:
    below = path.is_relative_to(config.path.parent)
    owned = below and path.relative_to(config.path.parent).parts[0] in _OWN_FOLDERS
    return not owned and path.is_file() and path.stat().st_size <= _LIMIT_BYTES


def _name(path: Path, config: Config) -> str:
    folder = config.path.parent
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _file_keys(document: Any) -> Iterator[tuple[str, str]]:
    """Every `…_file` of the configuration, at any depth."""
    tables = document if isinstance(document, list) else [document]
    for table in tables:
        if not isinstance(table, dict):
            continue
        for key, value in table.items():
            if key.endswith("_file") and isinstance(value, str) and value:
                yield key, value
            else:
                yield from _file_keys(value)
