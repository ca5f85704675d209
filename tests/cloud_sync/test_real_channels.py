"""What only the real adapters do: signatures, addresses, bill files. `test_channel_contract` has the rest."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp.test_utils import TestServer

from cloud_sync.platform.channels.alipay import AlipayChannel
from cloud_sync.platform.channels.port import (
    BillNotReady,
    Channel,
    ChannelRefused,
    ChannelSilent,
    Method,
    NoticeForged,
    Order,
    PayerCode,
    RefundOrder,
    TradeState,
)
from cloud_sync.platform.channels.wechat import WeChatChannel
from tests.fakes.alipay_gateway import AlipayServer
from tests.fakes.wechat_pay import WeChatServer

NOW_MS = 1_795_305_600_000
"""2026-11-22 08:00 at the site."""


class Shop(NamedTuple):
    """An adapter and the channel behind it."""

    channel: Channel
    server: WeChatServer | AlipayServer

    def code(self, does: str) -> PayerCode:
        """A code of a payer who pays, types a password or declines."""
        return PayerCode(self.server.world.payer(does, "13" if self.channel.name == "wechat" else "28"))

    def scan(self, number: str) -> None:
        """The payer scans the QR; for WeChat the trade is there already."""
        if isinstance(self.server, AlipayServer):
            self.server.scan(number)


@pytest.fixture(params=["wechat", "alipay"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    server = (WeChatServer if request.param == "wechat" else AlipayServer)(tmp_path, lambda: NOW_MS)
    test_server = TestServer(server.app, host="127.0.0.1")
    await test_server.start_server()
    gateway = str(test_server.make_url("")).rstrip("/")
    channel: Channel
    if isinstance(server, WeChatServer):
        channel = WeChatChannel(server.settings(gateway), tmp_path, lambda: NOW_MS)
    else:
        channel = AlipayChannel(server.settings(gateway), tmp_path)
    yield Shop(channel, server)
    await test_server.close()


def order(method: Method = "collection_qr", *, number: str = "k1-1-7", amount_fen: int = 6_000) -> Order:
    return Order(
        attempt=number,
        payee="shop",
        amount_fen=amount_fen,
        description="酱油等 4 件",
        method=method,
        asked_at_ms=NOW_MS,
        expires_at_ms=NOW_MS + 120_000,
    )


def refund(part: str, amount_fen: int, of: Order) -> RefundOrder:
    return RefundOrder(part=part, order=of, amount_fen=amount_fen, reason="returned")


async def test_a_collection_qr_waits_until_it_is_paid(shop: Shop) -> None:
    asked = order()
    offer = await shop.channel.collect(asked)
    assert offer.qr.startswith(("weixin://", "https://qr.alipay.com/"))
    shop.scan(asked.attempt)
    assert (await shop.channel.query(asked)).state is TradeState.WAITING
    shop.server.world.pay(asked.attempt)
    trade = await shop.channel.query(asked)
    assert (trade.state, trade.amount_fen, trade.paid_at_ms) == (TradeState.PAID, 6_000, NOW_MS)
    assert trade.channel_id.endswith(asked.attempt)


async def test_asking_again_with_another_sum_is_refused(shop: Shop) -> None:
    await shop.channel.collect(order())
    await shop.channel.collect(order())
    with pytest.raises(ChannelRefused, match="order_exists"):
        await shop.channel.collect(order(amount_fen=1))


async def test_a_payment_code_pays_at_once_and_never_stands_in_an_address(shop: Shop) -> None:
    code = shop.code("pays")
    trade = await shop.channel.charge(order("payment_code"), code)
    assert (trade.state, trade.amount_fen) == (TradeState.PAID, 6_000)
    assert not any(code.reveal() in url for url in shop.server.world.seen_urls)


async def test_an_answer_with_a_bad_signature_is_silence(shop: Shop) -> None:
    asked = order()
    await shop.channel.collect(asked)
    shop.scan(asked.attempt)
    shop.server.spoil_signature = True
    with pytest.raises(ChannelSilent):
        await shop.channel.query(asked)


async def test_the_network_away_is_silence_and_names_no_code(shop: Shop, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    channel: Channel
    if isinstance(shop.server, WeChatServer):
        channel = WeChatChannel(shop.server.settings(nowhere), tmp_path, lambda: NOW_MS)
    else:
        channel = AlipayChannel(shop.server.settings(nowhere), tmp_path)
    code = shop.code("pays")
    with pytest.raises(ChannelSilent) as caught:
        await channel.charge(order("payment_code"), code)
    assert code.reveal() not in repr(caught.value)
    assert caught.value.__suppress_context__


async def test_a_payee_without_a_merchant_is_not_allowed(shop: Shop) -> None:
    stranger = Order(
        **{name: getattr(order(), name) for name in Order.__struct_fields__} | {"payee": "water"}
    )
    with pytest.raises(ChannelRefused, match="not_allowed"):
        await shop.channel.collect(stranger)


async def test_the_bill_of_the_day_before_is_read_in_yuan(shop: Shop) -> None:
    asked = order("payment_code", amount_fen=12_345)
    await shop.channel.charge(asked, shop.code("pays"))
    await shop.channel.refund(refund("k1-1-8", 45, asked))
    paid, back = await shop.channel.bill("2026-11-22", "shop")
    assert (paid.kind, paid.attempt, paid.refund, paid.amount_yuan) == ("payment", "k1-1-7", "", "123.45")
    assert (back.kind, back.attempt, back.refund, back.amount_yuan) == ("refund", "k1-1-7", "k1-1-8", "0.45")
    assert (paid.at_ms, paid.payee, paid.channel) == (NOW_MS, "shop", shop.channel.name)


async def test_a_bill_that_is_not_made_yet_is_not_an_empty_one(shop: Shop) -> None:
    if isinstance(shop.server, WeChatServer):
        shop.server.bill_state = "STATEMENT_CREATING"
    else:
        shop.server.bill_ready = False
    with pytest.raises(BillNotReady):
        await shop.channel.bill("2026-11-22", "shop")


async def test_a_day_without_trades_has_an_empty_wechat_bill(shop: Shop) -> None:
    if isinstance(shop.server, WeChatServer):
        shop.server.bill_state = "NO_STATEMENT_EXIST"
    assert await shop.channel.bill("2026-11-22", "shop") == []


def notice_of(shop: Shop, **changes: str) -> tuple[dict[str, str], bytes]:
    trade = shop.server.world.trades["k1-1-7"]
    if isinstance(shop.server, WeChatServer):
        return shop.server.notice(trade, **changes)
    return {}, shop.server.notice(trade, **changes)


async def test_forged_notices_are_refused(shop: Shop) -> None:
    await shop.channel.charge(order("payment_code"), shop.code("pays"))
    headers, body = notice_of(shop)
    for spoiled in (body.replace(b"k1-1-7", b"k1-1-8"), b"", b"{}", b"\xff", body[:-3]):
        with pytest.raises(NoticeForged):
            shop.channel.read_notice(headers, spoiled)
    theirs = {"sp_mchid": "666"} if isinstance(shop.server, WeChatServer) else {"app_id": "666"}
    with pytest.raises(NoticeForged):
        shop.channel.read_notice(*notice_of(shop, **theirs))
    shop.server.spoil_signature = True
    with pytest.raises(NoticeForged):
        shop.channel.read_notice(*notice_of(shop))


async def test_an_old_wechat_notice_is_a_replay(shop: Shop, tmp_path: Path) -> None:
    if not isinstance(shop.server, WeChatServer):
        pytest.skip(
            "Alipay's notices carry no signed time of sending: they are hints to ask, whenever they come"
        )
    await shop.channel.charge(order("payment_code"), shop.code("pays"))
    headers, body = notice_of(shop)
    later = WeChatChannel(shop.server.settings("http://127.0.0.1:9"), tmp_path, lambda: NOW_MS + 301_000)
    with pytest.raises(NoticeForged):
        later.read_notice(headers, body)


async def test_alipay_that_asks_to_cancel_again_is_silence(shop: Shop) -> None:
    if not isinstance(shop.server, AlipayServer):
        pytest.skip("WeChat's answer to a reversal has no such flag")
    shop.server.retry_cancel = True
    with pytest.raises(ChannelSilent):
        await shop.channel.reverse(order("payment_code"))
