"""Erasure of a person: the feed's records go, every hub of the site is told, their answers are kept.

When the last hub has answered, the order and the ends of the person's records go, too: then nothing here says
whom it was about. What law or contract keeps (payments, invoices) names no person but by an account's id.
"""

import msgspec

from cloud_sync.platform.feed import get_record, list_records, put_record
from cloud_sync.platform.keys import new_id
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent

COLLECTION = "erasures"
_BY_SUBJECT = ("residents", "grants")
_WITH_SUBJECT = ("cards", "pins", "vehicles")
_KEPT = ("accounts", "orders")


class ErasureStanding(msgspec.Struct, frozen=True):
    """An order to erase somebody: which hubs answered, with how many rows; `done_ms` 0 while one has not."""

    id: str
    asked_ms: int
    done_ms: int
    answers: dict[str, int]


class _Erased(msgspec.Struct, frozen=True):
    reason: str
    erasure: str = ""
    tables: int = 0
    rows: int = 0


def ask_erasure(connection: Connection, subject: str, *, now_ms: int) -> str:
    """Take a person out of the feed and order every hub of the site to erase them; returns the order's id."""
    for collection in _BY_SUBJECT:
        if get_record(connection, collection, subject) is not None:
            put_record(connection, collection, subject, None)
    for collection in _WITH_SUBJECT:
        for record in list_records(connection, collection):
            if record["subject"] == subject:
                put_record(connection, collection, str(record["id"]), None)
    connection.execute("DELETE FROM tokens WHERE holder=?", (subject,))
    erasure = new_id("e")
    connection.execute(
        "INSERT INTO erasures (id, site, asked_ms) VALUES (?,?,?)", (erasure, connection.site, now_ms)
    )
    _unname(connection, subject, erasure)
    put_record(connection, COLLECTION, erasure, {"id": erasure, "subject": subject, "asked_ms": now_ms})
    return erasure


def _unname(connection: Connection, subject: str, erasure: str) -> None:
    """What stays for the books and the goods names the order in the person's place.

    An account that named nobody would be everybody's, and so would an order in a cell.
    """
    connection.execute(
        "UPDATE accounts SET subject=? WHERE site=? AND subject=?", (erasure, connection.site, subject)
    )
    for collection in _KEPT:
        for record in list_records(connection, collection):
            if record["subject"] == subject:
                put_record(connection, collection, str(record["id"]), {**record, "subject": erasure})


def apply_person_erased(connection: Connection, event: StoredEvent) -> None:
    """A hub's answer; the last one ends the order."""
    told = msgspec.json.decode(event.body, type=_Erased)
    if not told.erasure:
        return
    connection.execute(
        "INSERT INTO erasure_answers (erasure, device, erased_tables, erased_rows, at_ms) VALUES (?,?,?,?,?)"
        " ON CONFLICT (erasure, device) DO NOTHING",
        (told.erasure, event.at.device, told.tables, told.rows, event.at_ms),
    )
    waiting = connection.execute(
        "SELECT count(*) FROM devices d WHERE d.site=? AND d.state='active'"
        " AND EXISTS (SELECT 1 FROM streams s WHERE s.device=d.id)"
        " AND NOT EXISTS (SELECT 1 FROM erasure_answers a WHERE a.device=d.id AND a.erasure=?)",
        (connection.site, told.erasure),
    ).fetchone()
    if waiting is None or waiting[0] == 0:
        _end(connection, told.erasure, event.at_ms)


def _end(connection: Connection, erasure: str, at_ms: int) -> None:
    record = get_record(connection, COLLECTION, erasure)
    connection.execute("UPDATE erasures SET done_ms=? WHERE id=? AND done_ms=0", (at_ms, erasure))
    if record is None:
        return
    put_record(connection, COLLECTION, erasure, None)
    connection.execute(
        "DELETE FROM records WHERE site=? AND id=? AND data IS NULL", (connection.site, record["subject"])
    )


def list_erasures(connection: Connection) -> list[ErasureStanding]:
    """The orders of this site, the newest first."""
    rows = connection.execute(
        "SELECT id, asked_ms, done_ms FROM erasures WHERE site=? ORDER BY asked_ms DESC, id",
        (connection.site,),
    ).fetchall()
    answers = connection.execute("SELECT erasure, device, erased_rows FROM erasure_answers").fetchall()
    return [
        ErasureStanding(
            row["id"],
            row["asked_ms"],
            row["done_ms"],
            {each["device"]: each["erased_rows"] for each in answers if each["erasure"] == row["id"]},
        )
        for row in rows
    ]
