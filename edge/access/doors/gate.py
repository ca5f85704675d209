"""Does the door itself let anybody in at the moment? Asked beside whoever judges the credential."""

import sqlite3
from collections.abc import Callable

import msgspec

from edge.access.contacts import ContactState
from edge.access.doors import records
from edge.access.doors.door import Door
from edge.access.doors.errors import DoorInterlocked, DoorLockedDown, DoorNightLocked
from edge.access.doors.passages import judge_passage
from edge.access.doors.policy import DoorPolicy, end_of_window
from edge.access.places import door_place
from edge.trust.clock import Reading, Trust

STAFF_KINDS = frozenset({"staff", "guard", "staff_cell", "test"})
"""Kinds of openings that a lock-down, an interlock and anti-passback let through: somebody has to get in."""
NIGHT_KINDS = frozenset({"visitor", "deposit"})
"""Kinds that the night lock keeps out."""

_POLICY = msgspec.json.Decoder(DoorPolicy)


class DoorGate:
    """Judges by the tables and by what contacts last said. `state_of` is asked on the writer's thread."""

    def __init__(
        self, state_of: Callable[[str], ContactState], burning: Callable[[], frozenset[str]]
    ) -> None:
        self._state_of = state_of
        self._burning = burning

    def judge(
        self, connection: sqlite3.Connection, door: Door, kind: str, subject: str, now: Reading
    ) -> None:
        """Let an opening of this kind by this subject ("" unknown) through, or refuse it.

        A door that a fire has released keeps nobody out. Raises DoorLockedDown, DoorNightLocked,
        DoorInterlocked, PassedBack.
        """
        if kind in STAFF_KINDS or door.id in self._burning():
            return
        locked_down, data = records.door_facts(connection, door.id)
        if locked_down and any(each.covers(door.id) for each in records.live_lock_downs(connection)):
            raise DoorLockedDown(door=door.id)
        if data is None:
            return
        policy = _POLICY.decode(data)
        if kind in NIGHT_KINDS and _is_night(connection, policy, now):
            raise DoorNightLocked(door=door.id)
        self._judge_interlock(connection, door, policy)
        judge_passage(connection, policy.anti_passback, subject, now)

    def _judge_interlock(self, connection: sqlite3.Connection, door: Door, policy: DoorPolicy) -> None:
        if not policy.interlock:
            return
        for other in records.policies(connection):
            if other.door == door.id or _POLICY.decode(other.data).interlock != policy.interlock:
                continue
            if self._state_of(door_place(other.door)) is not ContactState.CLOSED:
                raise DoorInterlocked(door=door.id, other=other.door)


def _is_night(connection: sqlite3.Connection, policy: DoorPolicy, now: Reading) -> bool:
    """With the clock unknown these kinds are refused anyhow (`edge.trust.time_policy`)."""
    if now.trust is Trust.UNKNOWN or not policy.night_lock:
        return False
    return end_of_window(policy.night_lock, records.calendar(connection), now.at_ms) is not None
