"""Commands to devices: the row is the truth and has an expiry; MQTT only carries it there and back."""

import sqlite3
from typing import ClassVar

import msgspec

from cloud_sync.platform.keys import new_id
from cloud_sync.wire.commands import CommandAnswer
from edge.errors import Refusal
from edge.trust.commands import Command, issue_command
from edge.trust.keys import SigningKey

ANSWER_GRACE_MS = 15_000
"""How long after its expiry a command may still be answered before the outcome is called unknown."""

_RANK = {"queued": 0, "sent": 1, "accepted": 2, "fired": 3, "refused": 4, "unknown": 4, "opened": 5}


class DeviceNotReady(Refusal):
    """The device has posted no nonce yet, so that no command of ours could be fresh to it."""

    code: ClassVar[str] = "device_not_ready"


class CommandNotFound(Refusal):
    """No such command of this person."""

    code: ClassVar[str] = "not_found"


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


def note_nonce(connection: sqlite3.Connection, device: str, nonce: str, *, now_ms: int) -> None:
    """A device reconnected: from now on its commands carry this nonce, counted from one."""
    connection.execute(
        "INSERT INTO nonces (device, nonce, counter, at_ms) VALUES (?,?,0,?) ON CONFLICT (device)"
        " DO UPDATE SET nonce=excluded.nonce, counter=0, at_ms=excluded.at_ms",
        (device, nonce, now_ms),
    )


def create_command(
    connection: sqlite3.Connection,
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


def note_answer(connection: sqlite3.Connection, answer: CommandAnswer, *, device: str) -> bool:
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


def note_sent(connection: sqlite3.Connection, command: str, *, now_ms: int) -> None:
    """The broker has the command."""
    connection.execute("UPDATE commands SET state='sent' WHERE id=? AND state='queued'", (command,))
    _note_step(connection, command, "sent", now_ms, "")


def close_unanswered(connection: sqlite3.Connection, *, now_ms: int) -> int:
    """Commands without a final answer after their time become unknown: it may have arrived all the same."""
    rows = connection.execute(
        "UPDATE commands SET state='unknown', reason='no_answer' WHERE expires_ms + ? < ?"
        " AND state NOT IN ('refused', 'opened', 'unknown') RETURNING id",
        (ANSWER_GRACE_MS, now_ms),
    ).fetchall()
    for row in rows:
        _note_step(connection, row["id"], "unknown", now_ms, "no_answer")
    return len(rows)


def read_status(connection: sqlite3.Connection, command: str, subject: str) -> CommandStatus:
    """Where a command of this person stands; raises CommandNotFound."""
    row = connection.execute("SELECT * FROM commands WHERE id=? AND subject=?", (command, subject)).fetchone()
    if row is None:
        raise CommandNotFound()
    steps = connection.execute(
        "SELECT state, at_ms, reason FROM command_steps WHERE command=? ORDER BY rowid", (command,)
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


def _note_step(connection: sqlite3.Connection, command: str, state: str, at_ms: int, reason: str) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO command_steps (command, state, at_ms, reason) VALUES (?,?,?,?)",
        (command, state, at_ms, reason),
    )
