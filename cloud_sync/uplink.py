"""Uplink: the journal past the acknowledged seq goes to the platform in batches, until it has custody.

A batch whose acknowledgement was lost is posted again; the platform knows it by (device, epoch, seq) and
hash. At most two batches are in memory: one on its way, one made ready behind it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from cloud_sync import identity, records
from cloud_sync.events import UplinkHalted
from cloud_sync.giving_way import GivingWay
from cloud_sync.http import DetailedRejection, Patience, PlatformBusy, PlatformHttp
from cloud_sync.link_use import LinkUse
from cloud_sync.outbox import Outbox, Posting
from cloud_sync.progress import Meter, Progress
from cloud_sync.standing import StreamCheck
from cloud_sync.wire.batches import MEDIA_TYPE, BatchAccepted, choose_encoding
from edge.errors import PlatformError, PlatformRejected, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store import journal
from edge.store.identity import IDENTITY_TOPIC, quarantine_of
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit

T = TypeVar("T")

log = logging.getLogger(__name__)

SMALLEST_BATCH = 10
HALT_PAUSE_S = 300.0
PATIENCE = Patience(connect_s=4.0, silence_s=3.0, total_s=20.0)
PROBE_PATIENCE = Patience(connect_s=2.5, silence_s=1.5, total_s=4.0)
_ENVELOPE_FAULTS = frozenset(
    {"wrong_stream", "batch_malformed", "batch_too_large", "epoch_not_begun", "protocol_unsupported"}
)
_OTHER_DEVICE = frozenset({"fork", "quarantined", "superseded"})
OTHER_HASH = "other_hash_acknowledged"
"""The platform says that it holds another history than ours: nothing is acknowledged by that."""
BEFORE_OLDEST = "before_the_oldest_entry"
"""The platform asks for entries that are only in archives here: its custody lost them."""
ALARM = "uplink_halted"


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
        use: LinkUse = LinkUse(),  # noqa: B008 - a NamedTuple does not change
        batch_events: int | None = None,
        patience: Patience = PATIENCE,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._use = use
        self._limit = self._batch_events = batch_events or use.batch_events
        self._patience = patience
        self._backoff = backoff or Backoff(first_s=0.2, limit_s=use.probe_limit_s, least=0.0)
        self._doubt = Backoff(first_s=1.0, limit_s=HALT_PAUSE_S)
        self._sleep = sleep
        self._outbox = Outbox(store, batch_bytes=use.batch_bytes)
        self._check = StreamCheck(store=store, http=http, patience=patience)
        self._meter = Meter()
        self._way = GivingWay()
        self._refused_encodings: set[str] = set()
        self._acknowledged: int | None = None
        self._started_at = store.executor.head
        self.confirmed = asyncio.Event()
        self._has_turn = False
        self.online: bool | None = None
        self.halted: str | None = None

    @property
    def waiting(self) -> int | None:
        """How many events the platform does not have yet; None until that was looked up."""
        known = self._acknowledged
        return None if known is None else max(0, self._store.executor.head.seq - known)

    @property
    def progress(self) -> Progress | None:
        """How far the backlog has drained; None until it was looked up."""
        waiting = self.waiting
        return None if waiting is None else self._meter.progress(waiting)

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            with self._store.notifier.subscribe("journal") as hints:
                while True:
                    if await self._send_or_rest() == 0:
                        await hints.wait(self._use.idle_poll_s)
        finally:
            self._outbox.clear()

    async def _send_or_rest(self) -> int | None:
        """Send the next batch; after a failure rest as long as it asks for, and return None."""
        try:
            if self.online is False and not self._has_turn:
                await self._answer(self._check.probe(self._started_at, _shorter(self._patience)))
            self._has_turn = False
            return await self.send_next(read_ahead=self._use.read_ahead)
        except PlatformBusy as busy:
            # Who says when to come again is there; a bare 503 may come from whatever stands before it.
            self._has_turn = busy.retry_after_s is not None
            await self._sleep(busy.rest_s(self._backoff))
        except PlatformUnreachable:
            self._limit = max(SMALLEST_BATCH, self._limit // 2)
            await self._http.reach.rest(self._sleep(self._backoff.next_s()))
        except PlatformRejected as rejected:
            self._outbox.clear()
            await self._meet_rejection(rejected)
        return None

    async def send_next(self, *, read_ahead: bool = False) -> int:
        """Send one batch and note its acknowledgement; returns how many events it held, 0 when none waits.

        Raises PlatformUnreachable, PlatformRejected.
        """
        if self._acknowledged is None:
            self._acknowledged = await self._store.read(records.read_acknowledged)
        if not self.confirmed.is_set():
            await self._answer(self._check.confirm(self._started_at))
            self.confirmed.set()
            self._acknowledged = await self._store.read(records.read_acknowledged)
        posting = await self._outbox.take(self._acknowledged, self._limit)
        if posting is None:
            return 0
        header, began_s = posting.header, time.monotonic()
        if read_ahead and header.count >= SMALLEST_BATCH:
            self._outbox.read_ahead(header.last_seq, self._limit)
        await self._note(posting, await self._post(posting))
        self._limit = min(self._batch_events, self._limit * 2)
        if (rest_s := self._rest_s(posting, time.monotonic() - began_s)) > 0:
            await self._sleep(rest_s)
        return header.count

    def _rest_s(self, posting: Posting, taken_s: float) -> float:
        """How long to rest after a batch: for the line's limit, and for people while a backlog drains."""
        for_people_s = self._way.rest_s(self._store.executor.head.seq, taken_s)
        is_backlog = (self.waiting or 0) > posting.header.count
        return max(self._use.rest_s(len(posting.body), taken_s), for_people_s if is_backlog else 0.0)

    async def _post(self, posting: Posting) -> BatchAccepted:
        headers = {"Content-Type": MEDIA_TYPE, "Content-Encoding": self._outbox.encoding}
        return await self._answer(
            self._http.ask_raw(
                "POST",
                self._http.device_path + "/batches",
                BatchAccepted,
                body=posting.body,
                headers=headers,
                patience=self._patience,
            )
        )

    async def _answer(self, asked: Awaitable[T]) -> T:
        try:
            answer = await asked
        except PlatformUnreachable:
            self.online = False
            raise
        self.online = True
        return answer

    async def _note(self, posting: Posting, answer: BatchAccepted) -> None:
        """Note what the platform holds of what we sent, if that is what it says."""
        last_seq = posting.header.last_seq
        if not await self._check.is_ours(posting.header, answer):
            raise DetailedRejection(HTTPStatus.CONFLICT, OTHER_HASH, {"seq": answer.acknowledged_seq})
        await self._store.run(partial(_note_custody, seq=last_seq), lane=Lane.BULK)
        self._acknowledged, self.halted = last_seq, None
        self._meter.note(posting.header.count, waiting=self.waiting or 0)
        self._backoff.reset()
        self._doubt.reset()

    async def _meet_rejection(self, rejected: PlatformRejected) -> None:
        self.online = True
        details = rejected.details if isinstance(rejected, DetailedRejection) else {}
        expected = details.get("expected_seq")
        if rejected.code == "gap" and isinstance(expected, int):
            await self._go_back(expected)
        elif rejected.code in _OTHER_DEVICE:
            await self._stop(rejected.code, int(details.get("seq", 0)), int(details.get("epoch", 0)))
        elif rejected.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            await self._compress_otherwise(rejected.code, str(details.get("accept_encoding", "")))
        elif rejected.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and self._limit > 1:
            self._limit = self._batch_events = self._limit // 2
        elif rejected.code == OTHER_HASH:
            await self._halt(OTHER_HASH, (self._acknowledged or 0) + 1)
            await self._sleep(self._doubt.next_s())
        elif rejected.code in _ENVELOPE_FAULTS:
            await self._halt(rejected.code, (self._acknowledged or 0) + 1)
            await self._sleep(HALT_PAUSE_S)
        else:
            log.warning("uplink: %s", rejected)
            await self._sleep(self._backoff.next_s())

    async def _compress_otherwise(self, code: str, accepted: str) -> None:
        """Take the next best encoding that the platform knows; when there is none, nothing can leave."""
        self._refused_encodings.add(self._outbox.encoding)
        encoding = choose_encoding(accepted)
        if encoding is None or encoding in self._refused_encodings:
            await self._halt(code, (self._acknowledged or 0) + 1)
            await self._sleep(HALT_PAUSE_S)
            self._refused_encodings.clear()
        else:
            self._outbox.encoding = encoding

    async def _go_back(self, expected_seq: int) -> None:
        """Send again from the seq that the platform asks for, unless that entry was cut into an archive."""
        kept = await self._store.read(journal.first_kept)
        if expected_seq <= kept.seq:
            await self._halt(BEFORE_OLDEST, expected_seq)
            await self._sleep(HALT_PAUSE_S)
            return
        log.warning("the platform asks for events from seq %d again", expected_seq)
        self._acknowledged = expected_seq - 1
        await self._sleep(self._backoff.next_s())

    async def _stop(self, code: str, seq: int, epoch: int) -> None:
        """Another device of our name: quarantine; then wait until a person settled it, or look again."""
        self.halted = code
        self.confirmed.clear()
        with self._store.notifier.subscribe(IDENTITY_TOPIC) as settled:
            await self._store.run(lambda unit: identity.stop(unit, code, seq, epoch_seen=epoch))
            try:
                common = await self._check.find_common()
                await self._store.run(
                    lambda unit: records.write_acknowledged(unit.connection, common), lane=Lane.BULK
                )
            except PlatformError as error:
                log.info("uplink: %s", error)
            while await self._store.read(quarantine_of) is not None:
                if not await settled.wait(HALT_PAUSE_S):
                    break
        self._acknowledged = None

    async def _halt(self, code: str, seq: int) -> None:
        self.halted = code

        def note(unit: Unit) -> None:
            if records.write_halted(unit.connection, code):
                unit.record(UplinkHalted(code=code, seq=seq), actor="uplink")
                raise_alarm(unit, kind=ALARM, source="uplink", detail=f"{code} from entry {seq}")

        await self._store.run(note, lane=Lane.BULK)


def _shorter(patience: Patience) -> Patience:
    """A probe's patience: never longer than a batch's."""
    return Patience(*(min(ours, probe) for ours, probe in zip(patience, PROBE_PATIENCE, strict=True)))


def _note_custody(unit: Unit, *, seq: int) -> None:
    """The platform has custody up to a seq; whatever halted the uplink is over."""
    records.write_acknowledged(unit.connection, seq)
    if records.clear_halted(unit.connection):
        clear_alarm(unit, kind=ALARM, source="uplink")
