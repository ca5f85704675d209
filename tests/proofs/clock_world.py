"""A site in a simulated world: true time, a crystal that drifts, power cuts, a platform that lies on request.

The product's own clock, time question, store, door policy and timers run in it; only physics is played.
"""

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, cast

import msgspec

from cloud_sync.http import PlatformHttp
from cloud_sync.keyring import KeyRing
from cloud_sync.timesync import TimeSync
from edge.access.schema import MIGRATIONS as ACCESS
from edge.errors import PlatformUnreachable, Refusal
from edge.service.schema import MIGRATIONS as SERVICE
from edge.service.timers import TimerRunner
from edge.store.clock_state import restore_clock
from edge.store.connections import open_writer
from edge.store.facts import get_int, put_fact
from edge.store.inline import InlineStore
from edge.store.lanes import Lane
from edge.store.migrate import apply_to
from edge.store.schema import MIGRATIONS as STORE
from edge.store.unit import Unit
from edge.trust.clock import Reading, TrustedClock
from edge.trust.cose import sign
from edge.trust.keys import KeySet, SigningKey, verifying_key

YEAR_MS = 365 * 86_400_000
FIRST_MS, LAST_MS = 1_577_836_800_000, 2_051_222_400_000
"""Stories begin between 2020 and 2035: a wall clock of today is wrong in most of them."""
CRYSTAL_PPM = 100

TIME_KEY = SigningKey.generate("t1", "time")
PASS_KEY = SigningKey.generate("t1", "passes")
STRANGER = SigningKey.generate("t1", "time")
KEYS = KeySet(1, [verifying_key(TIME_KEY), verifying_key(PASS_KEY)])


class PowerCut(BaseException):
    """Everything in memory is gone, between two commits; nothing in the product may catch it."""


class World:
    """Physics and the hub. `boot` begins a new boot of the machine, `start` the hub within it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.true_ms = random.randrange(FIRST_MS, LAST_MS)
        self.boots = 0
        connection = open_writer(":memory:")
        apply_to(connection, (*STORE, *ACCESS, *SERVICE))
        self.store = CuttableStore(connection, site="heyuanli", device="k1", clock=self)
        self.platform = LyingPlatform(self)
        self.reboot()

    def reboot(self) -> None:
        """The power was away: boot time begins anew, on a crystal of this boot's temperature."""
        self.boots += 1
        self.ppm = self.random.randint(-CRYSTAL_PPM, CRYSTAL_PPM)
        self.booted_ms = self.true_ms
        self.boot_offset_ms = self.random.randrange(5_000)
        self.start()

    def start(self) -> None:
        """The hub starts with what is on disk."""
        self.clock = TrustedClock(boot_ms=self.boot_ms, boot_id=f"boot-{self.boots}")
        self.started_true_ms = self.true_ms
        restore_clock(self.store.connection, self.clock)
        self.sync = TimeSync(
            store=self.store,
            http=cast(PlatformHttp, self.platform),
            clock=self.clock,
            keyring=cast(KeyRing, _Keys()),
            boot_ms=self.boot_ms,
        )
        self.timers = TimerRunner(store=self.store, clock=self, acts={"count": count_act})

    def pass_time(self, ms: int) -> None:
        """True time goes on."""
        self.true_ms += ms

    def boot_ms(self) -> int:
        """The boot-time clock: true time by a crystal."""
        lived_ms = self.true_ms - self.booted_ms
        return self.boot_offset_ms + lived_ms + lived_ms * self.ppm // 1_000_000

    def now(self) -> Reading:
        """The present clock, for a store that outlives it."""
        return self.clock.now() if hasattr(self, "clock") else TrustedClock(boot_id="").now()

    def ask_time(self, mode: str) -> Refusal | PlatformUnreachable | None:
        """Let the hub ask for the time, the platform answering as told; returns why it was not taken."""
        self.platform.mode = mode
        try:
            asyncio.run(self.sync.ask_time())
        except (Refusal, PlatformUnreachable) as refused:
            return refused
        return None

    def run_timers(self, *, cut_after: int | None = None) -> None:
        """Run what is due; the power may go after so many commits."""
        self.store.left = cut_after
        try:
            asyncio.run(self.timers.run_due())
        except PowerCut:
            self.store.left = None
            self.reboot()
        self.store.left = None

    def count_of(self, subject: str) -> int:
        """How often the act for this subject was done."""
        return get_int(self.store.connection, f"count-{subject}")


def count_act(unit: Unit, subject: str) -> None:
    """An act that must not happen twice."""
    name = f"count-{subject}"
    put_fact(unit.connection, name, get_int(unit.connection, name) + 1)


class CuttableStore(InlineStore):
    """An in-line store whose power goes after `left` more units."""

    left: int | None = None

    async def run(self, work: Callable[[Unit], Any], *, lane: Lane = Lane.FRONT) -> Any:
        """Commit a unit, unless the power is gone."""
        if self.left is not None:
            if self.left == 0:
                raise PowerCut
            self.left -= 1
        return self.run_now(work)


class _Keys:
    def current(self) -> KeySet:
        return KEYS


class LyingPlatform:
    """The platform's time, by a network that delays, loses, and plays old answers again."""

    device_path = "/d"

    def __init__(self, world: World) -> None:
        self._world = world
        self.mode = "honest"
        self._lost: list[bytes] = []

    async def exchange(
        self, method: str, path: str, *, body: bytes, **_: Mapping[str, object] | object
    ) -> bytes:
        """Answer as `mode` says."""
        world, random = self._world, self._world.random
        nonce = msgspec.json.decode(body)["nonce"]
        world.pass_time(random.randrange(2_000))
        claims = {"nonce": nonce, "at_ms": world.true_ms}
        answer = sign(TIME_KEY, claims)
        if self.mode == "lost":
            self._lost.append(answer)
            raise PlatformUnreachable("lost")
        if self.mode == "replayed" and self._lost:
            return random.choice(self._lost)
        if self.mode == "forged":
            return sign(STRANGER, {**claims, "at_ms": world.true_ms + random.choice((-1, 1)) * YEAR_MS})
        if self.mode == "jumped":
            days = random.choice((-400, -2, 2, 30, 3_652)) * 86_400_000
            return sign(TIME_KEY, {**claims, "at_ms": world.true_ms + days})
        if self.mode == "other_purpose":
            return sign(PASS_KEY, {**claims, "at_ms": world.true_ms + YEAR_MS})
        world.pass_time(
            random.randrange(10_500, 3_600_000) if self.mode == "slow" else random.randrange(3_000)
        )
        return answer
