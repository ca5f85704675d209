"""Asks the platform to counter-sign what it has in custody, and keeps what it signed.

A role beside the uplink. A valid signature over another hash than ours means that two histories claim this
device: it is stopped (see cloud_sync/identity.py), and a person settles it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum

from cloud_sync import records
from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.identity import stop
from edge.errors import PlatformError, PlatformRejected, Refusal
from edge.ids import Identity
from edge.store import checkpoints, journal
from edge.store.checkpoints import StoredCheckpoint
from edge.store.facts import get_int
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.checkpoint import Checkpoint, open_checkpoint
from edge.trust.clock import Clock
from edge.trust.keys import KeySet

log = logging.getLogger(__name__)

EVERY_EVENTS = 1_000
EVERY_MS = 24 * 3_600_000
LOOK_EVERY_S = 60.0
PATIENCE = Patience(connect_s=4.0, silence_s=3.0, total_s=5.0)
CHECKPOINT_TOPIC = "checkpoint"
"""Hinted after a checkpoint was kept."""


class CheckpointKeeper:
    """A role: one question after every 1,000 acknowledged events, or daily when there are fewer."""

    def __init__(
        self,
        *,
        store: Store,
        http: PlatformHttp,
        keys: Callable[[], KeySet],
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._keys = keys
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                if await self.is_due():
                    await self.ask()
            except (PlatformError, Refusal) as error:
                log.info("checkpoint: %s", error)
            await self._sleep(LOOK_EVERY_S)

    async def is_due(self) -> bool:
        """Tell whether custody has gone far enough, or for long enough, past the newest checkpoint."""
        acknowledged, newest = await self._store.read(
            lambda connection: (records.read_acknowledged(connection), checkpoints.newest(connection))
        )
        if newest is None:
            return acknowledged > 0
        if acknowledged <= newest.seq:
            return False
        old = self._clock.now().at_ms - newest.at_ms >= EVERY_MS
        return old or acknowledged - newest.seq >= EVERY_EVENTS

    async def ask(self) -> Checkpoint:
        """Ask once, verify, keep. Raises PlatformError, Refusal (`fork`)."""
        message = await self._http.exchange("GET", self._http.device_path + "/checkpoint", patience=PATIENCE)
        checkpoint = open_checkpoint(message, self._keys(), site=self._store.site, device=self._store.device)
        verdict = await self._store.run(
            lambda unit: keep_checkpoint(unit, checkpoint, message), lane=Lane.BULK
        )
        if verdict is not Verdict.KEPT:
            raise PlatformRejected(409, verdict.value)
        return checkpoint


class Verdict(StrEnum):
    """What a checkpoint turned out to be: ours, another history under our epoch, or not comparable."""

    KEPT = "kept"
    FORK = "fork"
    OTHER_EPOCH = "other_epoch"
    AHEAD = "platform_ahead"


def keep_checkpoint(unit: Unit, checkpoint: Checkpoint, message: bytes) -> Verdict:
    """Keep a verified checkpoint of our own history; another history under the same epoch is a fork.

    A head beyond ours, or of another epoch, is left to the uplink, which meets it with its next batch.
    """
    connection = unit.connection
    if checkpoint.seq > journal.read_head(connection).seq:
        return Verdict.AHEAD
    if journal.was_cut(connection, checkpoint.seq):
        return Verdict.KEPT  # it was signed before it was archived
    row = next(journal.tail(connection, checkpoint.seq - 1, 1))
    if Identity.parse(row.id).epoch != checkpoint.epoch:
        return Verdict.OTHER_EPOCH
    digest = bytes.fromhex(checkpoint.hash)
    if row.hash != digest and checkpoint.epoch < get_int(connection, "epoch", 1):
        return Verdict.OTHER_EPOCH  # the end of a life of ours that the present epoch closed
    if row.hash != digest:
        stop(unit, Verdict.FORK.value, checkpoint.seq)
        return Verdict.FORK
    kept = StoredCheckpoint(checkpoint.seq, checkpoint.epoch, digest, checkpoint.at_ms, message)
    checkpoints.put(connection, kept)
    unit.hint(CHECKPOINT_TOPIC)
    return Verdict.KEPT
