"""Release on unknown: a supervisor lets goods go before the outcome of their payment is known.

The sale is settled now, and what the channel has not paid yet is owed by the payer. From here on the attempt
is only asked about, never undone: money that comes clears what is owed, and an attempt that fails leaves a
case for a person.
"""

import sqlite3
from collections.abc import Mapping

import msgspec

from edge.pay import records
from edge.pay.attempts import ACTOR, TOPIC, Attempt, Finding, Settle, apply_finding, find_attempt
from edge.pay.errors import ReleaseNotPossible
from edge.pay.events import PaymentReleased
from edge.pay.states import Answer, AttemptState
from edge.pay.tenders import spend
from edge.store.unit import Unit


def release_order(
    unit: Unit, attempt_id: str, settle: Mapping[str, Settle], *, supervisor: str, reason: str
) -> Attempt:
    """Settle the order of an open attempt on what its payer owes; `supervisor` is an account id.

    `settle` has the purposes whose goods may go out before the outcome.

    Raises AttemptUnknown, ReleaseNotPossible, and the Refusal of a settlement that cannot be.
    """
    attempt = find_attempt(unit.connection, attempt_id)
    if not supervisor or not reason:
        raise ReleaseNotPossible(attempt=attempt_id, reason="nobody_named")
    if not attempt.is_open or attempt.released_by:
        state = "released" if attempt.is_open else str(attempt.state)
        raise ReleaseNotPossible(attempt=attempt_id, reason=state)
    if attempt.state is AttemptState.CREATED:
        raise ReleaseNotPossible(attempt=attempt_id, reason=str(attempt.state))
    if attempt.purpose not in settle:
        raise ReleaseNotPossible(attempt=attempt_id, reason=attempt.purpose)
    finding = Finding(answer=Answer.RELEASED, reason="released")
    parked = apply_finding(unit, attempt_id, finding, settle)
    released = msgspec.structs.replace(parked, released_by=supervisor)
    settle[released.purpose](unit, released)
    if released.held_fen:
        spend(unit, released.id)
    records.update_attempt(unit.connection, msgspec.structs.asdict(released))
    unit.record(
        PaymentReleased(
            attempt_id=released.id,
            order_id=released.order_id,
            payee=released.payee,
            amount_fen=released.amount_fen,
            supervisor=supervisor,
            reason=reason,
        ),
        actor=ACTOR,
    )
    unit.hint(TOPIC)
    return released


def unpaid_releases(connection: sqlite3.Connection) -> tuple[Attempt, ...]:
    """Return the attempts whose goods were released and whose payment ended without money: cases."""
    return tuple(msgspec.convert(row, Attempt) for row in records.unpaid_release_rows(connection))
