"""May this pass, code or command open this door now? Units that answer, and commit the intent when yes."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from edge.access import records
from edge.access.credentials.judging import (
    age_of_list,
    check_not_denied,
    check_not_revoked,
    check_person,
    check_subject,
)
from edge.access.credentials.table import OWN, PARCEL, check_age, rule_at
from edge.access.doors.door import Door, DoorKind
from edge.access.errors import CodeReplayed, PassUsedUp, PassWrongDoor, PassWrongSite, UnknownAction
from edge.access.events import DoorOpenRequested
from edge.access.places import door_place
from edge.access.ports import Gate
from edge.access.records import Opening
from edge.store.identity import require_identity
from edge.store.parts import Part, require_part
from edge.store.personal import commit_person
from edge.store.unit import Unit
from edge.trust.clock import Reading
from edge.trust.commands import Command, CommandExpired
from edge.trust.passes import Pass, PassExpired, PassNotYetValid
from edge.trust.time_policy import Rule, is_over

PLATFORM = "platform"
REPEAT_MS = 3000
"""A pass still held before the reader after its door was decided is the same presentation."""
AGAIN_MS = 120_000
"""Shown again so soon after *unknown*, a counted pass opens once more without another use."""
AGAIN = ":again"
"""Ends the authorisation of that second opening; unique, as every authorisation."""
UNPROVED = ("contact_silent", "no_answer", "restart")
"""Reasons of *unknown* that may mean that nothing moved; an open door, or one without a contact, is none."""
_WORDS = {"card": "card", "room_pin": "pin"}


class Intent(NamedTuple):
    """An opening on disk; `fresh` means that it is to be fired, else it was there before and is not."""

    opening: Opening
    fresh: bool


class View(NamedTuple):
    """What a pass is judged by: a copy that can be read, its site, the time, and what is only in memory.

    `late` are the openings of this pass that are not on disk, oldest first. `only_read`: nothing can be
    written, so that an opening that the copy has under way may have ended without it.
    `gate` is what the door itself says at present: lock-down, night lock, interlock, passed back.
    """

    connection: sqlite3.Connection
    site: str
    now: Reading
    late: Sequence[Opening] = ()
    only_read: bool = False
    gate: Gate | None = None


def intend_by_pass(
    unit: Unit,
    shown: Pass,
    door: Door,
    late: Sequence[Opening] = (),
    gate: Gate | None = None,
    source: str = "",
) -> Intent:
    """Decide what was shown at a door, verified, and count its use in the same unit.

    Raises what `judge_pass` raises.
    """
    judged = judge_pass(View(unit.connection, unit.site, unit.now, late, gate=gate), shown, door)
    if isinstance(judged, Opening):
        return Intent(judged, fresh=False)
    kind = opening_kind(shown)
    return _intend(unit, door, judged, kind, pass_id=shown.id, subject=shown.subject, source=source)


def opening_kind(shown: Pass) -> str:
    """What an opening by this is called."""
    return "pickup" if shown.kind == "order" else shown.kind


def judge_pass(view: View, shown: Pass, door: Door) -> str | Opening:
    """Return the authorisation to take, or the opening that this presentation belongs to already.

    Raises PassWrongSite, PartOff, PassWrongKind, ClockUnknown, PassNotYetValid, PassExpired,
    RevocationListOld, PassRevoked, CardRevoked, PassWrongDoor, Denied, PassUsedUp, CodeReplayed, and what
    the gate raises.
    """
    if shown.site != view.site:
        raise PassWrongSite(site=shown.site)
    require_part(view.connection, Part.DOORS)
    rule = rule_at(door, shown.kind, view.now.trust)
    if rule is Rule.CLOCK and view.now.at_ms < shown.not_before_ms:
        raise PassNotYetValid(not_before_ms=shown.not_before_ms)
    # Also an unknown clock is a lower bound: what it says is over, is over.
    if is_over(shown.expires_ms, view.now):
        raise PassExpired(expires_ms=shown.expires_ms)
    check_age(door, shown.kind, age_of_list(view.connection, door.revocation_age_ms, view.now))
    check_not_revoked(view.connection, shown)
    _check_covered(view, shown, door)
    judged = _judge_code(view, shown, door) if shown.kind == "resident" else _judge_counted(view, shown, door)
    if isinstance(judged, str) and view.gate is not None:
        view.gate.judge(view.connection, door, opening_kind(shown), shown.subject, view.now)
    return judged


def _check_covered(view: View, shown: Pass, door: Door) -> None:
    """A grant of the person, or the doors that the pass names; a parcel's pass need name none."""
    if shown.kind in OWN:
        if not records.has_grant(view.connection, shown.subject, door.id, view.now):
            raise PassWrongDoor(door=door.id)
    elif door.id not in shown.doors and (shown.doors or shown.kind not in PARCEL):
        raise PassWrongDoor(door=door.id)
    if not (shown.kind in OWN and door.kind is DoorKind.RESIDENTS):
        check_not_denied(view.connection, shown, door.id, view.now)


def _judge_code(view: View, shown: Pass, door: Door) -> str | Opening:
    authorisation = f"code:{shown.id}"
    taken = view.late[-1] if view.late else records.find_by_authorisation(view.connection, authorisation)
    if taken is None:
        return authorisation
    if taken.place == door_place(door.id) and not taken.is_decided:
        return taken
    raise CodeReplayed(id=shown.id)


def _judge_counted(view: View, shown: Pass, door: Door) -> str | Opening:
    place = door_place(door.id)
    here = [opening for opening in view.late if opening.place == place]
    last = here[-1] if here else records.last_of_pass(view.connection, shown.id, place)
    if last is not None and not last.is_decided and not _is_left_behind(view, last, door):
        return last
    if last is not None and shown.uses is not None and _may_try_again(view, last):
        return last if _is_same_presentation(last, view.now) else last.authorisation + AGAIN
    asked, used = records.count_of_pass(view.connection, shown.id)
    if shown.uses is not None and shown.kind not in PARCEL and used >= shown.uses:
        raise PassUsedUp(uses=shown.uses)
    if last is not None and _is_same_presentation(last, view.now):
        return last
    return f"{_WORDS.get(shown.kind, 'pass')}:{shown.id}:{asked + len(view.late) + 1}"


def _may_try_again(view: View, last: Opening) -> bool:
    """Nobody knows whether the use that it took let anybody in: it may be tried once more, for a while."""
    return (
        last.state == "unknown"
        and last.reason in UNPROVED
        and not last.authorisation.endswith(AGAIN)
        and 0 <= view.now.at_ms - (last.decided_at_ms or 0) < AGAIN_MS
    )


def _is_left_behind(view: View, opening: Opening, door: Door) -> bool:
    return view.only_read and view.now.at_ms - opening.requested_at_ms > door.contact_timeout_ms


def _is_same_presentation(last: Opening, now: Reading) -> bool:
    decided_at_ms = last.decided_at_ms
    return (
        last.state != "refused" and decided_at_ms is not None and 0 <= now.at_ms - decided_at_ms < REPEAT_MS
    )


def intend_by_command(unit: Unit, command: Command, door: Door, gate: Gate | None = None) -> Intent:
    """Take a command whose signature, audience, nonce, counter and expiry were checked; once for ever.

    Raises UnknownAction, PartOff, PassRevoked, Denied, ClockUnknown, CommandExpired, IdentityQuarantined, and
    what the gate raises.
    """
    authorisation = command_authorisation(command.id)
    taken = records.find_by_authorisation(unit.connection, authorisation)
    if taken is not None:
        return Intent(taken, fresh=False)
    if command.action != "open":
        raise UnknownAction(action=command.action)
    require_identity(unit)
    require_part(unit.connection, Part.DOORS)
    rule_at(door, "command", unit.now.trust)
    if is_over(command.exp_ms, unit.now):
        raise CommandExpired(exp_ms=command.exp_ms)
    check_person(unit.connection, command.subject)
    if door.kind is not DoorKind.RESIDENTS:
        check_subject(unit.connection, command.subject, door.id, unit.now)
    if gate is not None:
        gate.judge(unit.connection, door, "command", command.subject, unit.now)
    return _intend(unit, door, authorisation, "command", subject=command.subject, source=PLATFORM)


def command_authorisation(command_id: str) -> str:
    """The authorisation that a command is, once."""
    return f"command:{command_id}"


def _intend(
    unit: Unit,
    door: Door,
    authorisation: str,
    kind: str,
    *,
    pass_id: str | None = None,
    subject: str | None = None,
    source: str = "",
) -> Intent:
    person = None if subject is None else commit_person(unit, subject)
    opening = Opening(
        id=unit.next_id(),
        place=door_place(door.id),
        authorisation=authorisation,
        kind=kind,
        pass_id=pass_id,
        person=person,
        requested_at_ms=unit.now.at_ms,
        source=source,
    )
    records.insert_opening(unit.connection, opening)
    unit.record(
        DoorOpenRequested(
            opening=opening.id, place=opening.place, authorisation=authorisation, kind=kind, person=person
        ),
        actor=f"{kind}:{pass_id or authorisation}",
    )
    unit.hint("doors")
    return Intent(opening, fresh=True)
