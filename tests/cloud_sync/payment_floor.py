"""The platform's payment desk over simulated channels, in the test's thread, without HTTP."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from cloud_sync.platform import payment_records
from cloud_sync.platform.channels import sim_payer
from cloud_sync.platform.channels import sim_records as records
from cloud_sync.platform.channels.faults import FAULTS, Fault, FaultSwitch
from cloud_sync.platform.channels.simulated import SimulatedChannel
from cloud_sync.platform.notices import NoticeDesk
from cloud_sync.platform.payments import PaymentDesk
from cloud_sync.platform.refunds import RefundDesk
from cloud_sync.platform.schema import SCHEMA
from cloud_sync.wire.payments import Channel as ChannelName
from cloud_sync.wire.payments import ChargeRequest, PaymentRequest, PaymentState, RefundRequest
from tests.fakes.inline_http import InlineDatabase

START_MS = 1_795_305_600_000
"""2026-11-22 08:00 at the site."""
PAYER, DEVICE = "res-1203", "k1"


class Floor:
    """Desk, channels and payers; `now_ms` is everybody's clock."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.units = InlineDatabase(SCHEMA)
        clock: Callable[[], int] = lambda: self.now_ms  # noqa: E731 - one clock for everybody
        names: tuple[ChannelName, ...] = ("wechat", "alipay")
        self.channels = {
            name: SimulatedChannel(name, self.units, clock_ms=clock, pause=_no_pause, key=b"k" * 32)
            for name in names
        }
        self.desk = PaymentDesk(self.units, dict(self.channels), clock_ms=clock)
        self.refunds = RefundDesk(self.desk)
        self.notices = NoticeDesk(self.desk, self.refunds)
        for channel in self.channels.values():
            channel.ear = partial(self.notices.hear, channel.name)

    def switch(
        self,
        fault: Fault,
        scope: Literal["always", "next"] = "next",
        *,
        channel: ChannelName = "wechat",
        value: int | None = None,
    ) -> None:
        """Turn a fault on."""
        figure = FAULTS[fault].usual if value is None else value
        self.units.write_now(lambda c: records.put_switch(c, channel, FaultSwitch(fault, scope, figure)))

    def clear(self, channel: ChannelName = "wechat") -> None:
        """Turn everything off."""
        self.units.write_now(lambda c: records.clear_switches(c, channel))

    def code(self, channel: ChannelName = "wechat", *, password: bool = False) -> str:
        """A fresh payment code on the phone."""
        made = self.units.write_now(
            lambda c: sim_payer.issue_code(c, channel, PAYER, password=password, now_ms=self.now_ms)
        )
        return made.code

    async def charge(self, number: int = 7, amount_fen: int = 6_000, **changes: Any) -> PaymentState:
        """Charge a fresh code, or the one that is given."""
        channel: ChannelName = changes.get("channel", "wechat")
        code = changes.get("code") or self.code(channel)
        asked = ChargeRequest(
            f"k1-1-{number}", f"k1-1-{number}-o", "shop", amount_fen, channel, "酱油", code=code
        )
        return await self.desk.charge(DEVICE, asked)

    async def offer(self, number: int = 7, amount_fen: int = 6_000, channel: ChannelName = "wechat") -> str:
        """Ask for a collection QR; returns its text."""
        asked = PaymentRequest(f"k1-1-{number}", f"k1-1-{number}-o", "shop", amount_fen, channel, "酱油")
        return (await self.desk.offer(DEVICE, asked)).qr

    def scan(self, qr: str, action: sim_payer.PayerAction = "confirm") -> str:
        """The payer answers a collection QR."""
        return self.units.write_now(lambda c: sim_payer.pay_qr(c, PAYER, qr, action, now_ms=self.now_ms))

    def enter_password(self, number: int = 7, action: sim_payer.PayerAction = "confirm") -> str:
        """The payer answers the question for the password."""
        return self.units.write_now(
            lambda c: sim_payer.answer_password(c, PAYER, f"k1-1-{number}", action, now_ms=self.now_ms)
        )

    async def ask(self, number: int = 7) -> PaymentState:
        """What became of it."""
        return await self.desk.query(DEVICE, f"k1-1-{number}")

    def refund_of(self, part: int, amount_fen: int, number: int = 7) -> RefundRequest:
        """A refund's request."""
        return RefundRequest(f"k1-1-{part}", f"k1-1-{number}", f"k1-1-{number}-o", amount_fen, "returned")

    async def deliver(self) -> int:
        """Let notices arrive."""
        return sum([await channel.deliver() for channel in self.channels.values()])

    def kept(self, number: int = 7) -> payment_records.Row:
        """The desk's own row."""
        row = self.units.write_now(lambda c: payment_records.find(c, f"k1-1-{number}"))
        assert row is not None
        return row

    def incidents(self) -> list[str]:
        """Codes of what was recorded, newest first."""
        return [one.code for one in self.units.write_now(lambda c: payment_records.list_incidents(c, 50))]

    def captured_fen(self) -> int:
        """What the channels hold of all trades, less what they gave back: the truth of their world."""
        row = self.units.connection.execute(
            "SELECT (SELECT coalesce(sum(captured_fen), 0) FROM sim_trades WHERE state='paid')"
            " - (SELECT coalesce(sum(amount_fen), 0) FROM sim_refunds WHERE state='refunded')"
        ).fetchone()
        return int(row[0])


async def _no_pause(seconds: float) -> None:
    del seconds
