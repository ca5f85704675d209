"""Paying with the owner's phone at the simulated channels: what a wallet app would do with real ones."""

from typing import Annotated

import msgspec
from aiohttp import web

from cloud_sync.platform import feed
from cloud_sync.platform.channels import sim_payer
from cloud_sync.platform.channels.sim_records import SimTrade
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import SUBJECT, Access, Route, read_body, reply
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.payments import Channel


class OpenPayment(msgspec.Struct, frozen=True):
    """What the payer's phone shows of a collection QR, or of a charge by its payment code.

    `state` is the channel's: waiting, paying (the password is asked), paid, closed, reversed.
    """

    attempt: str
    qr: str
    channel: str
    payee: str
    payee_zh: str
    payee_en: str
    amount_fen: int
    description: str
    expires_at_ms: int
    state: str
    reason: str
    asked_at_ms: int


class PayRequest(msgspec.Struct, frozen=True):
    """The payer's answer to a collection QR."""

    qr: Annotated[str, msgspec.Meta(max_length=256)]
    action: sim_payer.PayerAction = "confirm"


class PasswordAnswer(msgspec.Struct, frozen=True):
    """The payer's answer to the question for the password."""

    attempt: Annotated[str, msgspec.Meta(max_length=64)]
    action: sim_payer.PayerAction = "confirm"


class PayAnswer(msgspec.Struct, frozen=True):
    """What the payer's phone shows: paid, failed or unknown."""

    outcome: str


class CodeRequest(msgspec.Struct, frozen=True):
    """Which payment code to show; `password`: a charge by it asks for the password, whatever the sum."""

    channel: Channel
    password: bool = False


async def get_payable(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Collection QRs of the simulated channels that can be paid now: the demo's stand-in for the camera."""
    now_ms = platform.clock_ms()

    def read(connection: Connection) -> list[OpenPayment]:
        return [_show(connection, one) for one in sim_payer.list_offers(connection, now_ms=now_ms)]

    return reply(await platform.database.write(read))


async def post_pay(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The payer's answer to a collection QR of a simulated channel."""
    asked = await read_body(request, PayRequest)
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    outcome = await platform.database.write(
        lambda c: sim_payer.pay_qr(c, subject, asked.qr, asked.action, now_ms=now_ms)
    )
    return reply(PayAnswer(outcome))


async def post_payment_code(request: web.Request, platform: Platform) -> web.StreamResponse:
    """A fresh payment code of the person; it is kept nowhere but on the phone's screen."""
    asked = await read_body(request, CodeRequest)
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    code = await platform.database.write(
        lambda c: sim_payer.issue_code(c, asked.channel, subject, password=asked.password, now_ms=now_ms)
    )
    return reply(code, 201)


async def get_charges(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What was charged with the person's payment codes in the last minutes."""
    subject, now_ms = request[SUBJECT], platform.clock_ms()

    def read(connection: Connection) -> list[OpenPayment]:
        found = sim_payer.list_charges(connection, subject, now_ms=now_ms)
        return [_show(connection, one) for one in found]

    return reply(await platform.database.write(read))


async def post_password(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The payer's answer to the question for the password."""
    asked = await read_body(request, PasswordAnswer)
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    outcome = await platform.database.write(
        lambda c: sim_payer.answer_password(c, subject, asked.attempt, asked.action, now_ms=now_ms)
    )
    return reply(PayAnswer(outcome))


def _show(connection: Connection, trade: SimTrade) -> OpenPayment:
    payee = feed.get_record(connection, "payees", trade.payee) or {}
    return OpenPayment(
        attempt=trade.attempt,
        qr=trade.qr or "",
        channel=trade.channel,
        payee=trade.payee,
        payee_zh=payee.get("name_zh", trade.payee),
        payee_en=payee.get("name_en", trade.payee),
        amount_fen=trade.captured_fen or trade.amount_fen,
        description=trade.description,
        expires_at_ms=trade.expires_ms,
        state=trade.state,
        reason=trade.reason,
        asked_at_ms=trade.asked_ms,
    )


_API = "/phone/api"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_API}/payable",
        get_payable,
        Access.PHONE,
        "Collection QRs that can be paid",
        answer=list[OpenPayment],
    ),
    Route(
        "POST",
        f"{_API}/pay",
        post_pay,
        Access.PHONE,
        "Answer a collection QR",
        body=PayRequest,
        answer=PayAnswer,
        codes=("qr_unknown", "payment_not_open"),
    ),
    Route(
        "POST",
        f"{_API}/payment-code",
        post_payment_code,
        Access.PHONE,
        "A fresh payment code of a simulated channel",
        body=CodeRequest,
        answer=sim_payer.IssuedCode,
    ),
    Route(
        "GET",
        f"{_API}/charges",
        get_charges,
        Access.PHONE,
        "What was charged with the own payment codes just now",
        answer=list[OpenPayment],
    ),
    Route(
        "POST",
        f"{_API}/password",
        post_password,
        Access.PHONE,
        "Enter or refuse the password of a charge",
        body=PasswordAnswer,
        answer=PayAnswer,
        codes=("payment_not_open",),
    ),
)
