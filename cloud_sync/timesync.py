"""Signed time and the key set: what must be believed before anything else can be."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from cloud_sync.events import ClockJumpAccepted
from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.keyring import KeyRing
from cloud_sync.wire.clock import SignedTime, TimeQuestion
from edge.errors import PlatformError, PlatformRejected, Refusal
from edge.links.backoff import Backoff
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.clock_state import save_clock
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import TimeBehindFloor, TimeJumped, TrustedClock, boot_time_ms
from edge.trust.cose import NotCanonical, open_signed

log = logging.getLogger(__name__)

EVERY_S = 3_600.0
BACKOFF_LIMIT_S = 15.0
"""Feed and uplink find out sooner that the platform is back, and end the rest."""
PATIENCE = Patience(connect_s=4.0, silence_s=3.0, total_s=5.0)
BEHIND_FLOOR = "time_behind_floor"
"""Alarm: the platform names a time that has certainly passed; one of the two clocks was wrong."""
JUMPED = "time_jumped"
"""Alarm: the platform names a time more than a day away; not believed until a person says so."""
_BODY = {"Content-Type": "application/json"}


class NonceMismatch(Refusal):
    """The signed time answers another question than ours."""

    code = "nonce_mismatch"


class NoJump(Refusal):
    """No time of the platform waits for a person."""

    code = "no_time_jump"


class _Doubt(NamedTuple):
    signed_at_ms: int
    boot_ms: int


class TimeSync:
    """A role: the key set and a signed time at start, then every hour."""

    def __init__(
        self,
        *,
        store: Store,
        http: PlatformHttp,
        clock: TrustedClock,
        keyring: KeyRing,
        boot_ms: Callable[[], int] = boot_time_ms,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._clock = clock
        self._keyring = keyring
        self._boot_ms = boot_ms
        self._backoff = backoff or Backoff(first_s=0.3, limit_s=BACKOFF_LIMIT_S)
        self._sleep = sleep
        self._doubt: _Doubt | None = None

    @property
    def doubted_ms(self) -> int | None:
        """What the time would be by the platform, while that waits for a person."""
        doubt = self._doubt
        return None if doubt is None else doubt.signed_at_ms + self._boot_ms() - doubt.boot_ms

    async def accept_jump(self, person: str) -> None:
        """A person says that the time which jumped is right: ask again, and believe it.

        Raises NoJump, PlatformError, Refusal.
        """
        doubted_ms = self.doubted_ms
        if doubted_ms is None:
            raise NoJump()
        before_ms = self._clock.now().at_ms
        await self.ask_time(confirmed_ms=doubted_ms)
        after_ms = self._clock.now().at_ms
        accepted = ClockJumpAccepted(from_ms=before_ms, to_ms=after_ms)
        await self._store.run(lambda unit: unit.record(accepted, actor=person))

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self.synchronise()
            except (PlatformRejected, Refusal) as error:
                log.warning("time: %s", error)
                await self._sleep(self._backoff.next_s())
            except PlatformError as error:
                log.info("time: %s", error)
                await self._http.reach.rest(self._sleep(self._backoff.next_s()))
            else:
                self._backoff.reset()
                await self._sleep(EVERY_S)

    async def synchronise(self) -> None:
        """Fetch the key set, then ask for the time. Raises PlatformError, Refusal."""
        message = await self._http.exchange(
            "GET", self._http.site_path + "/keyset", patience=PATIENCE, undated=True
        )
        await self._keyring.adopt(message)
        await self.ask_time()

    async def ask_time(self, *, confirmed_ms: int | None = None) -> None:
        """Ask for the signed time with a fresh nonce, give it to the clock. Raises PlatformError, Refusal.

        `confirmed_ms` is a time that a person vouches for although it jumped.
        """
        nonce = secrets.token_hex(16)
        asked_ms = self._boot_ms()
        message = await self._http.exchange(
            "POST",
            self._http.device_path + "/time",
            body=msgspec.json.encode(TimeQuestion(nonce)),
            headers=_BODY,
            patience=PATIENCE,
            undated=True,
        )
        answered_ms = self._boot_ms()
        claims = open_signed(message, self._keyring.current(), purpose="time", at_ms=None)
        try:
            signed = msgspec.convert(claims, SignedTime)
        except msgspec.ValidationError as error:
            raise NotCanonical(part="time") from error
        check_nonce(signed, nonce)
        try:
            self._clock.accept(signed.at_ms, asked_ms, answered_ms, confirmed_ms=confirmed_ms)
        except (TimeBehindFloor, TimeJumped) as refused:
            # Nobody at the site can tell which of the two was wrong; somebody has to look (ADR 10).
            jumped = isinstance(refused, TimeJumped)
            self._doubt = _Doubt(signed.at_ms, answered_ms) if jumped else None
            kind, detail = JUMPED if jumped else BEHIND_FLOOR, str(refused)
            await self._store.run(lambda unit: raise_alarm(unit, kind=kind, source="clock", detail=detail))
            raise
        self._doubt = None
        await self._store.run(self._keep)

    def _keep(self, unit: Unit) -> None:
        save_clock(unit, self._clock)
        for kind in (BEHIND_FLOOR, JUMPED):
            clear_alarm(unit, kind=kind, source="clock")


def check_nonce(signed: SignedTime, nonce: str) -> None:
    """An answer counts for the question that it was given to. Raises NonceMismatch."""
    if signed.nonce != nonce:
        raise NonceMismatch()
