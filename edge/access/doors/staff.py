"""What staff do to doors: units, each with who and why. Reasons are codes; free text lies in a side table."""

from edge.access import records as access_records
from edge.access.doors import records
from edge.access.doors.door import Door
from edge.access.doors.errors import HoldTooLong, NothingThere, UnknownReason
from edge.access.doors.events import DoorOpenExplained, LockDownBegan, LockDownEnded
from edge.access.doors.reasons import HOLD_REASONS, LOCK_DOWN_REASONS, NOTE_LIMIT, OPEN_REASONS
from edge.access.doors.records import LockDown
from edge.access.events import DoorOpenRequested
from edge.access.holds import begin_hold, end_hold, hint_wishes
from edge.access.places import door_place
from edge.access.records import Hold, Opening
from edge.store.identity import require_identity
from edge.store.unit import Unit

LONGEST_HOLD_MS = 24 * 3_600_000
GUARD = "guard"
"""Kind of an opening that staff ask for at a screen."""
TEST = "test"
"""Kind of an opening by which a technician tries a lock."""


def intend_by_staff(unit: Unit, door: Door, *, account: str, reason: str, note: str = "") -> Opening:
    """Write the intent of an opening by hand; also in a lock-down. Raises UnknownReason."""
    _check_reason(reason, note, OPEN_REASONS)
    opening = _intend(unit, door, kind=GUARD, account=account, reason=reason)
    _note(unit, opening.id, account, note)
    return opening


def intend_test(unit: Unit, door: Door, *, account: str) -> Opening:
    """Write the intent of a technician's trial of a lock."""
    return _intend(unit, door, kind=TEST, account=account, reason=TEST)


def _intend(unit: Unit, door: Door, *, kind: str, account: str, reason: str) -> Opening:
    require_identity(unit)
    opening_id = unit.next_id()
    opening = Opening(
        id=opening_id,
        place=door_place(door.id),
        authorisation=f"{kind}:{opening_id}",
        kind=kind,
        requested_at_ms=unit.now.at_ms,
        source=account,
    )
    access_records.insert_opening(unit.connection, opening)
    requested = DoorOpenRequested(
        opening=opening.id,
        place=opening.place,
        authorisation=opening.authorisation,
        kind=kind,
        person=None,
    )
    unit.record(DoorOpenExplained(opening=opening.id, place=opening.place, reason=reason), actor=account)
    unit.record(requested, actor=account)
    return opening


def hold_by_staff(
    unit: Unit, door: Door, *, account: str, reason: str, until_ms: int, note: str = ""
) -> Hold:
    """Hold a door released until an hour. Raises UnknownReason, HoldTooLong."""
    _check_reason(reason, note, HOLD_REASONS)
    if not unit.now.at_ms < until_ms <= unit.now.at_ms + LONGEST_HOLD_MS:
        raise HoldTooLong(until_ms=until_ms)
    hold = begin_hold(unit, door=door.id, reason=reason, until_ms=until_ms, actor=account)
    _note(unit, hold.id, account, note)
    return hold


def end_hold_by_staff(unit: Unit, hold_id: str, *, account: str) -> Hold:
    """End a hold before its hour, a scheduled one too. Raises NothingThere."""
    hold = end_hold(unit, hold_id, reason="by_hand", actor=account)
    if hold is None:
        raise NothingThere(id=hold_id[:64])
    return hold


def begin_lock_down(
    unit: Unit, doors: tuple[str, ...], *, account: str, reason: str, note: str = ""
) -> LockDown:
    """Lock doors down (none named: all). Raises UnknownReason."""
    _check_reason(reason, note, LOCK_DOWN_REASONS)
    lock_down = LockDown(id=unit.next_id(), doors=doors, reason=reason, began_at_ms=unit.now.at_ms)
    records.insert_lock_down(unit.connection, lock_down)
    _note(unit, lock_down.id, account, note)
    unit.record(LockDownBegan(lock_down=lock_down.id, doors=doors, reason=reason), actor=account)
    hint_wishes(unit)
    return lock_down


def end_lock_down(unit: Unit, lock_down_id: str, *, account: str) -> None:
    """End a lock-down. Raises NothingThere."""
    if not records.end_lock_down(unit.connection, lock_down_id, unit.now.at_ms):
        raise NothingThere(id=lock_down_id[:64])
    unit.record(LockDownEnded(lock_down=lock_down_id), actor=account)
    hint_wishes(unit)


def _check_reason(reason: str, note: str, known: tuple[str, ...]) -> None:
    if reason not in known or len(note) > NOTE_LIMIT:
        raise UnknownReason(reason=reason[:64])


def _note(unit: Unit, subject: str, account: str, note: str) -> None:
    if note:
        records.insert_note(unit.connection, subject, account, note)
