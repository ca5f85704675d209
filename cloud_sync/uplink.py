"""Uplink: the journal past the acknowledged seq goes to the platform in batches, until it has custody.

A batch whose acknowledgement was lost is posted again; the platform knows it by (device, epoch, seq) and
hash. At most one batch is in memory.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from cloud_sync import identity, records
from cloud_sync.events import UplinkHalted
from cloud_sync.http import DetailedRejection, Patience, PlatformBusy, PlatformHttp
from cloud_sync.identity import Verdict
from cloud_sync.records import Outgoing
from cloud_sync.wire.batches import MEDIA_TYPE, BatchAccepted, BatchHeader, StreamStanding, encode_batch
from edge.errors import PlatformError, PlatformRejected, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store import journal
from edge.store.identity import IDENTITY_TOPIC, quarantine_of
from edge.store.journal import Head
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH_EVENTS = 250
SMALLEST_BATCH = 10
BACKOFF_LIMIT_S = 1.5
"""With a connection's 3 s of silence, the first batch leaves within 5 s after the network returns."""
IDLE_POLL_S = 5.0
"""A hint may be lost: look at the journal again after this time."""
HALT_PAUSE_S = 300.0
PATIENCE = Patience(connect_s=1.5, silence_s=3.0, total_s=20.0)
_ENVELOPE_FAULTS = frozenset(
    {"wrong_stream", "batch_malformed", "batch_too_large", "epoch_not_begun", "protocol_unsupported"}
)
_OTHER_DEVICE = frozenset({"fork", "quarantined", "superseded"})
OTHER_HASH = "other_hash_acknowledged"
"""The platform says that it holds another history than ours: nothing is acknowledged by that."""
BEFORE_OLDEST = "before_the_oldest_entry"
"""The platform asks for entries that are only in archives here: its custody lost them."""
ALARM = "uplink_halted"
_HEADERS = {"Content-Type": MEDIA_TYPE, "Content-Encoding": "zstd"}


class Uplink:
    """A role. `online` is None until the first answer; `halted` names why nothing more is taken.

    `confirmed` is set once the platform has said, to this process, where our stream stands.

    Before it sends anything it asks once where custody stands, so that an old copy that was put back begins a
    new epoch instead of a fork.
    """

    def __init__(
        self,
        *,
        store: Store,
        http: PlatformHttp,
        batch_events: int = BATCH_EVENTS,
        patience: Patience = PATIENCE,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._limit = self._batch_events = batch_events
        self._patience = patience
        self._backoff = backoff or Backoff(first_s=0.2, limit_s=BACKOFF_LIMIT_S)
        self._doubt = Backoff(first_s=1.0, limit_s=HALT_PAUSE_S)
        self._sleep = sleep
        self._acknowledged: int | None = None
        self._started_at = store.executor.head
        self.confirmed = asyncio.Event()
        self.online: bool | None = None
        self.halted: str | None = None

    @property
    def waiting(self) -> int | None:
        """How many events the platform does not have yet; None until that was looked up."""
        known = self._acknowledged
        return None if known is None else max(0, self._store.executor.head.seq - known)

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
        if not self.confirmed.is_set():
            await self._confirm()
            self._acknowledged = await self._store.read(records.read_acknowledged)
        after_seq, limit = self._acknowledged, self._limit
        outgoing = await self._store.read(
            lambda connection: records.read_outgoing(connection, after_seq=after_seq, limit=limit)
        )
        if outgoing is None:
            return 0
        await self._note(outgoing, await self._post(outgoing))
        self._limit = min(self._batch_events, self._limit * 2)
        return outgoing.header.count

    async def _confirm(self) -> None:
        """Ask where custody stands; begin a new epoch when it is ahead of where this process started."""
        try:
            standing = await self._ask_standing(self._started_at)
        except PlatformRejected as rejected:
            if rejected.status != HTTPStatus.NOT_FOUND:
                raise
            self.confirmed.set()
            return
        verdict = await self._store.read(lambda c: identity.judge(c, standing, self._started_at))
        if verdict is Verdict.AHEAD:
            log.warning("the platform holds %d, we started at %d", standing.head_seq, self._started_at.seq)
            await self._store.run(
                lambda unit: identity.go_on_in_new_epoch(unit, self._started_at, epoch=standing.epoch),
                lane=Lane.BULK,
            )
        elif verdict is not Verdict.IN_STEP:
            code = verdict.value if standing.quarantine is None else "quarantined"
            raise DetailedRejection(409, code, {"epoch": standing.epoch, "seq": standing.head_seq})
        self.confirmed.set()

    async def _ask_standing(self, link: Head) -> StreamStanding:
        path = self._http.device_path + "/standing"
        query: dict[str, str | int] = {"seq": link.seq, "hash": link.hash.hex()}
        standing = await self._answer(
            self._http.ask("GET", path, StreamStanding, query=query, patience=self._patience)
        )
        self.online = True
        return standing

    async def _post(self, outgoing: Outgoing) -> BatchAccepted:
        body = encode_batch(outgoing.header, outgoing.lines)
        answer = await self._answer(
            self._http.ask_raw(
                "POST",
                self._http.device_path + "/batches",
                BatchAccepted,
                body=body,
                headers=_HEADERS,
                patience=self._patience,
            )
        )
        self.online = True
        return answer

    async def _answer(self, asked: Awaitable[T]) -> T:
        try:
            return await asked
        except PlatformUnreachable:
            self.online = False
            raise

    async def _note(self, outgoing: Outgoing, answer: BatchAccepted) -> None:
        """Note what the platform holds of what we sent, if that is what it says."""
        last_seq = outgoing.header.last_seq
        if not await self._is_ours(outgoing.header, answer):
            raise DetailedRejection(HTTPStatus.CONFLICT, OTHER_HASH, {"seq": answer.acknowledged_seq})
        await self._store.run(partial(_note_custody, seq=last_seq), lane=Lane.BULK)
        self._acknowledged, self.halted = last_seq, None
        self._backoff.reset()
        self._doubt.reset()

    async def _is_ours(self, header: BatchHeader, answer: BatchAccepted) -> bool:
        """Tell whether the acknowledgement names our history; more than we have, in our epoch, is another's.

        An entry of a later epoch of ours cannot be compared with a longer end of the older stream: then the
        platform is asked for the link that we sent.
        """
        seq, last_seq = answer.acknowledged_seq, header.last_seq
        if answer.epoch != header.epoch:
            return False
        if seq < last_seq:
            raise PlatformUnreachable("the platform acknowledged less than it was sent")
        if seq == last_seq:
            return answer.hash == header.last_hash
        head = await self._store.read(records.read_head_seq)
        if seq > head and header.epoch == self._store.epoch:
            raise DetailedRejection(HTTPStatus.CONFLICT, "fork", {"epoch": header.epoch, "seq": head + 1})
        if seq <= head:
            epoch, digest = await self._store.read(partial(records.read_recorded, seq=seq))
            if epoch <= header.epoch:
                return answer.hash == digest
        standing = await self._ask_standing(Head(last_seq, bytes.fromhex(header.last_hash)))
        return standing.known

    async def _meet_rejection(self, rejected: PlatformRejected) -> None:
        self.online = True
        details = rejected.details if isinstance(rejected, DetailedRejection) else {}
        expected = details.get("expected_seq")
        if rejected.code == "gap" and isinstance(expected, int):
            await self._go_back(expected)
        elif rejected.code in _OTHER_DEVICE:
            await self._stop(rejected.code, int(details.get("seq", 0)), int(details.get("epoch", 0)))
        elif rejected.code == OTHER_HASH:
            await self._halt(OTHER_HASH, (self._acknowledged or 0) + 1)
            await self._sleep(self._doubt.next_s())
        elif rejected.code in _ENVELOPE_FAULTS:
            await self._halt(rejected.code, (self._acknowledged or 0) + 1)
            await self._sleep(HALT_PAUSE_S)
        else:
            log.warning("uplink: %s", rejected)
            await self._rest(None)

    async def _go_back(self, expected_seq: int) -> None:
        """Send again from the seq that the platform asks for, unless that entry was cut into an archive."""
        kept = await self._store.read(journal.first_kept)
        if expected_seq <= kept.seq:
            await self._halt(BEFORE_OLDEST, expected_seq)
            await self._sleep(HALT_PAUSE_S)
            return
        log.warning("the platform asks for events from seq %d again", expected_seq)
        self._acknowledged = expected_seq - 1
        await self._rest(None)

    async def _stop(self, code: str, seq: int, epoch: int) -> None:
        """Another device of our name: quarantine; then wait until a person settled it, or look again."""
        self.halted = code
        self.confirmed.clear()
        with self._store.notifier.subscribe(IDENTITY_TOPIC) as settled:
            await self._store.run(lambda unit: identity.stop(unit, code, seq, epoch_seen=epoch))
            try:
                await self._find_common()
            except PlatformError as error:
                log.info("uplink: %s", error)
            while await self._store.read(quarantine_of) is not None:
                if not await settled.wait(HALT_PAUSE_S):
                    break
        self._acknowledged = None

    async def _find_common(self) -> None:
        """Halve the way between what was acknowledged and our head until the last common event is found."""
        low = await self._store.read(records.read_acknowledged)
        high = await self._store.read(records.read_head_seq)
        while low < high:
            middle = (low + high + 1) // 2
            link = await self._store.read(partial(records.read_link, seq=middle))
            if (await self._ask_standing(link)).known:
                low = middle
            else:
                high = middle - 1
        await self._store.run(lambda unit: records.write_acknowledged(unit.connection, low), lane=Lane.BULK)

    async def _halt(self, code: str, seq: int) -> None:
        self.halted = code

        def note(unit: Unit) -> None:
            if records.write_halted(unit.connection, code):
                unit.record(UplinkHalted(code=code, seq=seq), actor="uplink")
                raise_alarm(unit, kind=ALARM, source="uplink", detail=f"{code} from entry {seq}")

        await self._store.run(note, lane=Lane.BULK)

    async def _rest(self, asked_s: float | None) -> None:
        await self._sleep(self._backoff.next_s() if asked_s is None else asked_s)


def _note_custody(unit: Unit, *, seq: int) -> None:
    """The platform has custody up to a seq; whatever halted the uplink is over."""
    records.write_acknowledged(unit.connection, seq)
    if records.clear_halted(unit.connection):
        clear_alarm(unit, kind=ALARM, source="uplink")
