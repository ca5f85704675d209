"""Which devices are ours: one-time codes, certificates, revocation, and one name on two machines.

A code counts once and for 24 hours; only the hash of its secret is kept. It binds to the key that it was used
for, so that an answer that was lost may be fetched again. A code for a device that is there already replaces
it: the certificate of before is void from then on.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import msgspec

from cloud_sync.platform.authority import DeviceAuthority, Issued
from cloud_sync.platform.custody import note_incident
from cloud_sync.platform.register import put_device
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.enrolment_code import OneTimeCode, hash_secret
from edge.errors import Refusal
from edge.trust.certificates import Holder

CODE_LIFE_MS = 24 * 3_600_000
ACTIVE, WAITING, REVOKED, QUARANTINED = "active", "waiting", "revoked", "quarantined"
"""States of a device; `waiting`: a code was given out, nobody enrolled with it yet."""
_SELECT = (
    "SELECT d.id, d.site, d.seen_ms, CASE WHEN d.state='revoked' THEN 'revoked' WHEN e.device IS NULL"
    " THEN 'waiting' WHEN e.clone=1 THEN 'quarantined' ELSE 'active' END AS state, e.public, e.certificate,"
    " e.certificate_before, e.until_ms, e.hardware, e.hardware_before, e.enrolled_ms"
    " FROM devices d LEFT JOIN enrolments e ON e.device=d.id"
)


class CodeUnknown(Refusal):
    """No such code was given out for this device."""

    code: ClassVar[str] = "code_unknown"


class CodeUsed(Refusal):
    """Another machine enrolled with this code."""

    code: ClassVar[str] = "code_used"


class CodeExpired(Refusal):
    """The code is older than a day."""

    code: ClassVar[str] = "code_expired"


class DeviceUnknown(Refusal):
    """The certificate names a device that is not enrolled here, or not at that site."""

    code: ClassVar[str] = "device_unknown"


class DeviceRevoked(Refusal):
    """The device was taken out of service; only a new code lets it in again."""

    code: ClassVar[str] = "device_revoked"


class DeviceQuarantined(Refusal):
    """Two machines use this device's key; only a new code for the true one settles it."""

    code: ClassVar[str] = "device_quarantined"


class CertificateExpired(Refusal):
    """The certificate is over; its key may ask for another one."""

    code: ClassVar[str] = "certificate_expired"


class CertificateSuperseded(Refusal):
    """The certificate is neither the device's present one nor the one before."""

    code: ClassVar[str] = "certificate_superseded"


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device as the platform knows it; serial numbers in hex, times in milliseconds UTC."""

    id: str
    site: str
    state: str
    seen_ms: int
    public: bytes | None
    certificate: str | None
    certificate_before: str | None
    until_ms: int | None
    hardware: str | None
    hardware_before: str | None
    enrolled_ms: int | None


class Enrolled(NamedTuple):
    """A device that has just enrolled: its certificate, and the newest epoch of its life before."""

    device: Device
    issued: Issued
    epoch_above: int


def issue_code(connection: Connection, device: str, root_fingerprint: bytes, *, now_ms: int) -> OneTimeCode:
    """Give out a code for a device of the unit's site; an unused one of before is void.

    Raises DeviceElsewhere.
    """
    put_device(connection, connection.site, device, now_ms=now_ms)
    connection.execute("DELETE FROM enrolment_codes WHERE device=? AND used_ms IS NULL", (device,))
    code = OneTimeCode.make(device, root_fingerprint)
    connection.execute(
        "INSERT INTO enrolment_codes (hash, site, device, issued_ms, expires_ms) VALUES (?,?,?,?,?)",
        (code.hash, connection.site, device, now_ms, now_ms + CODE_LIFE_MS),
    )
    return code


def enrol_device(
    connection: Connection,
    authority: DeviceAuthority,
    *,
    device: str,
    secret: str,
    public: bytes,
    hardware: str,
    now_ms: int,
) -> Enrolled:
    """Use a code: from now on this key is the device. Raises CodeUnknown, CodeUsed, CodeExpired."""
    digest = hash_secret(device, secret)
    row = connection.execute("SELECT * FROM enrolment_codes WHERE hash=?", (digest,)).fetchone()
    if row is None:
        raise CodeUnknown(device=device)
    if row["used_ms"] is not None and bytes(row["public"]) != public:
        raise CodeUsed(device=device)
    if now_ms >= row["expires_ms"]:
        raise CodeExpired(device=device)
    issued = authority.issue_device(Holder(row["site"], device), public, now_ms=now_ms)
    connection.execute(
        "UPDATE enrolment_codes SET used_ms=?, public=? WHERE hash=?", (now_ms, public, digest)
    )
    connection.execute("UPDATE devices SET state='active' WHERE id=?", (device,))
    connection.execute("DELETE FROM enrolments WHERE device=?", (device,))
    connection.execute(
        "INSERT INTO enrolments (device, public, certificate, until_ms, hardware, enrolled_ms)"
        " VALUES (?,?,?,?,?,?)",
        (device, public, issued.serial, issued.until_ms, hardware, now_ms),
    )
    newest = connection.execute("SELECT max(epoch) FROM streams WHERE device=?", (device,)).fetchone()[0] or 0
    note_incident(connection, device, newest, code="enrolled", seq=0, now_ms=now_ms)
    found = find_device(connection, device)
    assert found is not None, "a code has its device"
    return Enrolled(found, issued, newest)


def renew_certificate(
    connection: Connection, authority: DeviceAuthority, device: str, public: bytes, *, now_ms: int
) -> Issued:
    """Another certificate for the key that the device enrolled with; the present one counts beside it.

    Raises DeviceUnknown, DeviceRevoked, DeviceQuarantined.
    """
    known = find_device(connection, device)
    if known is None or known.site != connection.site or known.public != public:
        raise DeviceUnknown(device=device)
    require_active(known)
    issued = authority.issue_device(Holder(known.site, device), public, now_ms=now_ms)
    connection.execute(
        "UPDATE enrolments SET certificate_before=certificate, certificate=?, until_ms=? WHERE device=?",
        (issued.serial, issued.until_ms, device),
    )
    return issued


def revoke_device(connection: Connection, device: str, *, now_ms: int) -> Device:
    """Take a device out of service: none of its certificates counts any more. Raises DeviceUnknown."""
    known = find_device(connection, device)
    if known is None or known.site != connection.site:
        raise DeviceUnknown(device=device)
    connection.execute("UPDATE devices SET state='revoked' WHERE id=?", (device,))
    connection.execute("DELETE FROM enrolment_codes WHERE device=? AND used_ms IS NULL", (device,))
    note_incident(connection, device, 0, code="device_revoked", seq=0, now_ms=now_ms)
    return msgspec.structs.replace(known, state=REVOKED)


def check_certificate(
    known: Device | None, holder: Holder, serial: str, until_ms: int, *, now_ms: int
) -> None:
    """Judge who shows a certificate of ours.

    Raises DeviceUnknown, DeviceRevoked, DeviceQuarantined, CertificateSuperseded, CertificateExpired.
    """
    if known is None or known.site != holder.site:
        raise DeviceUnknown(device=holder.device)
    require_active(known)
    if serial not in (known.certificate, known.certificate_before):
        raise CertificateSuperseded(device=holder.device)
    if now_ms >= until_ms:
        raise CertificateExpired(device=holder.device)


def require_active(known: Device) -> None:
    """Raises DeviceRevoked, DeviceQuarantined, DeviceUnknown."""
    if known.state == REVOKED:
        raise DeviceRevoked(device=known.id)
    if known.state == QUARANTINED:
        raise DeviceQuarantined(device=known.id)
    if known.state != ACTIVE:
        raise DeviceUnknown(device=known.id)


def meet_hardware(connection: Connection, device: str, hardware: str, *, now_ms: int) -> Device:
    """A device came from another machine than the last time: it was moved, or there are two of it.

    A card that was put into another machine goes on there; when the machine of before is heard again, both
    live, and the device is quarantined. Returns the device as it then is.
    """
    known = find_device(connection, device)
    assert known is not None
    if known.hardware == hardware:
        return known
    if not known.hardware:
        connection.execute("UPDATE enrolments SET hardware=? WHERE device=?", (hardware, device))
    elif hardware == known.hardware_before:
        connection.execute("UPDATE enrolments SET clone=1 WHERE device=?", (device,))
        note_incident(connection, device, 0, code="clone", seq=0, now_ms=now_ms)
    else:
        connection.execute(
            "UPDATE enrolments SET hardware_before=hardware, hardware=? WHERE device=?", (hardware, device)
        )
        note_incident(connection, device, 0, code="hardware_changed", seq=0, now_ms=now_ms)
    found = find_device(connection, device)
    assert found is not None
    return found


def find_device(connection: Connection, device: str) -> Device | None:
    """A device by its name, which is unique on the platform."""
    row = connection.execute(f"{_SELECT} WHERE d.id=?", (device,)).fetchone()
    return None if row is None else msgspec.convert(dict(row), Device)


def find_devices(connection: Connection, devices: Sequence[str]) -> dict[str, Device]:
    """Some devices of whatever site by their names, of which there may be some hundreds."""
    marks = ",".join("?" * len(devices))
    rows = connection.execute(f"{_SELECT} WHERE d.id IN ({marks})", devices)
    return {row["id"]: msgspec.convert(dict(row), Device) for row in rows}


def list_devices(connection: Connection) -> list[Device]:
    """All devices of the unit's site."""
    rows = connection.execute(f"{_SELECT} WHERE d.site=? ORDER BY d.id", (connection.site,))
    return [msgspec.convert(dict(row), Device) for row in rows]
