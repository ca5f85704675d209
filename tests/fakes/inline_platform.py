"""The reference platform's custody, applying and feed in the test's thread, on a bad network."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from cloud_sync.http import DetailedRejection
from cloud_sync.platform import applying, custody, feed
from cloud_sync.platform.schema import SCHEMA
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.store.sqlite import open_memory
from cloud_sync.reach import Reach
from cloud_sync.wire.batches import decode_batch
from cloud_sync.wire.commands import NonceNotice
from edge.errors import PlatformRejected, PlatformUnreachable, Refusal
from edge.proof.evidence import Custody, Stream

T = TypeVar("T")


class InlinePlatform:
    """Stands where `PlatformHttp` stands. `away`: nothing arrives; `answers_lost`: what arrives is taken, the

    answer is lost. `posted` keeps every batch, to be delivered again late; `nonces` every nonce.
    """

    site_path = "/v1/sites/heyuanli"
    device_path = "/v1/sites/heyuanli/devices/k1"

    def __init__(
        self,
        records: Mapping[str, Mapping[str, dict[str, Any]]],
        now_ms: Callable[[], int],
        *,
        schema: str = SCHEMA,
    ) -> None:
        self.connection = open_memory(home="heyuanli", schema=schema)
        self.away = self.answers_lost = False
        self.reach = Reach()
        self.posted: list[bytes] = []
        self.nonces: list[str] = []
        self._now_ms = now_ms
        for collection, rows in records.items():
            for name, data in rows.items():
                self.put(collection, name, data)

    def put(self, collection: str, name: str, data: dict[str, Any] | None) -> None:
        """Author a record."""
        feed.put_record(self.connection, collection, name, data)

    async def ask_raw(self, method: str, path: str, shape: type[T], *, body: bytes, **_: object) -> T:
        """Take a batch."""
        self._arrive()
        self.posted.append(body)
        answer = self.take(body)
        self._answer()
        return msgspec.convert(msgspec.to_builtins(answer), shape)

    async def ask(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        query: Mapping[str, int | str] | None = None,
        **_: object,
    ) -> T:
        """Say where custody stands."""
        self._arrive()
        asked = query or {}
        answer = self._standing(int(asked["seq"]), str(asked["hash"]))
        self._answer()
        return msgspec.convert(msgspec.to_builtins(answer), shape)

    def _standing(self, seq: int, digest: str) -> object:
        try:
            return custody.read_standing(self.connection, "k1", seq, digest)
        except custody.EventNotHere as refusal:
            raise PlatformRejected(HTTPStatus.NOT_FOUND, refusal.code) from refusal

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        query: Mapping[str, int | str] | None = None,
        **_: object,
    ) -> bytes:
        """Give a page of the feed, or hear a nonce."""
        self._arrive()
        if path.endswith("/feed"):
            asked = query or {}
            page = feed.read_page(self.connection, int(asked["cursor"]), int(asked["limit"]))
            answer = msgspec.json.encode(page)
        else:
            self.nonces.append(msgspec.json.decode(body, type=NonceNotice).nonce)
            answer = b""
        self._answer()
        return answer

    def take(self, body: bytes) -> object:
        """What `POST …/batches` does; an envelope fault is a rejection."""
        try:
            batch = decode_batch(body)
            hashes, envelopes = custody.check_batch(batch, site="heyuanli", device="k1")
            self.connection.execute("BEGIN")
            try:
                accepted = custody.take_custody(
                    self.connection, batch, hashes, envelopes, now_ms=self._now_ms()
                )
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
        except Refusal as refusal:
            raise DetailedRejection(HTTPStatus.CONFLICT, refusal.code, refusal.details) from refusal
        return accepted

    def apply(self) -> None:
        """Apply everything in custody, parked events too."""
        while applying.apply_next(self.connection, now_ms=self._now_ms()).more:
            pass
        applying.retry_parked(self.connection, now_ms=2**52)

    def collect(self, *, drained: bool, acknowledged_seq: int) -> Custody:
        """What is in custody, event by event."""
        return read_custody(self.connection, drained=drained, acknowledged_seq=acknowledged_seq)

    def _arrive(self) -> None:
        if self.away:
            raise PlatformUnreachable("the platform is away")

    def _answer(self) -> None:
        if self.answers_lost:
            raise PlatformUnreachable("no answer came back")


def read_custody(connection: Connection, *, drained: bool, acknowledged_seq: int) -> Custody:
    """What the platform has in custody, event by event, and, once drained, its figures by its own SQL."""
    run = connection.execute
    hashes = {(row[0], row[1]): row[2] for row in run("SELECT epoch, seq, hash FROM events")}
    streams = [
        Stream(*row)
        for row in run(
            "SELECT epoch, (SELECT count(*) FROM events e WHERE e.epoch = s.epoch), head_seq, head_hash,"
            " (SELECT count(*) FROM parked p WHERE p.epoch = s.epoch), quarantine, first_seq"
            " FROM streams s"
        )
    ]
    figures = _figures(connection) if drained else None
    return Custody(streams, drained, figures, hashes, acknowledged_seq)


def _figures(connection: Connection) -> dict[str, int]:
    run = connection.execute
    sales = run("SELECT count(*), coalesce(sum(total_fen), 0) FROM sales").fetchone()
    fees = run("SELECT count(*), coalesce(sum(amount_fen + penalty_fen), 0) FROM fees").fetchone()
    opened = dict(run("SELECT outcome, count(*) FROM openings GROUP BY outcome").fetchall())
    return {
        "sales": sales[0],
        "sales_fen": sales[1],
        "fees": fees[0],
        "fees_fen": fees[1],
        "collected": run("SELECT count(DISTINCT order_id) FROM collections_done").fetchone()[0],
        "doors_opened": opened.get("door_opened", 0),
        "cells_opened": opened.get("cell_opened", 0),
    }
