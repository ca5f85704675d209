"""May this pass, code or command open this door now? Units that answer, and commit the intent when yes."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from edge.access import records
from edge.access.doors.door import Door, DoorKind
from edge.access.errors import (
    ClockUnknown,
    CodeReplayed,
    PassRevoked,
    PassUsedUp,
    PassWrongDoor,
    PassWrongKind,
    PassWrongSite,
    UnknownAction,
)
from edge.access.events import DoorOpenRequested
from edge.access.places import door_place
from edge.access.records import Opening
from edge.store.identity import require_identity
from edge.store.personal import commit_person
from edge.store.unit import Unit
from edge.trust.clock import Reading
from edge.trust.commands import Command, CommandExpired
from edge.trust.passes import Pass, PassExpired, PassNotYetValid
from edge.trust.time_policy import Decision, Rule, is_over, rule_for

REPEAT_MS = 3000
"""A pass still held before the reader after its door was decided is the same presentation."""


class Intent(NamedTuple):
    """An opening on disk; `fresh` means that it is to be fired, else it was there before and is not."""

    opening: Opening
    fresh: bool


def judge_clock(door: Door, now: Reading, kind: str) -> Rule:
    """How windows are judged at this door now, by the time policy and the door's own, stricter one.

    Raises ClockUnknown where nothing of this kind opens the door.
    """
    decision = _decision(door, kind)
    rule = rule_for(decision, now.trust)
    strict = rule is Rule.FLOOR and not door.opens_without_clock
    if rule is Rule.REFUSE or strict:
        raise ClockUnknown(door=door.id)
    return rule


def _decision(door: Door, kind: str) -> Decision:
    if door.kind is not DoorKind.RESIDENTS:
        return Decision.OTHER_DOOR
    own = {"resident": Decision.OWN_DOOR, "command": Decision.OWN_DOOR_COMMAND}
    return own.get(kind, Decision.OTHER_DOOR)


class View(NamedTuple):
    """What a pass is judged by: a copy that can be read, its site, the time, and what is only in memory.

    `late` are the openings of this pass that are not on disk, oldest first. `only_read`: nothing can be
    written, so that an opening that the copy has under way may have ended without it.
    """

    connection: sqlite3.Connection
    site: str
    now: Reading
    late: Sequence[Opening] = ()
    only_read: bool = False


def intend_by_pass(unit: Unit, shown: Pass, door: Door, late: Sequence[Opening] = ()) -> Intent:
    """Decide a verified pass or resident's code at a door and count its use in the same unit.

    Raises what `judge_pass` raises.
    """
    judged = judge_pass(View(unit.connection, unit.site, unit.now, late), shown, door)
    if isinstance(judged, Opening):
        return Intent(judged, fresh=False)
    return _intend(unit, door, judged, shown.kind, pass_id=shown.id, subject=shown.subject)


def judge_pass(view: View, shown: Pass, door: Door) -> str | Opening:
    """Return the authorisation to take, or the opening that this presentation belongs to already.

    Raises PassWrongSite, PassWrongKind, PassNotYetValid, PassExpired, PassRevoked, PassWrongDoor, PassUsedUp,
    CodeReplayed, ClockUnknown.
    """
    if shown.site != view.site:
        raise PassWrongSite(site=shown.site)
    if shown.kind == "order":
        raise PassWrongKind(kind=shown.kind)
    rule = judge_clock(door, view.now, shown.kind)
    if rule is Rule.CLOCK and view.now.at_ms < shown.not_before_ms:
        raise PassNotYetValid(not_before_ms=shown.not_before_ms)
    # Also an unknown clock is a lower bound: what it says is over, is over.
    if is_over(shown.expires_ms, view.now):
        raise PassExpired(expires_ms=shown.expires_ms)
    if records.is_revoked(view.connection, shown.id):
        raise PassRevoked(id=shown.id)
    if shown.kind == "resident":
        return _judge_code(view, shown, door)
    if door.id not in shown.doors:
        raise PassWrongDoor(door=door.id)
    return _judge_issued_pass(view, shown, door)


def _judge_code(view: View, shown: Pass, door: Door) -> str | Opening:
    if not records.has_grant(view.connection, shown.subject, door.id, view.now):
        raise PassWrongDoor(door=door.id)
    authorisation = f"code:{shown.id}"
    taken = view.late[-1] if view.late else records.find_by_authorisation(view.connection, authorisation)
    if taken is None:
        return authorisation
    if taken.place == door_place(door.id) and not taken.is_decided:
        return taken
    raise CodeReplayed(id=shown.id)


def _judge_issued_pass(view: View, shown: Pass, door: Door) -> str | Opening:
    place = door_place(door.id)
    here = [opening for opening in view.late if opening.place == place]
    last = here[-1] if here else records.last_of_pass(view.connection, shown.id, place)
    if last is not None and not last.is_decided and not _is_left_behind(view, last, door):
        return last
    asked, used = records.count_of_pass(view.connection, shown.id)
    if shown.uses is not None and used >= shown.uses:
        raise PassUsedUp(uses=shown.uses)
    if last is not None and _is_same_presentation(last, view.now):
        return last
    return f"pass:{shown.id}:{asked + len(view.late) + 1}"


def _is_left_behind(view: View, opening: Opening, door: Door) -> bool:
    return view.only_read and view.now.at_ms - opening.requested_at_ms > door.contact_timeout_ms


def _is_same_presentation(last: Opening, now: Reading) -> bool:
    decided_at_ms = last.decided_at_ms
    return (
        last.state != "refused" and decided_at_ms is not None and 0 <= now.at_ms - decided_at_ms < REPEAT_MS
    )


def intend_by_command(unit: Unit, command: Command, door: Door) -> Intent:
    """Take a command whose signature, audience, nonce, counter and expiry were checked; once for ever.

    Raises UnknownAction, ClockUnknown, CommandExpired, IdentityQuarantined.
    """
    authorisation = command_authorisation(command.id)
    taken = records.find_by_authorisation(unit.connection, authorisation)
    if taken is not None:
        return Intent(taken, fresh=False)
    if command.action != "open":
        raise UnknownAction(action=command.action)
    require_identity(unit)
    judge_clock(door, unit.now, "command")
    if is_over(command.exp_ms, unit.now):
        raise CommandExpired(exp_ms=command.exp_ms)
    return _intend(unit, door, authorisation, "command", subject=command.subject)


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
