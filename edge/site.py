"""A site's files: its configuration, its secrets, its database."""

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from edge.config import Config, SiteSettings, load
from edge.errors import ConfigError, Fault
from edge.staff.accounts import StaffDesk
from edge.staff.errors import LoginTaken
from edge.staff.records import Role
from edge.store.identity import HARDWARE_FILES, read_hardware
from edge.store.store import Store
from edge.tables import CHECKS, MIGRATIONS, SECTIONS
from edge.trust.clock import TrustedClock

S = TypeVar("S", bound=msgspec.Struct)

DATABASE = "edge.db"
ARCHIVES = "archives"
"""Folder of the journal's archives, in the site's folder."""


def load_site(path: Path) -> Config:
    """Read `site.toml`. Raises ConfigError with every fault of every section."""
    return load(path, SECTIONS, CHECKS)


def open_store(config: Config, clock: TrustedClock) -> Store:
    """Open the site's database, brought up to date. Raises StoreError."""
    site = config.one("site", SiteSettings)
    folder = config.resolve(site.data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    files = (config.resolve(site.hardware_file),) if site.hardware_file else HARDWARE_FILES
    return Store.open(
        folder / DATABASE,
        site=site.id,
        device=site.device,
        clock=clock,
        migrations=MIGRATIONS,
        hardware=read_hardware(files),
    )


def initialise(config: Config, accounts: Iterable[tuple[str, str, str]]) -> None:
    """Make the database and accounts of (login, role, PIN); does nothing that was done before."""

    async def work() -> None:
        store = open_store(config, TrustedClock())
        try:
            for login, role, pin in accounts:
                with contextlib.suppress(LoginTaken):
                    await StaffDesk(store).add(login, login, Role(role), pin, actor="init")
        finally:
            store.close()

    asyncio.run(work())


def read_secret(config: Config, name: str) -> str:
    """The text of a secret's file. Raises ConfigError with the file's name, never its content."""
    path = config.resolve(name)
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Fault(name, None, f"{path}: {type(error).__name__}")]) from error


def one_or_default(config: Config, name: str, struct: type[S]) -> S:
    """A section, or its defaults where it was left out."""
    found = config.many(name, struct)
    return found[0] if found else struct()
