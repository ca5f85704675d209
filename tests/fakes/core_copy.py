"""An older copy of the database put back under the whole core, and what is expected of it afterwards."""

import contextlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

from edge.proof.evidence import Entry, Held, Link, Permit
from edge.store.facts import get_int, put_fact
from edge.store.identity import EPOCH_SEEN, RESTORED_FROM
from tests.fakes.core_world import PULSE_MS, CoreWorld


class Copy(NamedTuple):
    """The database as it was, its head, and what was known of holds, permits and erased people then."""

    path: Path
    head: Link
    held: dict[str, Held]
    permits: dict[str, Permit]
    forgotten: frozenset[str]


def take_copy(world: CoreWorld) -> Copy:
    """A backup, as `edge db backup` makes one."""
    path = world.path.with_name(f"{world.path.name}.copy")
    path.unlink(missing_ok=True)
    world.judge()
    with contextlib.closing(sqlite3.connect(path)) as target:
        world.reader.backup(target)
    return Copy(path, world.collector.link, dict(world.held), dict(world.permits), world.forgotten)


async def put_back(world: CoreWorld, copy: Copy) -> set[str]:
    """Restore it with the mark that `edge db restore` leaves, and start.

    The device cannot know what only the lost part knew: expectations that come of it alone are given up
    here, one by one. Returns the orders that were placed in it.
    """
    world.judge()
    lost = [entry for entry in world.collector.journal.entries if entry.seq > copy.head.seq]
    epoch = get_int(world.reader, "epoch", 1)

    def replace() -> Link:
        for suffix in ("-wal", "-shm"):
            world.path.with_name(world.path.name + suffix).unlink(missing_ok=True)
        world.path.write_bytes(copy.path.read_bytes())
        with contextlib.closing(sqlite3.connect(world.path)) as connection:
            put_fact(connection, RESTORED_FROM, copy.path.name)
            put_fact(connection, EPOCH_SEEN, max(epoch, get_int(connection, EPOCH_SEEN)))
            connection.commit()
        return copy.head

    _give_up(world, copy, lost)
    await world.restart(replace)
    return {entry.data["order_id"] for entry in lost if entry.kind in ("OrderPlaced", "FeePlaced")}


def _give_up(world: CoreWorld, copy: Copy, lost: list[Entry]) -> None:
    """Sales told of stay true at the platform if it had them; the rest of the lost part is gone."""
    world.former += lost
    for entry in lost:
        if entry.kind == "SaleSettled":
            world.told.pop(entry.data["order_id"], None)
        elif entry.kind == "PaymentRequested":
            world.channel.held.pop(entry.data["attempt_id"], None)
    openings = {
        entry.data["opening"] for entry in lost if entry.kind in ("DoorOpenRequested", "CellOpenRequested")
    }
    fired = [edge for edge in world.guard.trace.edges if edge.level == 1 and edge.id in openings]
    world.guard.trace.edges[:] = [edge for edge in world.guard.trace.edges if edge not in fired]
    world.cell_edges[:] = [edge for edge in world.cell_edges if edge.id not in openings]
    now_ms = world.guard.boot_ms
    world.held = {
        name: copy.held.get(name, hold if hold.until_ms is not None else hold._replace(until_ms=now_ms))
        for name, hold in world.held.items()
    }
    world.held |= {edge.id: Held(edge.line, edge.at_ms, edge.at_ms + PULSE_MS) for edge in fired}
    world.forgotten = copy.forgotten
    world.permits = {name: _as_of(copy, name, permit) for name, permit in world.permits.items()}


def _as_of(copy: Copy, name: str, permit: Permit) -> Permit:
    """What was void then is void; a command's session has ended in any case."""
    if permit.kind == "command":
        return permit._replace(void_after_seq=copy.head.seq)
    then = copy.permits.get(name)
    return permit._replace(void_after_seq=None if then is None else then.void_after_seq)
