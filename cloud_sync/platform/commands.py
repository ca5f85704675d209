"""Commands to devices: the row is the truth and has an expiry; MQTT and HTTPS only carry it."""

import base64
from typing import ClassVar

import msgspec

from cloud_sync.platform.keys import new_id
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.commands import MAX_PULLED, CommandAnswer, PulledCommand, PulledCommands
from edge.errors import Refusal
from edge.trust.commands import Command, issue_command
from edge.trust.keys import SigningKey

ANSWER_GRACE_MS = 15_000
"""How long after its expiry a command may still be answered before the outcome is called unknown."""

LIMIT_WINDOW_MS = 60_000
NEVER_LEFT = "site_away"
"""Why a command died that no way ever took: nothing can have moved."""
RENEWED = "connection_renewed"
"""Why it died: the device began anew, and what was meant for its former connection is void."""

_RANK = {
    "queued": 0,
    "sent": 1,
    "accepted": 2,
    "fired": 3,
    "refused": 4,
    "unknown": 4,
    "expired": 4,
    "opened": 5,
}
_FINAL = "('refused', 'opened', 'unknown', 'expired')"


class DeviceNotReady(Refusal):
    """The device has posted no nonce yet, so that no command of ours could be fresh to it."""

    code: ClassVar[str] = "device_not_ready"


class CommandNotFound(Refusal):
    """No such command of this person."""

    code: ClassVar[str] = "not_found"


class TooManyCommands(Refusal):
    """The person has asked for as many openings in this minute as one may."""

    code: ClassVar[str] = "too_many_commands"


class CommandInFlight(Refusal):
    """An opening that the person asked for before is still under way."""

    code: ClassVar[str] = "command_in_flight"


class PersonLimits(msgspec.Struct, frozen=True):
    """How many openings one person may ask for in a minute, and have under way at once."""

    per_minute: int
    in_flight: int


class CommandStep(msgspec.Struct, frozen=True):
    """Something that has really happened to a command, and when (platform or device time)."""

    state: str
    at_ms: int
    reason: str = ""


class CommandStatus(msgspec.Struct, frozen=True):
    """A command as the phone shows it; `opened` only when the contact said so."""

    command: str
    door: str
    state: str
    reason: str
    asked_ms: int
    expires_ms: int
    steps: list[CommandStep]


class IssuedCommand(msgspec.Struct, frozen=True):
    """A command ready to be carried to its device."""

    id: str
    device: str
    message: bytes


def note_nonce(connection: Connection, device: str, nonce: str, *, now_ms: int) -> None:
    """A device reconnected: its commands carry this nonce now, counted from one; what waited is void."""
    if not _is_nonce(connection, device, nonce):
        _end(connection, "device=? AND state='queued'", (device,), ("expired", RENEWED), now_ms)
    connection.execute(
        "INSERT INTO nonces (device, nonce, counter, at_ms) VALUES (?,?,0,?) ON CONFLICT (device)"
        " DO UPDATE SET nonce=excluded.nonce, counter=0, at_ms=excluded.at_ms",
        (device, nonce, now_ms),
    )


def check_limits(
    connection: Connection, subject: str, door: str, limits: PersonLimits, *, now_ms: int
) -> None:
    """Judge a person's wish by what they asked for before. Raises CommandInFlight, TooManyCommands."""
    asked, running, here = connection.execute(
        "SELECT count(*) FILTER (WHERE asked_ms > ?),"  # noqa: S608 - a constant
        f" count(*) FILTER (WHERE state NOT IN {_FINAL} AND expires_ms > ?),"
        f" count(*) FILTER (WHERE state NOT IN {_FINAL} AND expires_ms > ? AND target=?)"
        " FROM commands WHERE subject=? AND asked_ms > ?",
        (
            *(now_ms - LIMIT_WINDOW_MS, now_ms, now_ms, door),
            *(subject, now_ms - 2 * LIMIT_WINDOW_MS),
        ),
    ).fetchone()
    if here or running >= limits.in_flight:
        raise CommandInFlight(door=door)
    if asked >= limits.per_minute:
        raise TooManyCommands(per_minute=limits.per_minute)


def create_command(
    connection: Connection,
    key: SigningKey,
    *,
    site: str,
    device: str,
    door: str,
    subject: str,
    now_ms: int,
    life_ms: int,
) -> IssuedCommand:
    """Sign a command to open a door and keep its row; raises DeviceNotReady."""
    row = connection.execute(
        "UPDATE nonces SET counter=counter+1 WHERE device=? RETURNING nonce, counter", (device,)
    ).fetchone()
    if row is None:
        raise DeviceNotReady(device=device)
    command = Command(
        id=new_id("c"),
        site=site,
        device=device,
        target=f"door:{door}",
        action="open",
        arguments={},
        subject=subject,
        iat_ms=now_ms,
        exp_ms=now_ms + life_ms,
        nonce=row["nonce"],
        counter=row["counter"],
    )
    message = issue_command(key, command)
    connection.execute(
        "INSERT INTO commands (id, device, target, subject, message, state, asked_ms, expires_ms)"
        " VALUES (?,?,?,?,?,'queued',?,?)",
        (command.id, device, door, subject, message, now_ms, command.exp_ms),
    )
    _note_step(connection, command.id, "asked", now_ms, "")
    return IssuedCommand(command.id, device, message)


def note_answer(connection: Connection, answer: CommandAnswer, *, device: str) -> bool:
    """Take an answer of the command's own device; states only go forward, a late contact wins."""
    row = connection.execute(
        "SELECT state FROM commands WHERE id=? AND device=?", (answer.command, device)
    ).fetchone()
    if row is None:
        return False
    _note_step(connection, answer.command, answer.state, answer.at_ms, answer.reason)
    if _RANK[answer.state] <= _RANK[row["state"]]:
        return False
    connection.execute(
        "UPDATE commands SET state=?, reason=? WHERE id=?", (answer.state, answer.reason, answer.command)
    )
    return True


def take_waiting(connection: Connection, device: str, *, now_ms: int) -> PulledCommands:
    """The device fetches what it has not answered yet; from now on it may have it."""
    rows = connection.execute(
        "SELECT id, message FROM commands WHERE device=? AND state IN ('queued', 'sent') AND expires_ms>?"
        " ORDER BY asked_ms, id LIMIT ?",
        (device, now_ms, MAX_PULLED),
    ).fetchall()
    for row in rows:
        note_sent(connection, row["id"], now_ms=now_ms)
    return PulledCommands(
        [PulledCommand(row["id"], base64.b64encode(row["message"]).decode()) for row in rows]
    )


def has_waiting(connection: Connection, device: str, *, now_ms: int) -> bool:
    """Tell whether a device has something to fetch."""
    row = connection.execute(
        "SELECT 1 FROM commands WHERE device=? AND state IN ('queued', 'sent') AND expires_ms>? LIMIT 1",
        (device, now_ms),
    ).fetchone()
    return row is not None


def note_sent(connection: Connection, command: str, *, now_ms: int) -> None:
    """One of the two ways has the command, or may have it."""
    connection.execute("UPDATE commands SET state='sent' WHERE id=? AND state='queued'", (command,))
    _note_step(connection, command, "sent", now_ms, "")


def close_unanswered(connection: Connection, *, now_ms: int) -> int:
    """End what is over: what never left is dead, what did and has no final answer is unknown."""
    dead = _end(connection, "expires_ms<=? AND state='queued'", (now_ms,), ("expired", NEVER_LEFT), now_ms)
    return dead + _end(
        connection,
        f"expires_ms + ? < ? AND state NOT IN {_FINAL}",
        (ANSWER_GRACE_MS, now_ms),
        ("unknown", "no_answer"),
        now_ms,
    )


def _end(
    connection: Connection,
    which: str,
    values: tuple[str | int, ...],
    outcome: tuple[str, str],
    now_ms: int,
) -> int:
    rows = connection.execute(
        f"UPDATE commands SET state=?, reason=? WHERE {which} RETURNING id",  # noqa: S608 - constants
        (*outcome, *values),
    ).fetchall()
    for row in rows:
        _note_step(connection, row["id"], outcome[0], now_ms, outcome[1])
    return len(rows)


def _is_nonce(connection: Connection, device: str, nonce: str) -> bool:
    row = connection.execute("SELECT nonce FROM nonces WHERE device=?", (device,)).fetchone()
    return row is not None and row["nonce"] == nonce


def read_status(connection: Connection, command: str, subject: str) -> CommandStatus:
    """Where a command of this person stands; raises CommandNotFound."""
    row = connection.execute("SELECT * FROM commands WHERE id=? AND subject=?", (command, subject)).fetchone()
    if row is None:
        raise CommandNotFound()
    steps = connection.execute(
        "SELECT state, at_ms, reason FROM command_steps WHERE command=? ORDER BY number", (command,)
    )
    return CommandStatus(
        command,
        row["target"],
        row["state"],
        row["reason"],
        row["asked_ms"],
        row["expires_ms"],
        [msgspec.convert(dict(step), CommandStep) for step in steps],
    )


def _note_step(connection: Connection, command: str, state: str, at_ms: int, reason: str) -> None:
    connection.execute(
        "INSERT INTO command_steps (command, state, at_ms, reason, number) VALUES (?,?,?,?,"
        " (SELECT count(*) FROM command_steps WHERE command=?)) ON CONFLICT (command, state) DO NOTHING",
        (command, state, at_ms, reason, command),
    )
