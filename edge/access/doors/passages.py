"""Anti-passback (防反传): which way somebody went last through a zone's doors. Off until a policy asks."""

import sqlite3

import msgspec

from edge.access.doors import records
from edge.access.doors.errors import PassedBack
from edge.access.doors.policy import AntiPassback, DoorPolicy
from edge.access.records import Opening
from edge.store.personal import who_is
from edge.trust.clock import Reading

_POLICY = msgspec.json.Decoder(DoorPolicy)


def note_passage(connection: sqlite3.Connection, opening: Opening, at_ms: int) -> None:
    """Note which way whoever asked for an opening went, where the door's policy wants to know."""
    door = opening.place.removeprefix("door:")
    data = None if opening.person is None else records.policy_of(connection, door)
    passback = None if data is None else _POLICY.decode(data).anti_passback
    subject = None if opening.person is None or passback is None else who_is(connection, opening.person)
    if passback is None or subject is None:
        return
    records.put_passage(
        connection,
        zone=passback.zone,
        subject=subject,
        direction=passback.direction,
        opening=opening.id,
        at_ms=at_ms,
    )


def judge_passage(
    connection: sqlite3.Connection, passback: AntiPassback | None, subject: str, now: Reading
) -> None:
    """Refuse whoever goes the same way twice. Raises PassedBack."""
    if passback is None or not subject:
        return
    last = records.last_passage(connection, passback.zone, subject)
    if last is None or last[0] != passback.direction:
        return
    if passback.forget_after_s and now.at_ms - last[1] >= passback.forget_after_s * 1000:
        return
    raise PassedBack(zone=passback.zone)
