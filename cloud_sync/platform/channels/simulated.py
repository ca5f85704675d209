"""Simulated WeChat Pay and Alipay: the channel port over their own world in the platform's database."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from cloud_sync.platform.channels import sim_books, sim_world
from cloud_sync.platform.channels import sim_records as records
from cloud_sync.platform.channels.port import (
    Notice,
    NoticeForged,
    Offer,
    Order,
    PayerCode,
    RefundOrder,
    RefundTrade,
    Trade,
)
from cloud_sync.platform.channels.sim_world import Said
from cloud_sync.platform.store.port import Connection, Units
from cloud_sync.wire.payments import BillLine
from cloud_sync.wire.payments import Channel as ChannelName

T = TypeVar("T")

SIGNATURE = "X-Sim-Signature"
SILENCE_S = 30.0
"""How long a request that gets no answer lasts, unless who asks gives up earlier."""
NOTICES_AT_ONCE = 50

TakeNotice = Callable[[Mapping[str, str], bytes], Awaitable[str]]
"""The platform's ear for a channel's notices; returns what it answered, for the record."""


class SignedNotice(NamedTuple):
    """A notice as it travels."""

    headers: Mapping[str, str]
    body: bytes


class SimulatedChannel:
    """`Channel` that misbehaves on request (`faults.py`).

    `pause` waits for seconds where the channel lets a request hang; `key` signs its notices. Notices go to
    `ear`, set once who listens exists: when `deliver` is called, and before an answer when a trade wants so.
    """

    def __init__(
        self,
        name: ChannelName,
        units: Units,
        *,
        clock_ms: Callable[[], int],
        pause: Callable[[float], Awaitable[None]],
        key: bytes,
    ) -> None:
        self.name: ChannelName = name
        self._units = units
        self._clock_ms = clock_ms
        self._pause = pause
        self._key = key
        self.ear: TakeNotice | None = None

    async def collect(self, order: Order) -> Offer:
        """Make a collection QR."""
        return await self._ask(lambda c, now_ms: sim_world.collect(c, self.name, order, now_ms))

    async def charge(self, order: Order, code: PayerCode) -> Trade:
        """Charge by a payment code."""
        digits = code.reveal()
        return await self._ask(lambda c, now_ms: sim_world.charge(c, self.name, order, digits, now_ms))

    async def query(self, order: Order) -> Trade:
        """What became of a trade."""
        return await self._ask(lambda c, now_ms: sim_world.query(c, self.name, order.attempt, now_ms))

    async def close(self, order: Order) -> Trade:
        """Close what nobody has paid."""
        return await self._ask(lambda c, now_ms: sim_world.close(c, self.name, order, now_ms))

    async def reverse(self, order: Order) -> Trade:
        """Take a trade back."""
        return await self._ask(lambda c, now_ms: sim_world.reverse(c, self.name, order, now_ms))

    async def refund(self, refund: RefundOrder) -> RefundTrade:
        """Give money back."""
        return await self._ask(lambda c, now_ms: sim_books.refund(c, self.name, refund, now_ms))

    async def query_refund(self, refund: RefundOrder) -> RefundTrade:
        """What became of a refund."""
        return await self._ask(lambda c, now_ms: sim_books.query_refund(c, self.name, refund.part))

    async def bill(self, date: str, payee: str) -> list[BillLine]:
        """The bill of a day."""
        return await self._ask(lambda c, now_ms: sim_books.make_bill(c, self.name, date, payee, now_ms))

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Check the signature of a notice."""
        if not hmac.compare_digest(headers.get(SIGNATURE, ""), self._sign(body)):
            raise NoticeForged(channel=self.name)
        try:
            return msgspec.json.decode(body, type=Notice)
        except msgspec.MsgspecError as error:
            raise NoticeForged(channel=self.name) from error

    async def deliver(self) -> int:
        """Send the notices that are due; returns how many."""
        take = self.ear
        if take is None:
            return 0

        def find(connection: Connection) -> list[records.SimNotice]:
            sim_world.go_on(connection, self._clock_ms())
            return records.due_notices(connection, self.name, self._clock_ms(), NOTICES_AT_ONCE)

        due = await self._units.write(find)
        for notice in due:
            signed = self.sign_notice(notice.body.encode(), forged=notice.forged)
            answer = await take(signed.headers, signed.body)
            await self._units.write(partial(records.note_delivery, notice=notice.id, answer=answer))
        return len(due)

    def sign_notice(self, body: bytes, *, forged: bool = False) -> SignedNotice:
        """A notice with this channel's signature, or with one that only looks like it."""
        return SignedNotice({SIGNATURE: "0" * 64 if forged else self._sign(body)}, body)

    async def _ask(self, act: Callable[[Connection, int], Said[T]]) -> T:
        now_ms = self._clock_ms()

        def run(connection: Connection) -> Said[T]:
            sim_world.go_on(connection, now_ms)
            return act(connection, now_ms)

        said = await self._units.write(run)
        if said.tells:
            await self.deliver()
        if said.waits:
            await self._pause(SILENCE_S)
        if said.error is not None:
            raise said.error
        assert said.value is not None
        return said.value

    def _sign(self, body: bytes) -> str:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()
