"""Devices that have certificates: looked up once a second, all at once, their refusals noted once a minute.

So a revocation bites within a second, and a device that is turned away for ever costs a write a minute.
"""

import asyncio
import hashlib
import hmac
import secrets
from functools import partial
from typing import ClassVar, TypeVar

from cloud_sync.platform import enrolment
from cloud_sync.platform.custody import note_incident
from cloud_sync.platform.database import Database
from cloud_sync.platform.enrolment import Device
from edge.errors import Refusal
from edge.trust.certificates import Holder

LOOK_AGAIN_MS = 1_000
NOTE_AGAIN_MS = 60_000
LATELY_MS = 30_000
LOOKED_AT_ONCE = 500
NONCE_LIFE_MS = 60_000
REMEMBERED = 20_000
"""Devices and refusals in memory; beyond that the oldest is forgotten."""
K = TypeVar("K")
V = TypeVar("V")


class ProofStale(Refusal):
    """The nonce in the request is not ours, or older than a minute."""

    code: ClassVar[str] = "proof_stale"


class RenewalNonces:
    """Nonces for requests for a certificate, which need not be remembered: they say when they were made."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, device: str, *, now_ms: int) -> str:
        """A nonce for a device."""
        return f"{now_ms}.{self._seal(device, now_ms)}"

    def check(self, device: str, nonce: str, *, now_ms: int) -> None:
        """Raises ProofStale."""
        made, _, seal = nonce.partition(".")
        if not (nonce.isascii() and made.isdecimal() and len(made) <= 15):
            raise ProofStale()
        in_time = 0 <= now_ms - int(made) < NONCE_LIFE_MS
        if not (in_time and hmac.compare_digest(seal, self._seal(device, int(made)))):
            raise ProofStale()

    def _seal(self, device: str, at_ms: int) -> str:
        name = f"{device}.{at_ms}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, name, hashlib.sha256).hexdigest()[:32]


class _Known:
    """A device as it was looked up last, and when somebody asked in its name."""

    __slots__ = ("asked_ms", "device", "looked_ms")

    def __init__(self, now_ms: int) -> None:
        self.looked_ms = self.asked_ms = now_ms
        self.device: Device | None = None


class KnownDevices:
    """Devices as they were looked up last, and which refusals were noted lately."""

    def __init__(self) -> None:
        self.nonces = RenewalNonces()
        self._devices: dict[str, _Known] = {}
        self._looking: asyncio.Task[None] | None = None
        self._noted: dict[tuple[str, str], int] = {}

    async def find(self, database: Database, holder: Holder, *, now_ms: int) -> Device | None:
        """The device that a certificate names."""
        while (known := self._devices.get(holder.device)) and now_ms - known.looked_ms >= LOOK_AGAIN_MS:
            known.asked_ms = now_ms
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look_again(database, now_ms))
            await asyncio.shield(self._looking)
        if known is None:
            known = _Known(now_ms)
            known.device = await database.read(lambda c: enrolment.find_device(c, holder.device))
            _remember(self._devices, holder.device, known)
        known.asked_ms = now_ms
        return known.device

    async def _look_again(self, database: Database, now_ms: int) -> None:
        """Look up every device that asked lately: one question, however many they are. Raises StoreAway."""
        lately = [name for name, known in self._devices.items() if now_ms - known.asked_ms < LATELY_MS]
        for start in range(0, len(lately), LOOKED_AT_ONCE):
            names = lately[start : start + LOOKED_AT_ONCE]
            found = await database.read(partial(enrolment.find_devices, devices=names))
            for name in names:
                known = self._devices.get(name)
                if known is not None and known.looked_ms < now_ms:
                    known.looked_ms, known.device = now_ms, found.get(name)

    def forget(self, device: str) -> None:
        """Something about a device was changed here: look it up again."""
        self._devices.pop(device, None)

    async def note(self, database: Database, holder: Holder, code: str, *, now_ms: int) -> None:
        """Keep a refusal for the people of the fleet, in the name of the device that proved who it is."""
        if now_ms - self._noted.get((holder.device, code), -NOTE_AGAIN_MS) < NOTE_AGAIN_MS:
            return
        _remember(self._noted, (holder.device, code), now_ms)
        await database.of(holder.site).take(
            lambda c: note_incident(c, holder.device, 0, code=code, seq=0, now_ms=now_ms)
        )


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
