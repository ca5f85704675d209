"""What an operator does with devices on the command line: give out codes, list, revoke."""

from cloud_sync.platform import enrolment, register
from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.enrolment import Device
from cloud_sync.platform.keys import load_keys
from cloud_sync.platform.orders import Desk, Order, Work
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.enrolment import fingerprint
from edge.errors import EdgeError
from edge.ids import is_device_name
from edge.trust.certificates import DAY_MS


class NoSuchSite(EdgeError):
    """The platform does not serve a site of this name."""


def give_code(desk: Desk, order: Order) -> str:
    """A one-time code for a device, and the line to type there. Raises EdgeError."""
    settings, device = desk.settings, order.name
    root = fingerprint(load_keys(settings).root.public)
    if settings.device_listener is None:
        raise EdgeError("platform.toml has no [device_listener]: nobody could use the code")
    if not is_device_name(device):
        raise EdgeError(f"{device!r}: a device is a lower-case letter, then up to 15 letters or digits")

    def issue(connection: Connection) -> str:
        register.keep_settings(connection, settings, now_ms=wall_clock_ms())
        if register.find_site(connection, connection.site) is None:
            raise NoSuchSite(f"no site {connection.site!r}")
        return str(enrolment.issue_code(connection, device, root, now_ms=wall_clock_ms()))

    code = desk.units.of(order.site or settings.site).write_now(issue)
    return f"{code}\n\nedge enrol --url {settings.device_listener.url} {code}\n"


def revoke(desk: Desk, order: Order) -> str:
    """Take a device out of service. Raises EdgeError."""

    def take(connection: Connection) -> Device:
        return enrolment.revoke_device(connection, order.name, now_ms=wall_clock_ms())

    known = desk.units.of(order.site or desk.settings.site).write_now(take)
    return f"{known.site}/{known.id} is revoked; it hears so within a second\n"


def list_all(desk: Desk, order: Order) -> str:
    """Every device, a line each; with a name or a site only those."""
    now_ms = wall_clock_ms()

    def look(connection: Connection) -> list[Device]:
        sites = register.list_sites(connection)
        return [each for site in sites for each in enrolment.list_devices(connection.of(site.id))]

    found = desk.units.write_now(look)
    devices = [each for each in found if order.name in ("", each.id) and order.site in ("", each.site)]
    return "".join(f"{_line(device, now_ms)}\n" for device in devices) or "no devices\n"


ORDERS: dict[str, Work] = {"enrolment-code": give_code, "revoke-device": revoke, "devices": list_all}


def _line(device: Device, now_ms: int) -> str:
    name = f"{device.site}/{device.id}"
    if device.until_ms is None:
        return f"{name:<40} {device.state:<12} no certificate"
    days = (device.until_ms - now_ms) // DAY_MS
    return f"{name:<40} {device.state:<12} certificate {device.certificate}, {days} days left"
