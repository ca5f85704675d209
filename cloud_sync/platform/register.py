"""The register: which sites this platform serves, and which device is whose."""

from collections.abc import Iterable

import msgspec

from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.enrolment import PARTS
from edge.errors import EdgeError


class DeviceElsewhere(EdgeError):
    """A device id is unique on the platform; this one belongs to another site."""


class Site(msgspec.Struct, frozen=True):
    """A site that is served; `state`: active or closed, `parts_off`: what it does not have, by commas."""

    id: str
    name_zh: str
    name_en: str
    state: str
    created_ms: int
    parts_off: str = ""

    @property
    def off(self) -> tuple[str, ...]:
        """The parts that operators switched off, in their order."""
        return tuple(part for part in PARTS if part in self.parts_off.split(","))


class Device(msgspec.Struct, frozen=True):
    """A device of a site; `state`: active or revoked, `seen_ms` when it asked for something last."""

    id: str
    site: str
    state: str
    created_ms: int
    seen_ms: int = 0


def keep_settings(connection: Connection, settings: PlatformSettings, *, now_ms: int) -> None:
    """Register the home site and the devices that the settings name. Raises DeviceElsewhere."""
    put_site(connection, settings.site, settings.name_zh, settings.name_en, now_ms=now_ms)
    for device in settings.device:
        put_device(connection, settings.site, device.id, now_ms=now_ms)


def put_site(connection: Connection, site: str, name_zh: str, name_en: str, *, now_ms: int) -> None:
    """Register a site, or give it its names anew."""
    connection.execute(
        "INSERT INTO sites (id, name_zh, name_en, created_ms) VALUES (?,?,?,?)"
        " ON CONFLICT (id) DO UPDATE SET name_zh=excluded.name_zh, name_en=excluded.name_en",
        (site, name_zh, name_en, now_ms),
    )


def put_parts_off(connection: Connection, off: Iterable[str]) -> bool:
    """Switch these parts of the unit's site off, and all others on; False where there is no such site."""
    words = ",".join(part for part in PARTS if part in frozenset(off))
    changed = connection.execute("UPDATE sites SET parts_off=? WHERE id=?", (words, connection.site))
    return bool(changed.rowcount)


def put_device(connection: Connection, site: str, device: str, *, now_ms: int) -> None:
    """Register a device of a site; one that is there stays as it is. Raises DeviceElsewhere."""
    connection.execute(
        "INSERT INTO devices (id, site, created_ms) VALUES (?,?,?) ON CONFLICT (id) DO NOTHING",
        (device, site, now_ms),
    )
    found = find_device(connection, device)
    if found is None or found.site != site:
        raise DeviceElsewhere(f"device {device} belongs to another site")


def find_site(connection: Connection, site: str) -> Site | None:
    """One site, None where it is not served."""
    row = connection.execute("SELECT * FROM sites WHERE id=?", (site,)).fetchone()
    return None if row is None else msgspec.convert(dict(row), Site)


def find_device(connection: Connection, device: str) -> Device | None:
    """One device of whatever site, None where it is not known."""
    row = connection.execute("SELECT * FROM devices WHERE id=?", (device,)).fetchone()
    return None if row is None else msgspec.convert(dict(row), Device)


def list_sites(connection: Connection) -> list[Site]:
    """All sites by id."""
    rows = connection.execute("SELECT * FROM sites ORDER BY id")
    return [msgspec.convert(dict(row), Site) for row in rows]


def list_devices(connection: Connection) -> list[Device]:
    """The devices of the unit's site by id."""
    rows = connection.execute("SELECT * FROM devices WHERE site=? ORDER BY id", (connection.site,))
    return [msgspec.convert(dict(row), Device) for row in rows]
