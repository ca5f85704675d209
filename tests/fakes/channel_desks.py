"""Channels for the contract suite, each with what the world outside does: payers, lost answers, mornings."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from cloud_sync.platform.channels import sim_payer
from cloud_sync.platform.channels import sim_records as records
from cloud_sync.platform.channels.alipay import AlipayChannel
from cloud_sync.platform.channels.faults import Fault, FaultSwitch
from cloud_sync.platform.channels.port import Channel, Notice, PayerCode
from cloud_sync.platform.channels.simulated import SimulatedChannel
from cloud_sync.platform.channels.wechat import WeChatChannel
from cloud_sync.platform.schema import SCHEMA
from cloud_sync.wire.payments import Channel as ChannelName
from tests.fakes.alipay_gateway import AlipayServer
from tests.fakes.inline_http import InlineDatabase
from tests.fakes.wechat_pay import WeChatServer

START_MS = 1_795_305_600_000
"""2026-11-22 08:00 at the site."""
DAY = "2026-11-22"
PAYER = "res-1203"
Does = Literal["pays", "types", "declines"]


class ChannelDesk(Protocol):
    """A channel, and what the world outside it does."""

    channel: Channel

    def code(self, does: Does) -> PayerCode:
        """A payment code of a payer who pays at once, types a password first, or has no money."""

    def pay(self, attempt: str) -> None:
        """The payer scans the QR and pays, or enters the password."""

    def lost_answers(self) -> AbstractContextManager[None]:
        """Within: what is asked for happens, and no answer comes back."""

    def notice(self, attempt: str) -> tuple[dict[str, str], bytes]:
        """The channel's genuine notice of a paid trade."""

    def to_bill_time(self) -> None:
        """Let the morning come on which the bill of DAY can be had."""


class SimulatedDesk:
    """A simulated channel over its own tables in memory."""

    def __init__(self, name: ChannelName) -> None:
        self.now_ms = START_MS
        self.units = InlineDatabase(SCHEMA)
        self.simulated = SimulatedChannel(
            name, self.units, clock_ms=lambda: self.now_ms, pause=_no_pause, key=b"k" * 32
        )
        self.channel: Channel = self.simulated

    def code(self, does: Does) -> PayerCode:
        """A fresh code of one payer; who declines does so at the next charge."""
        if does == "declines":
            self.switch(Fault.DECLINED)
        made = self.units.write_now(
            lambda c: sim_payer.issue_code(
                c, self.simulated.name, PAYER, password=does == "types", now_ms=self.now_ms
            )
        )
        return PayerCode(made.code)

    def pay(self, attempt: str) -> None:
        """Confirm on the phone."""
        trade = self.units.write_now(lambda c: records.find_trade(c, self.simulated.name, attempt))
        assert trade is not None
        if trade.qr is None:
            self.units.write_now(
                lambda c: sim_payer.answer_password(c, PAYER, attempt, "confirm", now_ms=self.now_ms)
            )
        else:
            qr = trade.qr
            self.units.write_now(lambda c: sim_payer.pay_qr(c, PAYER, qr, "confirm", now_ms=self.now_ms))

    @contextmanager
    def lost_answers(self) -> Iterator[None]:
        """The next trade and the next refund are made, and not answered."""
        self.switch(Fault.TIMEOUT_PAID)
        self.switch(Fault.REFUND_TIMEOUT)
        yield
        self.units.write_now(lambda c: records.clear_switches(c, self.simulated.name))

    def notice(self, attempt: str) -> tuple[dict[str, str], bytes]:
        """As the channel would send it."""
        trade = self.units.write_now(lambda c: records.find_trade(c, self.simulated.name, attempt))
        assert trade is not None
        content = Notice(id="n-1", attempt=attempt, amount_fen=trade.captured_fen)
        signed = self.simulated.sign_notice(msgspec.json.encode(content))
        return dict(signed.headers), signed.body

    def to_bill_time(self) -> None:
        """The next day, ten o'clock."""
        self.now_ms = START_MS + 26 * 3_600_000

    def switch(self, fault: Fault, value: int = 0, *, always: bool = False) -> None:
        """Turn a fault on for the next one, or for all."""
        scope: Literal["always", "next"] = "always" if always else "next"
        self.units.write_now(
            lambda c: records.put_switch(c, self.simulated.name, FaultSwitch(fault, scope, value))
        )


class ServerDesk:
    """A real adapter, and behind it a local server that signs and verifies by the published rules."""

    def __init__(self, server: WeChatServer | AlipayServer, gateway: str, folder: Path) -> None:
        self._server = server
        self.channel: Channel
        if isinstance(server, WeChatServer):
            self.channel = WeChatChannel(server.settings(gateway), folder, lambda: START_MS)
        else:
            self.channel = AlipayChannel(server.settings(gateway), folder)

    def code(self, does: Does) -> PayerCode:
        """A fresh code that the server knows."""
        return PayerCode(self._server.world.payer(does, "13" if self.channel.name == "wechat" else "28"))

    def pay(self, attempt: str) -> None:
        """The server is told that the payer did it."""
        if isinstance(self._server, AlipayServer) and attempt not in self._server.world.trades:
            self._server.scan(attempt)
        self._server.world.pay(attempt)

    @contextmanager
    def lost_answers(self) -> Iterator[None]:
        """The server does everything and answers 5xx."""
        self._server.world.silent = True
        yield
        self._server.world.silent = False

    def notice(self, attempt: str) -> tuple[dict[str, str], bytes]:
        """Signed by the server."""
        trade = self._server.world.trades[attempt]
        if isinstance(self._server, WeChatServer):
            return self._server.notice(trade)
        return {}, self._server.notice(trade)

    def to_bill_time(self) -> None:
        """The server's bills can be had at once."""


async def _no_pause(seconds: float) -> None:
    del seconds
