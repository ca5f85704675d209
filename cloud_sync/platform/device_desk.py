"""What an operator does with devices on the command line: give out codes, list, revoke."""

from collections.abc import Callable
from typing import TypeVar

from cloud_sync.platform import enrolment, register
from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.database import Database
from cloud_sync.platform.enrolment import Device
from cloud_sync.platform.keys import load_keys
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.enrolment import fingerprint
from edge.errors import EdgeError
from edge.ids import is_device_name
from edge.trust.certificates import DAY_MS

T = TypeVar("T")


class NoSuchSite(EdgeError):
    """The platform does not serve a site of this name."""


def give_code(settings: PlatformSettings, device: str, site: str) -> str:
    """A one-time code for a device, and the line to type there. Raises EdgeError."""
    keys = load_keys(settings)
    if settings.device_listener is None:
        raise EdgeError("platform.toml has no [device_listener]: nobody could use the code")
    if not is_device_name(device):
        raise EdgeError(f"{device!r}: a device is a lower-case letter, then up to 15 letters or digits")

    def issue(connection: Connection) -> str:
        register.keep_settings(connection, settings, now_ms=wall_clock_ms())
        if register.find_site(connection, connection.site) is None:
            raise NoSuchSite(f"no site {connection.site!r}")
        root = fingerprint(keys.root.public)
        return str(enrolment.issue_code(connection, device, root, now_ms=wall_clock_ms()))

    code = _within(settings, site, lambda database: database.write_now(issue))
    return f"{code}\n\nedge enrol --url {settings.device_listener.url} {code}\n"


def revoke(settings: PlatformSettings, device: str, site: str) -> str:
    """Take a device out of service. Raises EdgeError."""

    def take(connection: Connection) -> Device:
        return enrolment.revoke_device(connection, device, now_ms=wall_clock_ms())

    known = _within(settings, site, lambda database: database.write_now(take))
    return f"{known.site}/{known.id} is revoked; it hears so within a second\n"


def list_all(settings: PlatformSettings, device: str = "", site: str = "") -> str:
    """Every device, a line each; with a name or a site only those."""
    now_ms = wall_clock_ms()

    def look(connection: Connection) -> list[Device]:
        sites = register.list_sites(connection)
        return [each for site in sites for each in enrolment.list_devices(connection.of(site.id))]

    found = _within(settings, "", lambda database: database.write_now(look))
    devices = [each for each in found if device in ("", each.id) and site in ("", each.site)]
    return "".join(f"{_line(device, now_ms)}\n" for device in devices) or "no devices\n"


def _line(device: Device, now_ms: int) -> str:
    name = f"{device.site}/{device.id}"
    if device.until_ms is None:
        return f"{name:<40} {device.state:<12} no certificate"
    days = (device.until_ms - now_ms) // DAY_MS
    return f"{name:<40} {device.state:<12} certificate {device.certificate}, {days} days left"


def _within(settings: PlatformSettings, site: str, work: Callable[[Database], T]) -> T:
    database = open_database(settings)
    try:
        return work(database.of(site or settings.site))
    finally:
        database.close()
