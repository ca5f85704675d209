"""Routes about bills: how one stands now, its printed code, paid in the app, paid twice, its invoice."""

from typing import Any, Literal

import msgspec
from aiohttp import web

from cloud_sync.platform import bills, invoices, overpayments
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import SUBJECT, Access, Route, read_body, reply
from cloud_sync.wire.feed import Change


class BillCode(msgspec.Struct, frozen=True):
    """The text of the QR on a printed bill."""

    code: str


class Choice(msgspec.Struct, frozen=True):
    """What the payer wants done with the second payment of a bill."""

    choice: Literal["refund", "credit"]


class InvoiceRequest(msgspec.Struct, frozen=True):
    """The code in the QR of a receipt."""

    code: str


async def get_bill_state(request: web.Request, platform: Platform) -> web.StreamResponse:
    """How a bill stands now, as the feed would tell it."""
    wanted = request.match_info["bill"]
    return reply(await platform.database.read(lambda c: bills.read_bill(c, wanted)))


async def get_bill_code(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The code that stands on the printed bill, for the people of its room."""
    subject, wanted = request[SUBJECT], request.match_info["id"]

    def read(connection: Any) -> BillCode:
        bills.bill_of_person(connection, subject, wanted)
        return BillCode(bills.bill_code(connection, wanted))

    return reply(await platform.database.read(read))


async def post_bill_payment(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Pay what is owed of a bill in the app."""
    subject, wanted, now_ms = request[SUBJECT], request.match_info["id"], platform.clock_ms()
    await platform.database.write(lambda c: bills.pay_bill_in_app(c, subject, wanted, now_ms=now_ms))
    return web.Response(status=204)


async def get_overpayments(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Bills of the own room that were paid twice and are not done."""
    subject = request[SUBJECT]
    return reply(await platform.database.read(lambda c: overpayments.list_open(c, subject)))


async def post_choice(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Choose refund or credit; the device that took the money does it."""
    subject, wanted = request[SUBJECT], request.match_info["id"]
    asked = await read_body(request, Choice)
    await platform.database.write(lambda c: overpayments.choose(c, subject, wanted, asked.choice))
    return web.Response(status=204)


async def get_invoices(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Invoices that the person asked for."""
    subject = request[SUBJECT]
    return reply(await platform.database.read(lambda c: invoices.list_invoices(c, subject)))


async def post_invoice(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Ask for the invoice of a receipt by the code in its QR."""
    subject, asked = request[SUBJECT], await read_body(request, InvoiceRequest)
    invoice = await platform.database.write(lambda c: invoices.ask_by_code(c, subject, asked.code))
    return reply(invoice, 201)


async def post_issue(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Issue an invoice that was asked for: the demo's stand-in for the tax platform."""
    wanted = request.match_info["order"]
    invoice = await platform.database.write(lambda c: invoices.issue(c, wanted))
    return reply(invoice)


_API = "/phone/api"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/sites/{site}/bills/{bill}/state",
        get_bill_state,
        Access.SITE,
        "How a bill stands now",
        answer=Change,
        codes=("bill_unknown",),
    ),
    Route(
        "GET",
        _API + "/bills/{id}/code",
        get_bill_code,
        Access.PHONE,
        "Code on the printed bill",
        answer=BillCode,
        codes=("bill_unknown",),
    ),
    Route(
        "POST",
        _API + "/bills/{id}/pay",
        post_bill_payment,
        Access.PHONE,
        "Pay a bill in the app",
        codes=("bill_unknown", "bill_already_paid"),
    ),
    Route(
        "GET",
        f"{_API}/overpayments",
        get_overpayments,
        Access.PHONE,
        "Bills paid twice",
        answer=list[dict[str, Any]],
    ),
    Route(
        "POST",
        _API + "/overpayments/{id}/choose",
        post_choice,
        Access.PHONE,
        "Refund or credit",
        body=Choice,
        codes=("overpayment_not_open", "choice_not_possible"),
    ),
    Route("GET", f"{_API}/invoices", get_invoices, Access.PHONE, "Own invoices", answer=list[dict[str, Any]]),
    Route(
        "POST",
        f"{_API}/invoices",
        post_invoice,
        Access.PHONE,
        "Ask for an invoice",
        body=InvoiceRequest,
        answer=dict,
        codes=("receipt_code_unknown",),
    ),
    Route(
        "POST",
        "/sim/invoices/{order}/issue",
        post_issue,
        Access.DEMO,
        "Issue an invoice",
        answer=dict,
        codes=("invoice_unknown",),
    ),
)
