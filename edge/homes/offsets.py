"""What points took off a room's fees here 积分冲抵 (S1): the fees page says so beside what is owed."""

import sqlite3

from edge.homes import records
from edge.pay.refund_records import gone_back
from edge.pay.tenders import tenders_of

POINTS = "points"


def points_offset_fen(connection: sqlite3.Connection, room: str, year: str) -> int:
    """Return the fen of a room's bills that points paid at this device in a year ("2026").

    What of it went back again, as for a bill that was paid twice, is not counted.
    """
    attempts = records.paid_attempts_of_room(connection, room, year)
    spent_fen = sum(
        tender.amount_fen
        for attempt in attempts
        for tender in tenders_of(connection, attempt)
        if tender.kind == POINTS
    )
    back_fen = sum(
        fen
        for attempt in attempts
        for (kind, _), fen in gone_back(connection, attempt).items()
        if kind == POINTS
    )
    return spent_fen - back_fen
