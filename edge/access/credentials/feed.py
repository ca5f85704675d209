"""What comes down from the platform about credentials: cards, PINs, groups, deny list, revocations."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from edge.access.credentials import records
from edge.access.credentials.events import RevocationsChanged
from edge.access.credentials.records import Card, RoomPin
from edge.store.unit import Unit
from edge.trust.cards import SALT_BYTES
from edge.trust.clock import Reading
from edge.trust.cose import read_base64
from edge.trust.keys import KeySet
from edge.trust.revocations import RevocationList, RevocationsTooOld, open_revocations

ACTOR = "feed"
Data = Mapping[str, object] | None
OPENED = "opened"
"""Field of a prepared record that holds the verified list."""


class Salt(msgspec.Struct, frozen=True, kw_only=True):
    """The site's salt: 32 bytes in hex."""

    salt: str


class DoorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Doors that are granted together."""

    doors: tuple[str, ...]


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the deny list."""

    kind: Literal["subject", "card", "pass", "plate"]
    value: str
    doors: tuple[str, ...] = ()
    from_ms: int
    until_ms: int


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked up of a vehicle; the record is kept whole."""

    plate: str
    subject: str


def apply_salt(unit: Unit, record_id: str, version: int, data: Data) -> None:
    """Keep the site's salt; it is never deleted. Raises msgspec.ValidationError, ValueError."""
    if data is None:
        return
    salt = bytes.fromhex(msgspec.convert(data, Salt).salt)
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt of {len(salt)} bytes")
    records.put_salt(unit.connection, salt)


def apply_card(unit: Unit, record_id: str, version: int, data: Data) -> None:
    """Write or delete a card. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_card(unit.connection, record_id)
        return
    records.put_card(unit.connection, version, msgspec.convert({**data, "id": record_id}, Card))


def apply_pin(unit: Unit, record_id: str, version: int, data: Data) -> None:
    """Write or delete a person's PIN. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_pin(unit.connection, record_id)
        return
    records.put_pin(unit.connection, version, msgspec.convert({**data, "id": record_id}, RoomPin))


def apply_group(unit: Unit, record_id: str, version: int, data: Data) -> None:
    """Write or delete a group of doors. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_group(unit.connection, record_id)
        return
    records.put_group(unit.connection, record_id, version, msgspec.convert(data, DoorGroup).doors)


def apply_denial(unit: Unit, record_id: str, version: int, data: Data) -> None:
    """Write or delete an entry of the deny list. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_denial(unit.connection, record_id)
        return
    denial = msgspec.convert(data, Denial)
    records.put_denial(
        unit.connection,
        record_id,
        version,
        kind=denial.kind,
        value=denial.value,
        doors=denial.doors,
        from_ms=denial.from_ms,
        until_ms=denial.until_ms,
    )


def apply_vehicle(unit: Unit, record_id: str, version: int, data: Data) -> None:
    """Write or delete a vehicle. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_vehicle(unit.connection, record_id)
        return
    vehicle = msgspec.convert(data, Vehicle)
    text = msgspec.json.encode(data, order="sorted").decode()
    records.put_vehicle(
        unit.connection, record_id, version, plate=vehicle.plate, subject=vehicle.subject, data=text
    )


def prepare_list(data: Mapping[str, Any], keys: KeySet, site: str, now: Reading) -> dict[str, Any]:
    """Verify a record of the revocation list before its unit; signatures are never checked inside one.

    A key whose window has certainly ended signs no list any more. Raises the refusals of `open_revocations`,
    KeyError.
    """
    living = keys.without_ended(now.at_ms)
    return {OPENED: open_revocations(read_base64(str(data["message"])), living, site=site)}


def apply_list(unit: Unit, record_id: str, version: int, data: Data) -> None:
    """Believe a prepared list unless a newer one is believed. Raises RevocationsTooOld, KeyError.

    A list is never deleted: what it revoked would open again.
    """
    if data is None:
        return
    revoked = data[OPENED]
    assert isinstance(revoked, RevocationList)
    believed = records.read_list(unit.connection)
    if believed is not None and revoked.version < believed.version:
        raise RevocationsTooOld(version=revoked.version, minimum_version=believed.version)
    if records.replace_list(unit.connection, revoked):
        unit.record(
            RevocationsChanged(
                version=revoked.version,
                passes=len(revoked.passes),
                people=len(revoked.subjects),
                cards=len(revoked.cards),
            ),
            actor=ACTOR,
        )


APPLIERS: dict[str, Callable[[Unit, str, int, dict[str, Any] | None], None]] = {
    "credential_salt": apply_salt,
    "cards": apply_card,
    "pins": apply_pin,
    "door_groups": apply_group,
    "deny": apply_denial,
    "vehicles": apply_vehicle,
    "revocation_list": apply_list,
}
