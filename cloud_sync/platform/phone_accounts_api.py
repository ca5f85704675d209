"""The phone's routes about money: accounts, points by a receipt, a slip's outcome, own payments."""

from typing import Annotated

import msgspec
from aiohttp import web

from cloud_sync.platform.claims import Claim, claim_by_phone
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import SUBJECT, Access, Malformed, Route, read_body, reply
from cloud_sync.platform.phone_accounts import (
    AccountView,
    OrderNews,
    list_accounts,
    list_payments,
    news_of,
    order_of_slip,
)
from cloud_sync.platform.top_ups import APP, begin_top_up
from cloud_sync.wire.payments import Channel, Fen, PaymentOffer


class TopUpRequest(msgspec.Struct, frozen=True):
    """Money to add to an account, by a channel."""

    amount_fen: Fen
    channel: Channel


class CodeText(msgspec.Struct, frozen=True):
    """The text of a QR: what a phone's camera would have read."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


async def get_accounts(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The person's accounts with their lines."""
    subject = request[SUBJECT]
    return reply(await platform.database.read(lambda c: list_accounts(c, subject)))


async def post_top_up(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask the channel for a collection QR over a top-up; the account is credited when it is paid."""
    asked = await read_body(request, TopUpRequest)
    subject, account, now_ms = request[SUBJECT], request.match_info["account"], platform.clock_ms()
    wanted = await platform.database.write(
        lambda c: begin_top_up(c, subject, account, asked.amount_fen, asked.channel, now_ms=now_ms)
    )
    return reply(await platform.payments.offer(APP, wanted))


async def get_payments(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The person's payments and refunds."""
    subject = request[SUBJECT]
    return reply(await platform.database.read(lambda c: list_payments(c, subject)))


async def post_receipt(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Claim the points of a receipt; a refusal is an answer, too, and says why."""
    code = await read_body(request, CodeText)
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    claim = await platform.database.write(lambda c: claim_by_phone(c, subject, code.text, now_ms=now_ms))
    return reply(claim)


async def post_slip(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What became of the order of a claim slip; asked as often as one likes."""
    order = order_of_slip((await read_body(request, CodeText)).text)
    if order is None:
        raise Malformed(parameter="text")
    subject = request[SUBJECT]
    return reply(await platform.database.read(lambda c: news_of(c, order, subject)))


_API = "/phone/api"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_API}/accounts", get_accounts, Access.PHONE, "Own accounts", answer=list[AccountView]),
    Route(
        "POST",
        _API + "/accounts/{account}/top-up",
        post_top_up,
        Access.PHONE,
        "Add money to an own account",
        body=TopUpRequest,
        answer=PaymentOffer,
        codes=("account_unknown", "balance_limit", "channel_silent", "channel_refused"),
    ),
    Route("GET", f"{_API}/payments", get_payments, Access.PHONE, "Own payments", answer=list[OrderNews]),
    Route(
        "POST",
        f"{_API}/receipts",
        post_receipt,
        Access.PHONE,
        "Claim the points of a receipt",
        body=CodeText,
        answer=Claim,
    ),
    Route(
        "POST",
        f"{_API}/slips",
        post_slip,
        Access.PHONE,
        "Outcome of a claim slip",
        body=CodeText,
        answer=OrderNews,
    ),
)
