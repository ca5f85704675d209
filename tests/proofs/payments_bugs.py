"""Bugs to plant in the payments, by name. Each is one replacement in the product, undone at the end."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import msgspec

from cloud_sync.payments import HttpPaymentPlatform
from cloud_sync.platform import payment_records
from cloud_sync.platform.notices import NoticeDesk
from edge import payments
from edge.pay import account_records, attempts, engine, findings, policy, refund_records, refunds, tenders
from edge.pay.leases import Lease
from edge.pay.policy import Method
from edge.pay.states import Answer
from tests.proofs.core_bugs import PLANTED, _hunt
from tests.proofs.proof import Plant

__all__ = ["BUGS", "PLANTED"]


def charge_again() -> AbstractContextManager[None]:
    """An attempt without an answer does not stand in the way of the next one."""
    return _hunt(
        patch.object(attempts, "standing_attempt", lambda *_: None),
        changes={"CREATE UNIQUE INDEX attempts_one_standing": "CREATE INDEX attempts_one_standing"},
    )


def paying_is_failure() -> AbstractContextManager[None]:
    """A payer who is entering a password counts as one who did not pay."""
    return _hunt(patch.dict(findings._ANSWERS, {"waiting": Answer.FAILED}))


def timeout_is_failure() -> AbstractContextManager[None]:
    """A charge without an answer counts as one that was not made."""
    return _hunt(patch.dict(findings._ANSWERS, {"unknown": Answer.FAILED}))


def refund_of_new_id() -> AbstractContextManager[None]:
    """Every retry of a refund goes out as another one, and is never asked about."""
    real = HttpPaymentPlatform.refund
    tries: list[str] = []

    async def refund_anew(self: HttpPaymentPlatform, ask: Any) -> Any:
        tries.append(ask.part_id)
        return await real(self, msgspec.structs.replace(ask, part_id=f"{ask.part_id}-{len(tries)}"))

    return _hunt(patch.object(HttpPaymentPlatform, "refund", refund_anew))


def lease_spent_twice() -> AbstractContextManager[None]:
    """What was spent of a lease can be spent again."""
    return _hunt(
        patch.object(Lease, "left_fen", property(lambda self: self.granted_fen - self.held_fen)),
        changes={"CHECK (spent_fen BETWEEN 0 AND granted_fen)": ""},
    )


def hold_forgotten() -> AbstractContextManager[None]:
    """Nothing is held while the channel is asked."""
    return _hunt(patch.object(account_records, "insert_hold", lambda *_: None))


def hold_kept() -> AbstractContextManager[None]:
    """What was held stays so when nobody paid."""
    return _hunt(patch.object(attempts, "release", lambda *_: None))


def hold_freed_early() -> AbstractContextManager[None]:
    """An unknown outcome frees what accounts hold."""
    real = attempts.apply_finding

    def free(unit: Any, attempt_id: str, finding: Any, settle: Any) -> Any:
        attempt = real(unit, attempt_id, finding, settle)
        if attempt.state == "unknown":
            tenders.release(unit, attempt_id)
        return attempt

    return _hunt(patch.object(engine, "apply_finding", free))


def late_kept() -> AbstractContextManager[None]:
    """Money that came after the end of its attempt stays."""
    return _hunt(patch.object(attempts, "refund_capture", lambda *_: None))


def late_forgotten() -> AbstractContextManager[None]:
    """Nobody asks about attempts that were given up."""

    async def forget(self: Any) -> None:
        """Ask nobody."""

    return _hunt(patch.object(engine.PaymentEngine, "_look_for_late_money", forget))


def amount_believed() -> AbstractContextManager[None]:
    """Whatever the channel took passes for the sum that was asked."""
    real = attempts.apply_finding

    def believe(unit: Any, attempt_id: str, finding: Any, settle: Any) -> Any:
        asked_fen = attempts.find_attempt(unit.connection, attempt_id).amount_fen
        return real(unit, attempt_id, msgspec.structs.replace(finding, amount_fen=asked_fen), settle)

    return _hunt(patch.object(engine, "apply_finding", believe))


def reversed_early() -> AbstractContextManager[None]:
    """A charge is reversed as soon as somebody walks away."""
    key = ("wechat", Method.PAYMENT_CODE)
    hasty = msgspec.structs.replace(policy.POLICIES[key], undo_not_before_ms=0)
    return _hunt(patch.dict(policy.POLICIES, {key: hasty}))


def refund_above_captured() -> AbstractContextManager[None]:
    """Nobody looks at how much was paid."""

    def split(paid: tuple[Any, ...], back: Any, amount_fen: int) -> list[Any]:
        return [msgspec.structs.replace(paid[-1], amount_fen=amount_fen)]

    return _hunt(patch.object(refunds, "split_refund", split))


def refund_first_tender_first() -> AbstractContextManager[None]:
    """Points go back before the channel's money."""
    return _hunt(patch.object(refunds, "BACK_ORDER", ("points", "prepaid_fee", "wallet", "channel")))


def points_on_collected() -> AbstractContextManager[None]:
    """Points pay what is collected for others."""
    real = payments.LIMITS["fee"]

    def allow(connection: Any, order_id: str) -> Any:
        limits = real(connection, order_id)
        return msgspec.structs.replace(limits, points_fen=limits.total_fen)

    return _hunt(patch.dict(payments.LIMITS, {"fee": allow}))


def refund_forgotten_after_restart() -> AbstractContextManager[None]:
    """A refund that was asked for once is not asked about again."""
    return _hunt(patch.object(refund_records, "due_part_rows", lambda *_: []))


def notice_trusted() -> AbstractContextManager[None]:
    """The platform writes down what a notice says."""

    async def trust(self: NoticeDesk, name: str, notice: Any) -> None:
        def write(connection: Any) -> None:
            row = payment_records.find(connection, notice.attempt)
            if row is not None and row.state != "paid":
                paid = {"state": "paid", "captured_fen": notice.amount_fen, "paid_ms": self._desk.clock_ms()}
                payment_records.put(connection, msgspec.structs.replace(row, **paid))

        await self._desk.units.write(write)

    return _hunt(patch.object(NoticeDesk, "_take_payment", trust))


BUGS: Mapping[str, Plant] = {
    "charge again on timeout": charge_again,
    "USERPAYING as failure": paying_is_failure,
    "timeout as failure": timeout_is_failure,
    "refund with a new id": refund_of_new_id,
    "lease spent twice": lease_spent_twice,
    "hold forgotten": hold_forgotten,
    "hold kept when nobody paid": hold_kept,
    "hold freed while unknown": hold_freed_early,
    "late success kept": late_kept,
    "late success never looked for": late_forgotten,
    "paid amount not compared": amount_believed,
    "reverse before 15 s": reversed_early,
    "refund above captured": refund_above_captured,
    "first tender goes back first": refund_first_tender_first,
    "points on what is collected for others": points_on_collected,
    "notice trusted for its amount": notice_trusted,
    "refund asked for once and forgotten": refund_forgotten_after_restart,
}
