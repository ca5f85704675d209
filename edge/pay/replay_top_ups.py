"""What top-ups and claims of points did to the tables, done again after a restore (docs/adr/0033)."""

from collections.abc import Mapping

import msgspec

from edge.books.ledger import post
from edge.pay import account_records, records
from edge.pay.accounts import find_account, note_move
from edge.pay.contract import current_terms
from edge.pay.events import PointsClaimed, TopUpPlaced, TopUpSettled
from edge.pay.replay import mark_settled, put_past_receipt
from edge.pay.top_up import TopUpBody, receipt_of
from edge.store.history import PastEvent, Replay
from edge.store.personal import commit_person
from edge.store.unit import Unit


def replay_placed(unit: Unit, past: PastEvent) -> None:
    """A top-up waits for its money."""
    event = msgspec.json.decode(past.body, type=TopUpPlaced)
    if account_records.top_up_row(unit.connection, event.order_id) is not None:
        return
    body = TopUpBody(
        kiosk=event.kiosk,
        person=commit_person(unit, find_account(unit.connection, event.account).subject),
        payee=event.payee,
        kind=event.kind,
        account=event.account,
        amount_fen=event.amount_fen,
        contract_version=current_terms(unit.connection).version,
    )
    _insert(unit, past, event.order_id, body)


def _insert(unit: Unit, past: PastEvent, order_id: str, body: TopUpBody) -> None:
    account_records.insert_top_up(unit.connection, order_id, past.at_ms, msgspec.json.encode(body))


def replay_settled(unit: Unit, past: PastEvent) -> None:
    """Money was added to an account, as `edge.pay.top_up.settle_top_up` does it."""
    event = msgspec.json.decode(past.body, type=TopUpSettled)
    attempt = records.attempt_row(unit.connection, event.attempt_id)
    known = account_records.top_up_row(unit.connection, event.order_id)
    if attempt is None or (known is not None and known["state"] == "paid"):
        return
    body = msgspec.convert(msgspec.structs.asdict(event), TopUpBody)
    if known is None:
        _insert(unit, past, event.order_id, body)
    else:
        account_records.write_top_up(unit.connection, event.order_id, msgspec.json.encode(body))
    amounts = {"total": event.amount_fen, event.kind: event.amount_fen}
    post(unit, "top_up", event.order_id, amounts, payee=event.payee)
    put_past_receipt(
        unit,
        past,
        attempt,
        number=event.receipt,
        business_date=event.business_date,
        body=receipt_of(body),
    )
    account_records.mark_topped_up(unit.connection, event.order_id, event.receipt)
    mark_settled(unit, event.attempt_id, past)
    note_move(unit, event.account, event.amount_fen, past)


def replay_claimed(unit: Unit, past: PastEvent) -> None:
    """The points of a sale have their account; nobody claims them again."""
    event = msgspec.json.decode(past.body, type=PointsClaimed)
    if account_records.claim_row(unit.connection, event.order_id) is None:
        row = {"order_id": event.order_id, "account": event.account, "points": event.points}
        account_records.insert_claim(unit.connection, {**row, "at_ms": past.at_ms})


REPLAYS: Mapping[str, Replay] = {
    "TopUpPlaced": replay_placed,
    "TopUpSettled": replay_settled,
    "PointsClaimed": replay_claimed,
}
"""By event type."""
