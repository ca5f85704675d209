"""What devices ask about money at the channels, and where channels post their notices."""

from typing import Any

from aiohttp import web

from cloud_sync.platform.channels.days import day_span_ms
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import DEVICE, Access, Malformed, Route, read_body, reply
from cloud_sync.platform.notices import MAX_NOTICE_BYTES, choose_channel
from cloud_sync.platform.payment_days import read_day
from cloud_sync.wire.payments import (
    ChannelBill,
    ChargeRequest,
    PaymentOffer,
    PaymentRequest,
    PaymentState,
    PlatformDay,
    RefundRequest,
    RefundState,
)

NAME_LIMIT = 64


async def post_payment(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask the channel for a collection QR."""
    asked = await read_body(request, PaymentRequest)
    return reply(await platform.payments.offer(request[DEVICE], asked))


async def post_charge(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Charge the payer of a payment code, once."""
    asked = await read_body(request, ChargeRequest)
    return reply(await platform.payments.charge(request[DEVICE], asked))


async def get_payment(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask the channel what became of an attempt."""
    return reply(await platform.payments.query(request[DEVICE], request.match_info["attempt"]))


async def post_payment_close(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask the channel to close an attempt."""
    return reply(await platform.payments.close(request[DEVICE], request.match_info["attempt"]))


async def post_payment_reverse(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask the channel to take an attempt back."""
    return reply(await platform.payments.reverse(request[DEVICE], request.match_info["attempt"]))


async def post_refund(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask the channel to give money back."""
    asked = await read_body(request, RefundRequest)
    return reply(await platform.refunds.refund(request[DEVICE], asked))


async def get_refund(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask the channel what became of a refund."""
    return reply(await platform.refunds.query(request[DEVICE], request.match_info["part"]))


async def get_bill(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The channels' bills of a day for one payee."""
    payee = request.query.get("payee", "")
    if not 0 < len(payee) <= NAME_LIMIT:
        raise Malformed(parameter="payee")
    return reply(await platform.payments.bill(_read_date(request), payee))


async def get_day(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The platform's own view of a day."""
    date = _read_date(request)
    return reply(await platform.database.read(lambda c: read_day(c, date)))


async def post_notice(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take a channel's notice: checked, compared, then the channel is asked."""
    name = choose_channel(request, platform.payments.channels)
    if (request.content_length or 0) > MAX_NOTICE_BYTES:
        raise web.HTTPRequestEntityTooLarge(
            max_size=MAX_NOTICE_BYTES, actual_size=request.content_length or 0
        )
    await platform.notices.take(name, request.headers, await request.read())
    # Alipay stops repeating a notice only when it reads this word; WeChat goes by the status.
    return web.Response(text="success")


def _read_date(request: web.Request) -> str:
    text = request.match_info["date"]
    try:
        day_span_ms(text)
    except (ValueError, OverflowError) as error:
        raise Malformed(parameter="date") from error
    return text


_SITE = "/v1/sites/{site}"
_ANSWERS: dict[str, Any] = {"answer": PaymentState, "codes": ("attempt_unknown",)}
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{_SITE}/payments",
        post_payment,
        Access.SITE,
        "Ask for a collection QR",
        body=PaymentRequest,
        answer=PaymentOffer,
        codes=("attempt_conflict", "attempt_given_up", "channel_refused", "channel_silent"),
    ),
    Route(
        "POST",
        f"{_SITE}/payments/charge",
        post_charge,
        Access.SITE,
        "Charge by a payment code",
        body=ChargeRequest,
        answer=PaymentState,
        codes=("attempt_conflict", "attempt_given_up"),
    ),
    Route(
        "GET",
        _SITE + "/payments/{attempt}",
        get_payment,
        Access.SITE,
        "What became of an attempt",
        **_ANSWERS,
    ),
    Route(
        "POST",
        _SITE + "/payments/{attempt}/close",
        post_payment_close,
        Access.SITE,
        "Close an unpaid attempt",
        **_ANSWERS,
    ),
    Route(
        "POST",
        _SITE + "/payments/{attempt}/reverse",
        post_payment_reverse,
        Access.SITE,
        "Take an attempt back",
        **_ANSWERS,
    ),
    Route(
        "POST",
        f"{_SITE}/refunds",
        post_refund,
        Access.SITE,
        "Give money back",
        body=RefundRequest,
        answer=RefundState,
        codes=("attempt_unknown", "refund_conflict", "refund_exceeds", "refund_not_paid"),
    ),
    Route(
        "GET",
        _SITE + "/refunds/{part}",
        get_refund,
        Access.SITE,
        "What became of a refund",
        answer=RefundState,
        codes=("refund_unknown",),
    ),
    Route(
        "GET",
        _SITE + "/channel-bills/{date}",
        get_bill,
        Access.SITE,
        "The channels' bills of a day for one payee",
        answer=ChannelBill,
        codes=("malformed", "channel_silent"),
    ),
    Route(
        "GET",
        _SITE + "/days/{date}",
        get_day,
        Access.SITE,
        "The platform's own view of a day",
        answer=PlatformDay,
        codes=("malformed",),
    ),
    Route(
        "POST",
        "/v1/channels/{channel}/notices",
        post_notice,
        Access.OPEN,
        "A channel's notice",
        answer=str,
        media="text/plain",
        codes=("notice_forged", "notice_refused", "not_found"),
    ),
)
