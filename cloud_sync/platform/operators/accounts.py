"""Operators' accounts and sessions: argon2id hashes (RFC 9106), a lock-out after failures in a row.

Hashing takes tens of milliseconds and 19 MB: one at a time, in a thread, never within a unit of work.
"""

import asyncio
import functools
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cloud_sync.platform.keys import TOKEN_BYTES, hash_token
from cloud_sync.platform.store.port import Connection, Units
from edge.errors import EdgeError, Refusal

LOGIN = re.compile(r"[a-z][a-z0-9._-]{0,39}", re.ASCII)
PASSWORD_MIN, PASSWORD_MAX = 10, 200
FAILURES_ALLOWED = 5
LOCKED_MS = 15 * 60_000
SESSION_MS = 12 * 3_600_000
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""The second of OWASP's equal choices for argon2id: 19 MiB, two passes."""
_ONE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")


class OperatorInvalid(EdgeError):
    """A login that is none, a password that is too short or too long, or an operator who is not there."""


class SignInRefused(Refusal):
    """Login and password do not belong together."""

    code: ClassVar[str] = "unauthorized"


class SignInLocked(Refusal):
    """Too many failures in a row; `minutes` until the account may be tried again."""

    code: ClassVar[str] = "operator_locked"


class Operator(msgspec.Struct, frozen=True):
    """An account as listed; times in milliseconds UTC, 0 where there is none."""

    login: str
    created_ms: int
    seen_ms: int
    failures: int
    locked_until_ms: int


def hash_password(login: str, password: str) -> str:
    """The argon2id string of a password. Raises OperatorInvalid."""
    if not LOGIN.fullmatch(login):
        raise OperatorInvalid("a login is a small letter, then up to 39 of a-z 0-9 . _ -")
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise OperatorInvalid(f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters")
    return HASHER.hash(password)


def make_password() -> str:
    """A password of 100 bits, in groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def put_operator(connection: Connection, login: str, hashed: str, *, now_ms: int) -> None:
    """Make an account, or give one another password: its sessions and its lock-out end."""
    connection.execute(
        "INSERT INTO operators (login, hash, created_ms) VALUES (?,?,?) ON CONFLICT (login)"
        " DO UPDATE SET hash=excluded.hash, failures=0, locked_until_ms=0",
        (login, hashed, now_ms),
    )
    connection.execute("DELETE FROM operator_sessions WHERE login=?", (login,))


def remove_operator(connection: Connection, login: str) -> None:
    """End an account and its sessions. Raises OperatorInvalid."""
    if not connection.execute("DELETE FROM operators WHERE login=?", (login,)).rowcount:
        raise OperatorInvalid(f"no operator {login!r}")
    connection.execute("DELETE FROM operator_sessions WHERE login=?", (login,))


def list_operators(connection: Connection) -> list[Operator]:
    """All accounts by login."""
    rows = connection.execute(
        "SELECT login, created_ms, seen_ms, failures, locked_until_ms FROM operators ORDER BY login"
    )
    return [msgspec.convert(dict(row), Operator) for row in rows]


async def sign_in(units: Units, login: str, password: str, *, now_ms: int) -> str:
    """Begin a session and return its token. Raises SignInRefused, SignInLocked."""
    hashed = await units.write(lambda c: _begin_attempt(c, login, now_ms))
    loop = asyncio.get_running_loop()
    matches = await loop.run_in_executor(_ONE, _matches, hashed or _nobody(), password[:PASSWORD_MAX])
    if hashed is None or not matches:
        raise SignInRefused()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await units.write(lambda c: _begin_session(c, login, token, now_ms))
    return token


def find_session(connection: Connection, token: str, *, now_ms: int) -> str:
    """The login of a session. Raises SignInRefused."""
    row = connection.execute(
        "SELECT login FROM operator_sessions WHERE hash=? AND expires_ms>?", (hash_token(token), now_ms)
    ).fetchone()
    if row is None:
        raise SignInRefused()
    return str(row["login"])


def end_session(connection: Connection, token: str) -> None:
    """Sign out."""
    connection.execute("DELETE FROM operator_sessions WHERE hash=?", (hash_token(token),))


def _begin_attempt(connection: Connection, login: str, now_ms: int) -> str | None:
    """Count the attempt as a failure until it is none: attempts side by side are no way round the limit."""
    row = connection.execute("SELECT * FROM operators WHERE login=?", (login,)).fetchone()
    if row is None:
        return None
    if row["locked_until_ms"] > now_ms:
        raise SignInLocked(minutes=1 + (row["locked_until_ms"] - now_ms) // 60_000)
    failures = row["failures"] + 1
    locked_until_ms = now_ms + LOCKED_MS if failures >= FAILURES_ALLOWED else 0
    connection.execute(
        "UPDATE operators SET failures=?, locked_until_ms=? WHERE login=?",
        (0 if locked_until_ms else failures, locked_until_ms, login),
    )
    return str(row["hash"])


@functools.cache
def _nobody() -> str:
    """Checked for a login that is not there, so that the answer takes as long."""
    return HASHER.hash(secrets.token_hex(8))


def _begin_session(connection: Connection, login: str, token: str, now_ms: int) -> None:
    connection.execute("DELETE FROM operator_sessions WHERE expires_ms<=?", (now_ms,))
    connection.execute(
        "UPDATE operators SET failures=0, locked_until_ms=0, seen_ms=? WHERE login=?", (now_ms, login)
    )
    connection.execute(
        "INSERT INTO operator_sessions (hash, login, expires_ms) VALUES (?,?,?)",
        (hash_token(token), login, now_ms + SESSION_MS),
    )


def _matches(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
