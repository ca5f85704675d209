"""One suite for the channel port: the simulated channels, and the real adapters against local servers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from cloud_sync.platform.channels.port import (
    ChannelRefused,
    ChannelSilent,
    Method,
    NoticeForged,
    Order,
    PayerCode,
    RefundOrder,
    TradeState,
)
from edge.money import parse_yuan
from tests.fakes.alipay_gateway import AlipayServer
from tests.fakes.channel_desks import DAY, START_MS, ChannelDesk, ServerDesk, SimulatedDesk
from tests.fakes.wechat_pay import WeChatServer

UNPAID = (TradeState.WAITING, TradeState.ABSENT)
"""A QR that nobody paid yet: Alipay makes its trade only when somebody scans."""


@pytest.fixture(params=["simulated wechat", "simulated alipay", "wechat", "alipay"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ChannelDesk]:
    kind = request.param
    if kind.startswith("simulated"):
        yield SimulatedDesk("wechat" if kind.endswith("wechat") else "alipay")
        return
    server = (WeChatServer if kind == "wechat" else AlipayServer)(tmp_path, lambda: START_MS)
    async with TestServer(server.app, host="127.0.0.1") as listening:
        yield ServerDesk(server, str(listening.make_url("")).rstrip("/"), tmp_path)


def order(method: Method = "collection_qr", *, number: str = "k1-1-7", amount_fen: int = 6_000) -> Order:
    return Order(
        attempt=number,
        payee="shop",
        amount_fen=amount_fen,
        description="酱油等 4 件",
        method=method,
        asked_at_ms=START_MS,
        expires_at_ms=START_MS + 120_000,
    )


def part_of(of: Order, part: str, amount_fen: int) -> RefundOrder:
    return RefundOrder(part=part, order=of, amount_fen=amount_fen, reason="returned")


async def paid_charge(desk: ChannelDesk, amount_fen: int = 6_000) -> Order:
    asked = order("payment_code", amount_fen=amount_fen)
    assert (await desk.channel.charge(asked, desk.code("pays"))).state is TradeState.PAID
    return asked


async def test_a_qr_waits_until_the_payer_pays(desk: ChannelDesk) -> None:
    asked = order()
    offer = await desk.channel.collect(asked)
    assert offer.qr
    assert offer.expires_at_ms == asked.expires_at_ms
    assert (await desk.channel.query(asked)).state in UNPAID
    desk.pay(asked.attempt)
    trade = await desk.channel.query(asked)
    assert (trade.state, trade.amount_fen, trade.paid_at_ms) == (TradeState.PAID, 6_000, START_MS)
    assert trade.channel_id


async def test_collecting_twice_is_one_order(desk: ChannelDesk) -> None:
    await desk.channel.collect(order())
    await desk.channel.collect(order())
    with pytest.raises(ChannelRefused, match="order_exists"):
        await desk.channel.collect(order(amount_fen=1))


async def test_a_code_pays_at_once(desk: ChannelDesk) -> None:
    asked = order("payment_code")
    trade = await desk.channel.charge(asked, desk.code("pays"))
    assert (trade.state, trade.amount_fen) == (TradeState.PAID, 6_000)
    assert (await desk.channel.query(asked)).state is TradeState.PAID


async def test_a_password_is_neither_paid_nor_failed(desk: ChannelDesk) -> None:
    asked = order("payment_code")
    assert (await desk.channel.charge(asked, desk.code("types"))).state is TradeState.PAYING
    assert (await desk.channel.query(asked)).state is TradeState.PAYING
    desk.pay(asked.attempt)
    assert (await desk.channel.query(asked)).state is TradeState.PAID


async def test_who_declines_is_a_definite_no(desk: ChannelDesk) -> None:
    with pytest.raises(ChannelRefused, match="declined"):
        await desk.channel.charge(order("payment_code"), desk.code("declines"))


async def test_a_code_that_nobody_has_is_refused(desk: ChannelDesk) -> None:
    digits = "130000000000000000"
    with pytest.raises(ChannelRefused, match="code_invalid") as caught:
        await desk.channel.charge(order("payment_code"), PayerCode(digits))
    assert digits not in repr(caught.value)


async def test_a_lost_answer_is_silence_and_the_question_finds_the_money(desk: ChannelDesk) -> None:
    asked, code = order("payment_code"), desk.code("pays")
    with desk.lost_answers(), pytest.raises(ChannelSilent) as caught:
        await desk.channel.charge(asked, code)
    assert code.reveal() not in repr(caught.value)
    assert (await desk.channel.query(asked)).state is TradeState.PAID


async def test_reversing_gives_everything_back_and_ends_the_number(desk: ChannelDesk) -> None:
    asked = await paid_charge(desk)
    assert (await desk.channel.reverse(asked)).state is TradeState.REVERSED
    assert (await desk.channel.reverse(asked)).state is TradeState.REVERSED
    assert (await desk.channel.query(asked)).state in (TradeState.REVERSED, TradeState.CLOSED)
    with pytest.raises(ChannelRefused):
        await desk.channel.charge(asked, desk.code("pays"))


async def test_a_payer_at_the_password_can_be_reversed(desk: ChannelDesk) -> None:
    asked = order("payment_code")
    await desk.channel.charge(asked, desk.code("types"))
    assert (await desk.channel.reverse(asked)).state is TradeState.REVERSED


async def test_closing_ends_what_nobody_paid_and_never_takes_a_payment_back(desk: ChannelDesk) -> None:
    paid, unpaid = order(), order(number="k1-1-8")
    for asked in (paid, unpaid):
        await desk.channel.collect(asked)
    desk.pay(paid.attempt)
    assert (await desk.channel.close(paid)).state is TradeState.PAID
    assert (await desk.channel.close(unpaid)).state in (TradeState.CLOSED, TradeState.ABSENT)
    assert (await desk.channel.query(unpaid)).state in (TradeState.CLOSED, TradeState.ABSENT)


async def test_a_trade_that_nobody_made_is_absent(desk: ChannelDesk) -> None:
    assert (await desk.channel.query(order())).state is TradeState.ABSENT


async def test_a_refund_keeps_its_number_and_never_exceeds_what_came(desk: ChannelDesk) -> None:
    asked = await paid_charge(desk)
    for _ in range(2):
        first = await desk.channel.refund(part_of(asked, "k1-1-8", 2_000))
        assert (first.state, first.amount_fen) == ("refunded", 2_000)
    assert (await desk.channel.refund(part_of(asked, "k1-1-9", 4_000))).state == "refunded"
    with pytest.raises(ChannelRefused, match="above_captured"):
        await desk.channel.refund(part_of(asked, "k1-1-10", 1))
    assert (await desk.channel.query_refund(part_of(asked, "k1-1-8", 2_000))).state == "refunded"
    assert (await desk.channel.query_refund(part_of(asked, "k1-1-99", 1))).state == "absent"


async def test_a_refund_whose_answer_was_lost_is_done_once(desk: ChannelDesk) -> None:
    asked = await paid_charge(desk)
    part = part_of(asked, "k1-1-8", 5_000)
    with desk.lost_answers(), pytest.raises(ChannelSilent):
        await desk.channel.refund(part)
    assert (await desk.channel.refund(part)).state == "refunded"
    with pytest.raises(ChannelRefused, match="above_captured"):
        await desk.channel.refund(part_of(asked, "k1-1-9", 2_000))


async def test_the_bill_lists_payments_and_refunds_in_yuan(desk: ChannelDesk) -> None:
    asked = await paid_charge(desk, 12_345)
    await desk.channel.refund(part_of(asked, "k1-1-8", 45))
    desk.to_bill_time()
    paid, back = await desk.channel.bill(DAY, "shop")
    assert (paid.kind, paid.attempt, paid.refund, paid.amount_yuan) == ("payment", "k1-1-7", "", "123.45")
    assert (back.kind, back.attempt, back.refund, back.amount_yuan) == ("refund", "k1-1-7", "k1-1-8", "0.45")
    assert parse_yuan(paid.amount_yuan) == 12_345
    assert {line.channel for line in (paid, back)} == {desk.channel.name}


async def test_a_notice_is_opened_once_its_signature_is_good(desk: ChannelDesk) -> None:
    await paid_charge(desk)
    headers, body = desk.notice("k1-1-7")
    notice = desk.channel.read_notice(headers, body)
    assert (notice.attempt, notice.amount_fen, notice.part) == ("k1-1-7", 6_000, "")


async def test_a_spoiled_notice_is_forged(desk: ChannelDesk) -> None:
    await paid_charge(desk)
    headers, body = desk.notice("k1-1-7")
    for spoiled in (body.replace(b"k1-1-7", b"k1-1-8") + b" ", b"", b"{}", b"\xff", body[:-3]):
        with pytest.raises(NoticeForged):
            desk.channel.read_notice(headers, spoiled)
