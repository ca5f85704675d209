"""May this pass, code or command open this door now? Units that answer, and commit the intent when yes."""

from typing import NamedTuple

from edge.access import records
from edge.access.doors import Door, DoorKind
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


def intend_by_pass(unit: Unit, shown: Pass, door: Door) -> Intent:
    """Decide a verified pass or resident's code at a door and count its use in the same unit.

    Raises PassWrongSite, PassWrongKind, PassNotYetValid, PassExpired, PassRevoked, PassWrongDoor, PassUsedUp,
    CodeReplayed, ClockUnknown.
    """
    if shown.site != unit.site:
        raise PassWrongSite(site=shown.site)
    if shown.kind == "order":
        raise PassWrongKind(kind=shown.kind)
    rule = judge_clock(door, unit.now, shown.kind)
    if rule is Rule.CLOCK and unit.now.at_ms < shown.not_before_ms:
        raise PassNotYetValid(not_before_ms=shown.not_before_ms)
    # Also an unknown clock is a lower bound: what it says is over, is over.
    if is_over(shown.expires_ms, unit.now):
        raise PassExpired(expires_ms=shown.expires_ms)
    if records.is_revoked(unit.connection, shown.id):
        raise PassRevoked(id=shown.id)
    if shown.kind == "resident":
        return _intend_by_code(unit, shown, door)
    if door.id not in shown.doors:
        raise PassWrongDoor(door=door.id)
    return _intend_by_issued_pass(unit, shown, door)


def _intend_by_code(unit: Unit, shown: Pass, door: Door) -> Intent:
    if not records.has_grant(unit.connection, shown.subject, door.id, unit.now):
        raise PassWrongDoor(door=door.id)
    authorisation = f"code:{shown.id}"
    taken = records.find_by_authorisation(unit.connection, authorisation)
    if taken is None:
        return _intend(unit, door, authorisation, shown.kind, pass_id=shown.id, subject=shown.subject)
    if taken.place == door_place(door.id) and not taken.is_decided:
        return Intent(taken, fresh=False)
    raise CodeReplayed(id=shown.id)


def _intend_by_issued_pass(unit: Unit, shown: Pass, door: Door) -> Intent:
    last = records.last_of_pass(unit.connection, shown.id, door_place(door.id))
    if last is not None and not last.is_decided:
        return Intent(last, fresh=False)
    asked, used = records.count_of_pass(unit.connection, shown.id)
    if shown.uses is not None and used >= shown.uses:
        raise PassUsedUp(uses=shown.uses)
    if last is not None and _is_same_presentation(last, unit.now):
        return Intent(last, fresh=False)
    authorisation = f"pass:{shown.id}:{asked + 1}"
    return _intend(unit, door, authorisation, shown.kind, pass_id=shown.id, subject=shown.subject)


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
