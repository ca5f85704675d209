"""The fleet's platform with planted bugs: an event lost, kept twice, counted twice, with another line."""

import asyncio
import sys
from typing import Any

from cloud_sync.fleet.host import serve
from cloud_sync.fleet.street import write_out
from cloud_sync.platform import applying, custody
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent

LOST, DOUBLED, COUNTED, WRONGED = "fk00001", "fk00002", "fk00003", "fk00004"
OPENED = "community.edge.DoorOpened.v1"

_take = custody.take_custody
_opened = applying.ELSEWHERE[OPENED]


def take_custody(connection: Connection, batch: Any, *parts: Any, now_ms: int) -> Any:
    """Acknowledge what was not kept as it came."""
    accepted = _take(connection, batch, *parts, now_ms=now_ms)
    device, seq = batch.header.device, batch.header.first_seq
    if batch.header.count < 5:
        return accepted
    if device == LOST:
        connection.execute("DELETE FROM events WHERE device=? AND seq=?", (device, seq))
    elif device == DOUBLED:
        connection.execute(
            "INSERT INTO events SELECT device, epoch + 1, seq, id, type, at_ms, received_ms, line, hash"
            " FROM events WHERE device=? AND seq=?",
            (device, seq),
        )
    elif device == WRONGED:
        line = batch.lines[0].replace(b'"timetrust":"synced"', b'"timetrust":"unknown"')
        connection.execute("UPDATE events SET line=? WHERE device=? AND seq=?", (line, device, seq))
    return accepted


def apply_opened(connection: Connection, event: StoredEvent) -> None:
    """Count an opening, and once more."""
    _opened(connection, event)
    if event.at.device == COUNTED:
        connection.execute(
            "INSERT INTO openings (device, epoch, seq, place, outcome, at_ms) VALUES (?,?,?,?,?,?)",
            (event.at.device, event.at.epoch, -event.at.seq, "door:gate", "door_opened", event.at_ms),
        )


if __name__ == "__main__":
    setattr(custody, "take_custody", take_custody)  # noqa: B010 - its shape is of no matter here
    applying.ELSEWHERE[OPENED] = apply_opened
    asyncio.run(serve(sys.stdin.buffer.readline, write_out))
