"""Who is signed in at the counter. In memory only: a restart signs everybody out."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.staff.records import StaffMember

SESSIONS_LIMIT = 64
WHOLE_MS = 10 * 3_600_000
"""Nobody stays signed in for longer than a shift, however busy."""
TICKETS_LIMIT = 64
"""Forms that one person may have open."""


@dataclass
class StaffSession:
    """One person at one browser; `tickets` are the forms shown that were not sent yet."""

    person: StaffMember
    began_ms: int
    seen_ms: int
    tickets: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def make_ticket(self) -> str:
        """A number for one form; the oldest unsent form is forgotten when there are too many."""
        ticket = secrets.token_urlsafe(16)
        self.tickets[ticket] = None
        while len(self.tickets) > TICKETS_LIMIT:
            self.tickets.popitem(last=False)
        return ticket

    def take_ticket(self, ticket: str) -> bool:
        """Whether this form was shown and not sent yet; from now on it was."""
        return self.tickets.pop(ticket, self) is None


class Sessions:
    """Signed-in people by the hash of their cookie. `monotonic_ms` is time that only passes."""

    def __init__(self, *, monotonic_ms: Callable[[], int], idle_ms: int) -> None:
        self._monotonic_ms = monotonic_ms
        self._idle_ms = idle_ms
        self._by_hash: OrderedDict[bytes, StaffSession] = OrderedDict()

    def begin(self, person: StaffMember) -> str:
        """Sign a person in; returns the cookie."""
        cookie, now_ms = secrets.token_urlsafe(32), self._monotonic_ms()
        self._by_hash[_hash(cookie)] = StaffSession(person, now_ms, now_ms)
        while len(self._by_hash) > SESSIONS_LIMIT:
            self._by_hash.popitem(last=False)
        return cookie

    def find(self, cookie: str, *, alive: bool = True) -> StaffSession | None:
        """The session of a cookie, if it has not ended; `alive`: finding it is a sign of life."""
        key, now_ms = _hash(cookie), self._monotonic_ms()
        session = self._by_hash.get(key)
        if session is None:
            return None
        if now_ms - session.seen_ms > self._idle_ms or now_ms - session.began_ms > WHOLE_MS:
            del self._by_hash[key]
            return None
        if alive:
            session.seen_ms = now_ms
        return session

    def end(self, cookie: str) -> None:
        """Sign out."""
        self._by_hash.pop(_hash(cookie), None)


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
