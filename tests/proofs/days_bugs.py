"""Bugs to plant in the days of a lobby, by name."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any
from unittest.mock import patch

import msgspec

from cloud_sync.platform import payment_days
from cloud_sync.platform.payments import PaymentDesk
from edge.pay import findings
from edge.pay.events import PartAsked
from edge.settlement import match
from edge.settlement.match import Kind
from tests.proofs.proof import Plant


def overlooked(kind: Kind) -> AbstractContextManager[Any]:
    """A kind of difference that nobody looks at."""
    real = match._kind_of

    def overlook(*seen: Any, **more: Any) -> Any:
        found = real(*seen, **more)
        return None if found is kind else found

    return patch("edge.settlement.match._kind_of", overlook)


def refunds_not_counted() -> AbstractContextManager[Any]:
    """The platform's day has payments only."""
    return patch.object(payment_days, "_REFUNDS", payment_days._REFUNDS.replace("payee=?", "payee=? AND 0"))


def asked_sum_believed() -> AbstractContextManager[Any]:
    """The platform writes down the sum that was asked for."""
    real = PaymentDesk._keep

    def believe(self: PaymentDesk, connection: Any, attempt: str, trade: Any) -> Any:
        row = connection.execute("SELECT amount_fen FROM trades WHERE attempt=?", (attempt,)).fetchone()
        asked = msgspec.structs.replace(trade, amount_fen=row["amount_fen"]) if trade.amount_fen else trade
        return real(self, connection, attempt, asked)

    return patch.object(PaymentDesk, "_keep", believe)


def time_of_question() -> AbstractContextManager[Any]:
    """A payment is dated by when it was asked about."""
    real = findings.finding_of

    def forget_time(*asked: Any) -> Any:
        return msgspec.structs.replace(real(*asked), paid_at_ms=0)

    return patch("edge.pay.engine.finding_of", forget_time)


def fen_lost() -> AbstractContextManager[Any]:
    """A part of a refund to an account is a fen short."""

    def short(**part: Any) -> Any:
        return PartAsked(**{**part, "amount_fen": part["amount_fen"] - (part["kind"] != "channel")})

    return patch("edge.pay.refunds.PartAsked", short)


BUGS: Mapping[str, Plant] = {
    "an amount that differs passes": partial(overlooked, Kind.AMOUNT_DIFFERS),
    "a line nobody knows passes": partial(overlooked, Kind.MISSING_HERE),
    "a missing line passes": partial(overlooked, Kind.MISSING_AT_CHANNEL),
    "the platform's day without refunds": refunds_not_counted,
    "the asked sum believed at the platform": asked_sum_believed,
    "dated by the question, not by the channel": time_of_question,
    "a fen lost in a refund's part": fen_lost,
}
