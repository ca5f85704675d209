"""Who this device is: its hardware, a restore that a new epoch must answer, and the quarantine after a fork.

An identity is `device-epoch-counter`. A database that goes on from an older copy, or on other hardware,
would allot again what its other life allotted already; so it takes a new epoch before it allots anything, and
the epoch's first event names the head that it goes on from. Two histories under one epoch are a fork: then
nothing begins any more that leans on being the one device of this name, until a person says which one is.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edge.store.errors import IdentityQuarantined
from edge.store.events import IdentityStopped
from edge.store.facts import drop_fact, get_fact, get_int, put_fact

if TYPE_CHECKING:
    from edge.store.unit import Unit

IDENTITY_TOPIC = "identity"
"""The notifier's topic for a quarantine that begins or ends."""

HARDWARE_FILES = (Path("/proc/device-tree/serial-number"), Path("/etc/machine-id"))
"""A Raspberry Pi's serial number; elsewhere the machine's id (machine-id(5))."""

RESTORED_FROM = "restored_from"
PEOPLE_AWAITED = "people_awaited"
"""Fact: the people here are those of a backup, some may have been erased since; the feed was not read yet."""
"""Fact that a restore leaves in the database: the next open begins an epoch and takes it away."""
EPOCH_SEEN = "epoch_seen"
"""The highest epoch of this device that is known to have been used elsewhere; a new one is above it."""

ENROLLED = "enrolled"
"""The enrolment that this database follows."""

_HARDWARE, _SALT = "hardware", "hardware_salt"
_QUARANTINE, _QUARANTINE_SEQ = "quarantine", "quarantine_seq"


class Quarantine(NamedTuple):
    """Why this device's identity is in doubt (`fork`, `superseded`, …), and from which event on."""

    code: str
    seq: int


class Enrolled(NamedTuple):
    """The enrolment that stands beside the database: its id, and the newest epoch that was used before it."""

    id: str
    epoch_above: int


def read_hardware(files: Iterable[Path] = HARDWARE_FILES) -> str | None:
    """The first serial number that can be read; None (unknown, which alarms nobody) when there is none."""
    for path in files:
        try:
            serial = path.read_bytes().strip(b"\0 \n\t").decode("ascii")
        except (OSError, UnicodeDecodeError):
            continue
        if serial:
            return serial
    return None


def settle_identity(unit: "Unit", *, hardware: str | None, enrolled: Enrolled | None = None) -> str | None:
    """Begin a new epoch if this database was restored, moved, or enrolled anew; return why, or None.

    The first unit after opening. The serial number is kept as a salted hash only. A new enrolment of a device
    that was there before also ends a quarantine: the platform gave the name to this machine.
    """
    reason = "enrolled" if enrolled is not None and _follow(unit, enrolled) else None
    if hardware is not None:
        mark = _mark(unit, hardware)
        known = get_fact(unit.connection, _HARDWARE)
        if known is not None and known != mark:
            reason = "hardware_changed"
        put_fact(unit.connection, _HARDWARE, mark)
    if get_fact(unit.connection, RESTORED_FROM) is not None:
        drop_fact(unit.connection, RESTORED_FROM)
        reason = "restored"
    if reason is not None:
        unit.begin_epoch(reason)
    return reason


def quarantine_of(connection: sqlite3.Connection) -> Quarantine | None:
    """The quarantine that stands, or None."""
    code = get_fact(connection, _QUARANTINE)
    return Quarantine(str(code), get_int(connection, _QUARANTINE_SEQ)) if code is not None else None


def quarantine(unit: "Unit", code: str, seq: int) -> bool:
    """Stop what leans on being the only device of this name; returns False when it was stopped already."""
    if quarantine_of(unit.connection) is not None:
        return False
    put_fact(unit.connection, _QUARANTINE, code)
    put_fact(unit.connection, _QUARANTINE_SEQ, seq)
    unit.kept.forget(_QUARANTINE)
    unit.record(IdentityStopped(code=code, seq=seq), actor="system")
    unit.hint(IDENTITY_TOPIC)
    return True


def require_identity(unit: "Unit") -> None:
    """Refuse what must not happen on two devices of one name. Raises IdentityQuarantined."""
    stopped = unit.kept.read(_QUARANTINE, lambda: quarantine_of(unit.connection))
    if stopped is not None:
        raise IdentityQuarantined(reason=stopped.code, seq=stopped.seq)


def declare_true(unit: "Unit", reason: str) -> int:
    """A person says that this device is the true one: a new epoch begins and the quarantine ends."""
    drop_fact(unit.connection, _QUARANTINE)
    drop_fact(unit.connection, _QUARANTINE_SEQ)
    unit.kept.forget(_QUARANTINE)
    unit.hint(IDENTITY_TOPIC)
    return unit.begin_epoch(reason)


def note_epoch_seen(connection: sqlite3.Connection, epoch: int) -> None:
    """Remember an epoch of ours that somebody else has used."""
    put_fact(connection, EPOCH_SEEN, max(epoch, get_int(connection, EPOCH_SEEN)))


def _follow(unit: "Unit", enrolled: Enrolled) -> bool:
    """Note the enrolment; True when it takes the name over from another life that is not behind us."""
    if get_fact(unit.connection, ENROLLED) == enrolled.id:
        return False
    put_fact(unit.connection, ENROLLED, enrolled.id)
    if enrolled.epoch_above == 0:
        return False
    note_epoch_seen(unit.connection, enrolled.epoch_above)
    drop_fact(unit.connection, _QUARANTINE)
    drop_fact(unit.connection, _QUARANTINE_SEQ)
    return get_int(unit.connection, "epoch", 1) <= enrolled.epoch_above


def _mark(unit: "Unit", hardware: str) -> bytes:
    salt = get_fact(unit.connection, _SALT)
    if not isinstance(salt, bytes):
        salt = secrets.token_bytes(16)
        put_fact(unit.connection, _SALT, salt)
    return hashlib.sha256(salt + hardware.encode("ascii")).digest()
