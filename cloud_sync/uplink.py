"""Uplink: the journal past the acknowledged seq goes to the platform in batches, until it has custody.

A batch whose acknowledgement was lost is posted again; the platform knows it by (device, epoch, seq) and
hash. At most one batch is in memory.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from cloud_sync import records
from cloud_sync.events import UplinkHalted
from cloud_sync.http import DetailedRejection, Patience, PlatformBusy, PlatformHttp
from cloud_sync.records import Outgoing
from cloud_sync.wire.batches import MEDIA_TYPE, BatchAccepted, encode_batch
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit

log = logging.getLogger(__name__)

BATCH_EVENTS = 250
SMALLEST_BATCH = 10
BACKOFF_LIMIT_S = 1.5
"""With a connection's 3 s of silence, the first batch leaves within 5 s after the network returns."""
IDLE_POLL_S = 5.0
"""A hint may be lost: look at the journal again after this time."""
HALT_PAUSE_S = 300.0
PATIENCE = Patience(connect_s=1.5, silence_s=3.0, total_s=20.0)
_ENVELOPE_FAULTS = frozenset({"fork", "quarantined", "wrong_stream", "batch_malformed", "batch_too_large"})
_HEADERS = {"Content-Type": MEDIA_TYPE, "Content-Encoding": "zstd"}


class Uplink:
    """A role. `online` is None until the first answer; `halted` names an envelope fault."""

    def __init__(
        self,
        *,
        store: Store,
        http: PlatformHttp,
        batch_events: int = BATCH_EVENTS,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._limit = self._batch_events = batch_events
        self._backoff = backoff or Backoff(first_s=0.2, limit_s=BACKOFF_LIMIT_S)
        self._sleep = sleep
        self._acknowledged: int | None = None
        self.online: bool | None = None
        self.halted: str | None = None

    async def run(self) -> None:
        """Send until cancelled."""
        with self._store.notifier.subscribe("journal") as hints:
            while True:
                try:
                    sent = await self.send_next()
                except PlatformBusy as busy:
                    await self._rest(busy.retry_after_s)
                except PlatformUnreachable:
                    self._limit = max(SMALLEST_BATCH, self._limit // 2)
                    await self._rest(None)
                except PlatformRejected as rejected:
                    await self._meet_rejection(rejected)
                else:
                    if sent == 0:
                        await hints.wait(IDLE_POLL_S)

    async def send_next(self) -> int:
        """Send one batch and note its acknowledgement; returns how many events it held, 0 when none waits.

        Raises PlatformUnreachable, PlatformRejected.
        """
        if self._acknowledged is None:
            self._acknowledged = await self._store.read(records.read_acknowledged)
        after_seq, limit = self._acknowledged, self._limit
        outgoing = await self._store.read(
            lambda connection: records.read_outgoing(connection, after_seq=after_seq, limit=limit)
        )
        if outgoing is None:
            return 0
        acknowledged = await self._post(outgoing)
        await self._note(acknowledged)
        self._limit = min(self._batch_events, self._limit * 2)
        return outgoing.header.count

    async def _post(self, outgoing: Outgoing) -> int:
        body = encode_batch(outgoing.header, outgoing.lines)
        try:
            answer = await self._http.ask_raw(
                "POST",
                self._http.device_path + "/batches",
                BatchAccepted,
                body=body,
                headers=_HEADERS,
                patience=PATIENCE,
            )
        except PlatformUnreachable:
            self.online = False
            raise
        self.online, self.halted = True, None
        self._backoff.reset()
        return answer.acknowledged_seq

    async def _note(self, seq: int) -> None:
        """Note what the platform holds; a head beyond our journal means that ours is an old copy."""
        head = await self._store.read(records.read_head_seq)
        if seq > head:
            await self._halt("platform_ahead", seq)
            raise PlatformRejected(409, "platform_ahead")
        await self._store.run(lambda unit: records.write_acknowledged(unit.connection, seq), lane=Lane.BULK)
        self._acknowledged = seq

    async def _meet_rejection(self, rejected: PlatformRejected) -> None:
        self.online = True
        expected = rejected.details.get("expected_seq") if isinstance(rejected, DetailedRejection) else None
        if rejected.code == "gap" and isinstance(expected, int):
            log.warning("the platform asks for events from seq %d again", expected)
            self._acknowledged = expected - 1
            await self._rest(None)
        elif rejected.code in _ENVELOPE_FAULTS or rejected.code == "platform_ahead":
            await self._halt(rejected.code, (self._acknowledged or 0) + 1)
            await self._sleep(HALT_PAUSE_S)
        else:
            log.warning("uplink: %s", rejected)
            await self._rest(None)

    async def _halt(self, code: str, seq: int) -> None:
        self.halted = code

        def note(unit: Unit) -> None:
            if records.write_halted(unit.connection, code):
                unit.record(UplinkHalted(code=code, seq=seq), actor="uplink")

        await self._store.run(note, lane=Lane.BULK)

    async def _rest(self, asked_s: float | None) -> None:
        await self._sleep(self._backoff.next_s() if asked_s is None else asked_s)
