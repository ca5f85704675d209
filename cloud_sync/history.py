"""What the platform has in custody, read back into a journal's copy (docs/adr/0033).

The chain proves that the entries are ours and follow what the copy holds; the platform's counter-signature
proves that they are all that it vouches for.
"""

from collections.abc import Callable
from typing import NamedTuple

from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire.batches import Batch, BatchDamaged, BatchMalformed, decode_batch, verify_batch
from edge.errors import PlatformRejected, PlatformUnreachable, StoreError
from edge.store.journal import Head
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.checkpoint import Checkpoint, open_checkpoint
from edge.trust.keys import KeySet

PATIENCE = Patience(connect_s=4.0, silence_s=10.0, total_s=60.0)

Append = Callable[[Unit, list[bytes]], Head]
Progress = Callable[[int, int], None]
"""Told entries done and entries in all."""


class HistoryDenied(StoreError):
    """Custody does not go on from this copy, or is not what the platform signed; `code` says which.

    Codes: `link_unknown` (another life of the device went on from another entry), `not_as_signed`,
    `damaged`.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Filled(NamedTuple):
    """Up to where a copy reached before and reaches now."""

    before: Head
    after: Head


class HistoryReader:
    """Reads custody page by page. Raises PlatformError."""

    def __init__(self, http: PlatformHttp, *, site: str, device: str) -> None:
        self._http = http
        self._site = site
        self._device = device

    async def read_checkpoint(self, keys: KeySet) -> Checkpoint | None:
        """The newest counter-signature, None when nothing is in custody. Raises Refusal."""
        try:
            message = await self._http.exchange(
                "GET", self._http.device_path + "/checkpoint", patience=PATIENCE
            )
        except PlatformRejected as rejected:
            if rejected.code == "not_found":
                return None
            raise
        return open_checkpoint(message, keys, site=self._site, device=self._device)

    async def read_page(self, after: Head) -> Batch | None:
        """The next entries after a link, None at the end. Raises HistoryDenied."""
        query: dict[str, str | int] = {"from": after.seq + 1, "hash": after.hash.hex()}
        try:
            body = await self._http.exchange(
                "GET", self._http.device_path + "/events", query=query, patience=PATIENCE
            )
        except PlatformRejected as rejected:
            if rejected.code == "link_unknown":
                raise HistoryDenied("link_unknown") from rejected
            raise
        if not body:
            return None
        try:
            batch = decode_batch(body, encoding="identity")
        except BatchMalformed as error:
            # Somebody else's page, for instance of a network that wants a sign-in: no answer at all.
            raise PlatformUnreachable("the answer is not of the protocol") from error
        try:
            verify_batch(batch, site=self._site)
        except (BatchMalformed, BatchDamaged) as error:
            raise HistoryDenied("damaged") from error
        header = batch.header
        follows = (header.first_seq, header.previous_hash) == (after.seq + 1, after.hash.hex())
        if header.device != self._device or not follows:
            raise HistoryDenied("damaged")
        return batch


async def fill_gap(
    store: Store, reader: HistoryReader, keys: KeySet, append: Append, progress: Progress
) -> Filled:
    """Bring a copy's journal up to what the platform has in custody.

    Raises PlatformError, HistoryDenied, Refusal, HistoryUnfit; what was appended until then is to be thrown
    away with the copy.
    """
    before = after = store.executor.head
    signed = await reader.read_checkpoint(keys)
    if signed is None or signed.seq < before.seq:
        return Filled(before, after)
    _compare(signed, after)
    while (batch := await reader.read_page(after)) is not None:
        lines = list(batch.lines)
        if after.seq < signed.seq < batch.header.first_seq + len(lines):
            # The signed entry ends a page of its own, so that its hash is compared before it is passed.
            lines = lines[: signed.seq - after.seq]
        after = await store.run(lambda unit, lines=lines: append(unit, lines))  # type: ignore[misc]
        _compare(signed, after)
        progress(after.seq - before.seq, max(signed.seq, after.seq) - before.seq)
    if after.seq < signed.seq:
        raise HistoryDenied("not_as_signed")
    return Filled(before, after)


def _compare(signed: Checkpoint, head: Head) -> None:
    if signed.seq == head.seq and signed.hash != head.hash.hex():
        raise HistoryDenied("not_as_signed")
