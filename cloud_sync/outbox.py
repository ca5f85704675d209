"""The next batch, read and compressed in a reader's thread; at most one more is made ready meanwhile."""

import asyncio
import sqlite3
from typing import NamedTuple

from cloud_sync import records
from cloud_sync.wire.batches import ENCODINGS, BatchHeader, encode_batch
from edge.store.store import Store


class Posting(NamedTuple):
    """A batch ready to leave: its header and its compressed body."""

    header: BatchHeader
    body: bytes


class Outbox:
    """Makes postings from the journal, compressed by `encoding` (one of wire.batches.ENCODINGS)."""

    def __init__(self, store: Store, *, batch_bytes: int) -> None:
        self._store = store
        self._batch_bytes = batch_bytes
        self._ahead: tuple[int, asyncio.Task[Posting | None]] | None = None
        self.encoding = ENCODINGS[0]

    async def take(self, after_seq: int, limit: int) -> Posting | None:
        """The batch after a seq, at most `limit` events; None when nothing waits."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            seq, task = ahead
            if seq == after_seq and (posting := await task) is not None and posting.header.count <= limit:
                return posting
            _drop(task)
        return await self._read(after_seq, limit)

    def read_ahead(self, after_seq: int, limit: int) -> None:
        """Begin to make the batch after a seq ready, if none is yet."""
        if self._ahead is None:
            self._ahead = (after_seq, asyncio.create_task(self._read(after_seq, limit)))

    def clear(self) -> None:
        """Forget what was made ready."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            _drop(ahead[1])

    async def _read(self, after_seq: int, limit: int) -> Posting | None:
        encoding = self.encoding

        def read(connection: sqlite3.Connection) -> Posting | None:
            found = records.read_outgoing(
                connection,
                after_seq=after_seq,
                limit=limit,
                limit_bytes=self._batch_bytes,
                give_way=self._store.give_way,
            )
            if found is None:
                return None
            return Posting(found.header, encode_batch(found.header, found.lines, encoding=encoding))

        return await self._store.read(read)


def _drop(task: asyncio.Task[Posting | None]) -> None:
    """Not waited for: that would swallow a cancellation of whoever drops it."""
    task.cancel()
    if task.done() and not task.cancelled():
        task.exception()  # seen, so that nobody is told of it when the task goes
