"""Erasure of a person: the feed's records go, every hub of the site is told, their answers are kept.

What this platform itself holds of the person goes at once: passes, messages, cards' owners, sessions. What
the books and A7 (openings, 180 days) keep names the order in the person's place. When the last hub has
answered, the order and the ends of the person's records go, too, and what revoked the person's phones: then
nothing here says whom it was about, and on SQLite no byte of the file. The signed revocation list of before
is in the feed until it is signed anew, within hours. PostgreSQL's dead rows go with its own VACUUM, its log
with its retention.
"""

import msgspec

from cloud_sync.platform.feed import get_record, list_records, put_record
from cloud_sync.platform.keys import new_id
from cloud_sync.platform.revoking import revoke_passes
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent

COLLECTION = "erasures"
_BY_SUBJECT = ("residents", "grants")
_WITH_SUBJECT = ("cards", "pins", "vehicles")
_KEPT = ("accounts", "orders")
_HELD = (
    ("passes", "subject"),
    ("messages", "subject"),
    ("credentials", "subject"),
    ("shown_codes", "subject"),
    ("personas", "subject"),
    ("tokens", "holder"),
    ("sim_codes", "payer"),
)
"""Tables and columns of what is only about the person: the rows go."""
_TOLD = (
    ("door_records", "subject"),
    ("commands", "subject"),
    ("orders_told", "subject"),
    ("invoice_askers", "subject"),
    ("app_fees", "subject"),
    ("sim_trades", "payer"),
)
"""Tables and columns of what stays, with the order in the person's place."""


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
    erasure = new_id("e")
    connection.execute(
        "INSERT INTO erasures (id, site, asked_ms) VALUES (?,?,?)", (erasure, connection.site, now_ms)
    )
    _unname(connection, subject, erasure)
    if connection.at_home:
        _forget(connection, subject, erasure, now_ms=now_ms)
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


def _forget(connection: Connection, subject: str, erasure: str, *, now_ms: int) -> None:
    """What this platform holds of one of its residents; passes that are not over end at the doors, too."""
    live = connection.execute(
        "SELECT id, until_ms FROM passes WHERE subject=? AND until_ms>?", (subject, now_ms)
    ).fetchall()
    revoke_passes(connection, [(row["id"], row["until_ms"]) for row in live], now_ms=now_ms)
    for row in live:
        told = {"pass_id": row["id"], "until_ms": row["until_ms"]}
        put_record(connection, "revocations", row["id"], told)
    # A command names its person in what is signed, too; one that is still under way opens nothing any more.
    connection.execute(
        "UPDATE commands SET message=?, expires_ms=CASE WHEN expires_ms>? THEN ? ELSE expires_ms END"
        " WHERE subject=?",
        (b"", now_ms, now_ms, subject),
    )
    for table, column in _HELD:
        connection.execute(f"DELETE FROM {table} WHERE {column}=?", (subject,))  # noqa: S608 - constants
    for table, column in _TOLD:
        connection.execute(
            f"UPDATE {table} SET {column}=? WHERE {column}=?",  # noqa: S608 - constants
            (erasure, subject),
        )


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
    subject = record["subject"]
    connection.execute(
        "DELETE FROM records WHERE site=? AND id=? AND data IS NULL", (connection.site, subject)
    )
    if connection.at_home:
        # Every hub has erased the grants: nothing that the person's phone shows opens anything.
        connection.execute("DELETE FROM revoked WHERE kind IN ('phone', 'all') AND key=?", (subject,))
    connection.scrub()


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
