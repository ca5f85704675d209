"""What comes down from the platform for doors: grants and revocations."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edge.access import records
from edge.access.credentials.feed import APPLIERS as CREDENTIALS
from edge.access.doors.feed import APPLIERS as DOORS
from edge.access.lockers.codes import apply_pickup_code
from edge.store.unit import Unit


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A subject may open these doors, and the doors of these groups, within a window."""

    subject: str
    doors: tuple[str, ...]
    groups: tuple[str, ...] = ()
    from_ms: int
    until_ms: int


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """A pass opens nothing any more; the entry may go after `until_ms`, when the pass is over anyway."""

    pass_id: str
    until_ms: int


def apply_grant(unit: Unit, record_id: str, version: int, data: Mapping[str, object] | None) -> None:
    """Write or delete one grant. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_grant(unit.connection, record_id)
        return
    grant = msgspec.convert(data, Grant)
    records.put_grant(
        unit.connection,
        record_id,
        version,
        subject=grant.subject,
        doors=(*grant.doors, *(f"@{group}" for group in grant.groups)),
        from_ms=grant.from_ms,
        until_ms=grant.until_ms,
    )


def apply_revocation(unit: Unit, record_id: str, version: int, data: Mapping[str, object] | None) -> None:
    """Write or delete one entry of the revocation list. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_revocation(unit.connection, record_id)
        return
    revocation = msgspec.convert(data, Revocation)
    records.put_revocation(unit.connection, record_id, version, revocation.pass_id, revocation.until_ms)


APPLIERS: dict[str, Callable[[Unit, str, int, dict[str, Any] | None], None]] = {
    "grants": apply_grant,
    "revocations": apply_revocation,
    "pickup_codes": apply_pickup_code,
    **CREDENTIALS,
    **DOORS,
}
