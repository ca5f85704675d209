"""A site's files: its configuration, its secrets, its database."""

import asyncio
import contextlib
import tomllib
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from cloud_sync.enrolment_files import FOLDER, read_given, read_identity
from cloud_sync.http import PlatformHttp
from cloud_sync.wire.enrolment import mark_hardware
from devices.site_broker import SiteBroker
from edge.config import BrokerSettings, Config, PlatformSettings, SiteSettings, load
from edge.errors import ConfigError, Fault
from edge.links.tls import broker_context
from edge.staff.accounts import StaffDesk
from edge.staff.errors import LoginTaken
from edge.staff.records import Role
from edge.store.identity import HARDWARE_FILES, Enrolled, read_hardware
from edge.store.store import Store
from edge.tables import CHECKS, MIGRATIONS, SATELLITE_SECTIONS, SECTIONS
from edge.trust.clock import Clock, TrustedClock

S = TypeVar("S", bound=msgspec.Struct)

DATABASE = "edge.db"
ARCHIVES = "archives"
"""Folder of the journal's archives, in the site's folder."""
BACKUPS = "backups"
"""Folder of the newest sealed backup, until it is where it belongs."""


def load_site(path: Path) -> Config:
    """Read `site.toml`, a hub's or a satellite's. Raises ConfigError with every fault of every section.

    What the platform decides of a hub's configuration comes from its enrolment; the file has the last word,
    and a `token_file` in it says that there is none (see docs/enrolment.md).
    """
    if is_satellite(path):
        return load(path, SATELLITE_SECTIONS, CHECKS)
    return load(path, SECTIONS, CHECKS, {} if _has_token(path) else read_given(path))


def _has_token(path: Path) -> bool:
    """Whether the file names a token; one that cannot be read is judged by `load`."""
    try:
        platform = tomllib.loads(path.read_text("utf-8")).get("platform")
    except (OSError, ValueError):
        return True
    return isinstance(platform, dict) and "token_file" in platform


def is_satellite(path: Path) -> bool:
    """Whether the file has a section `[satellite]`; one that cannot be read is judged by `load_site`."""
    try:
        return "satellite" in tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False


def open_store(config: Config, clock: TrustedClock) -> Store:
    """Open the site's database, brought up to date. Raises StoreError."""
    site = config.one("site", SiteSettings)
    folder = config.resolve(site.data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    identity = read_identity(config.path.parent / FOLDER)
    return Store.open(
        folder / DATABASE,
        site=site.id,
        device=site.device,
        clock=clock,
        migrations=MIGRATIONS,
        hardware=hardware_serial(config),
        enrolled=None if identity is None else Enrolled(identity.enrolment, identity.epoch_above),
    )


def hardware_serial(config: Config) -> str | None:
    """This machine's serial number, None where it is not known."""
    file = config.one("site", SiteSettings).hardware_file
    return read_hardware((config.resolve(file),) if file else HARDWARE_FILES)


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


def platform_http(
    config: Config, clock: Clock, *, note_trust: Callable[[str], Awaitable[None]] | None = None
) -> PlatformHttp:
    """The line to the platform: with our certificate, or on this machine with a token. Raises ConfigError."""
    settings, site = config.one("platform", PlatformSettings), config.one("site", SiteSettings)
    return PlatformHttp(
        url=settings.url,
        site=site.id,
        device=site.device,
        token=read_secret(config, settings.token_file) if settings.token_file else "",
        identity_file=config.resolve(settings.identity_file) if settings.is_tls else None,
        hardware=mark_hardware(hardware_serial(config)) if settings.is_tls else "",
        ca_file=config.resolve(settings.ca_file) if settings.ca_file else None,
        clock=clock,
        note_trust=note_trust,
    )


def site_broker(config: Config, *, client_id: str) -> SiteBroker:
    """The site's own broker, as this machine reaches it. Raises ConfigError on a file that it lacks."""
    settings = config.one("broker", BrokerSettings)
    return SiteBroker(
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=read_secret(config, settings.password_file),
        client_id=client_id,
        tls=broker_context(config.resolve(settings.ca_file)) if settings.ca_file else None,
    )


def one_or_default(config: Config, name: str, struct: type[S]) -> S:
    """A section, or its defaults where it was left out."""
    found = config.many(name, struct)
    return found[0] if found else struct()
