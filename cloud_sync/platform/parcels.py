"""Couriers' parcels in cells: the order of the room, its 8-digit code, and what the phone is told."""

import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from cloud_sync.platform.feed import get_record, list_records, put_record
from cloud_sync.platform.household import people_of
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import RecordMissing, StoredEvent, require_record
from edge.trust.cards import pickup_hash

CODE_DIGITS = 8
CODE_LIFE_MS = 30 * 24 * 3_600_000
MESSAGES_SHOWN = 50
_CELL = "cell:"


class ParcelDeposited(msgspec.Struct, frozen=True):
    """What we read of a parcel that lies in a cell."""

    order_id: str
    parcel: str
    place: str
    mailbox: str
    keep_until_ms: int = 0


class ParcelNews(msgspec.Struct, frozen=True):
    """What we read of anything that happened to an order's parcels."""

    order_id: str
    parcel: str = ""
    place: str = ""
    overdue_at_ms: int = 0
    kind: str = ""
    left: int = 0


class Message(msgspec.Struct, frozen=True):
    """A message on the phone; what it says is in its kind, its order and the details."""

    id: int
    kind: str
    order: str
    details: dict[str, Any]
    at_ms: int
    read: bool


def apply_deposited(connection: Connection, event: StoredEvent) -> None:
    """A parcel lies in a cell: the room gets an order, a code and a message; more parcels join the order.

    Raises RecordMissing for a mailbox that no room has.
    """
    told = msgspec.json.decode(event.body, type=ParcelDeposited)
    room = _room_of(connection, told.mailbox)
    order = get_record(connection, "orders", told.order_id) or {
        "id": told.order_id,
        "subject": "",
        "state": "in_cells",
        "cells": [],
        "kind": "parcel",
        "room": room,
        "deposit": told.order_id,
        "deposited_ms": event.at_ms,
        "overdue_ms": told.keep_until_ms,
    }
    bank, _, cell = told.place.removeprefix(_CELL).partition("/")
    others = [one for one in order["cells"] if one["parcel"] != told.parcel]
    order["cells"] = [*others, {"bank": bank, "cell": cell, "parcel": told.parcel}]
    order["state"] = "in_cells"
    put_record(connection, "orders", told.order_id, order, applied_through=event.at)
    code = code_of(connection, told.order_id, now_ms=event.at_ms)
    details = {"cells": [one["cell"] for one in order["cells"]], "code": code}
    _tell_room(connection, room, "parcel_in", told.order_id, event, details, fresh=not others)


def apply_gone(state: str, message: str) -> Callable[[Connection, StoredEvent], None]:
    """A parcel left its cell otherwise than by its people; the order ends with its last parcel."""

    def apply(connection: Connection, event: StoredEvent) -> None:
        told = msgspec.json.decode(event.body, type=ParcelNews)
        order = require_record(connection, "orders", told.order_id)
        order["cells"] = [one for one in order["cells"] if one["parcel"] != told.parcel]
        if not order["cells"]:
            order["state"] = state
            drop_code(connection, told.order_id)
        put_record(connection, "orders", told.order_id, order, applied_through=event.at)
        _tell(connection, order, message, event, {})

    return apply


def apply_news(message: str) -> Callable[[Connection, StoredEvent], None]:
    """Something that an order's people are to hear."""

    def apply(connection: Connection, event: StoredEvent) -> None:
        told = msgspec.json.decode(event.body, type=ParcelNews)
        order = get_record(connection, "orders", told.order_id)
        if order is None:
            return
        cells = [told.place.partition("/")[2]] if told.place else [one["cell"] for one in order["cells"]]
        details: dict[str, Any] = {"cells": cells}
        optional = {"overdue_ms": told.overdue_at_ms, "case": told.kind, "left": told.left}
        _tell(connection, order, message, event, details | {k: v for k, v in optional.items() if v})

    return apply


def code_of(connection: Connection, order_id: str, *, now_ms: int) -> str:
    """The order's 8-digit code, made when it is first asked for; its hash goes to the site."""
    row = connection.execute("SELECT code FROM pickup_codes WHERE order_id=?", (order_id,)).fetchone()
    if row is not None:
        return str(row["code"])
    taken = {str(one["code"]) for one in connection.execute("SELECT code FROM pickup_codes")}
    code = _new_code()
    while code in taken:
        code = _new_code()
    connection.execute("INSERT INTO pickup_codes (order_id, code) VALUES (?,?)", (order_id, code))
    salt = require_record(connection, "credential_salt", "site")["salt"]
    record = {
        "order": order_id,
        "hash": pickup_hash(bytes.fromhex(salt), code),
        "until_ms": now_ms + CODE_LIFE_MS,
    }
    put_record(connection, "pickup_codes", order_id, record)
    return code


def drop_code(connection: Connection, order_id: str) -> None:
    """The order is over, and with it its code."""
    gone = connection.execute("DELETE FROM pickup_codes WHERE order_id=?", (order_id,)).rowcount
    if gone:
        put_record(connection, "pickup_codes", order_id, None)


def orders_of(connection: Connection, subject: str) -> list[dict[str, Any]]:
    """A person's orders, and the parcels for their room that name nobody."""
    room = (get_record(connection, "residents", subject) or {}).get("room", "")
    return [
        order
        for order in list_records(connection, "orders")
        if order["subject"] == subject or (room and not order["subject"] and order.get("room") == room)
    ]


def read_messages(connection: Connection, subject: str) -> list[Message]:
    """A person's newest messages, newest first."""
    rows = connection.execute(
        "SELECT * FROM messages WHERE subject=? ORDER BY id DESC LIMIT ?", (subject, MESSAGES_SHOWN)
    )
    return [
        Message(
            row["id"],
            row["kind"],
            row["order_id"],
            msgspec.json.decode(row["details"]),
            row["at_ms"],
            row["read_ms"] > 0,
        )
        for row in rows
    ]


def mark_read(connection: Connection, subject: str, *, now_ms: int) -> None:
    """The person has seen what there is."""
    connection.execute("UPDATE messages SET read_ms=? WHERE subject=? AND read_ms=0", (now_ms, subject))


def _room_of(connection: Connection, mailbox: str) -> str:
    row = connection.execute(
        "SELECT id FROM records WHERE site=? AND collection='rooms' AND data IS NOT NULL"
        " AND json_extract(data, '$.mailbox')=?",
        (connection.site, mailbox),
    ).fetchone()
    if row is None or not mailbox:
        raise RecordMissing("rooms/mailbox")
    return str(row["id"])


def _tell(
    connection: Connection,
    order: dict[str, Any],
    kind: str,
    event: StoredEvent,
    details: dict[str, Any],
) -> None:
    if order["subject"]:
        _put(connection, order["subject"], kind, order["id"], event, details)
    else:
        _tell_room(connection, order.get("room", ""), kind, order["id"], event, details)


def _tell_room(
    connection: Connection,
    room: str,
    kind: str,
    order_id: str,
    event: StoredEvent,
    details: dict[str, Any],
    *,
    fresh: bool = True,
) -> None:
    """Everybody of the room; what only grew changes the message that is there."""
    for person in people_of(connection, room) if room else []:
        if not fresh:
            connection.execute(
                "DELETE FROM messages WHERE subject=? AND kind=? AND order_id=?",
                (person["subject"], kind, order_id),
            )
        _put(connection, person["subject"], kind, order_id, event, details)


def _put(
    connection: Connection,
    subject: str,
    kind: str,
    order_id: str,
    event: StoredEvent,
    details: dict[str, Any],
) -> None:
    key = f"{kind}:{event.at.device}-{event.at.epoch}-{event.at.seq}"
    connection.execute(
        "INSERT INTO messages (key, subject, kind, order_id, details, at_ms) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (key, subject, kind, order_id, msgspec.json.encode(details).decode(), event.at_ms),
    )


def _new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
