"""Both sides held against each other: journals with custody, hash by hash, and what was made of them.

Nothing here asks the platform's program: its database is read after it has ended.
"""

import json
from collections import Counter
from collections.abc import Iterable
from functools import partial

import msgspec

from cloud_sync.fleet import custody_records
from cloud_sync.fleet.custody_records import Counted, Held
from cloud_sync.fleet.site import SimulatedSite
from cloud_sync.platform.database import Database
from edge.store import journal
from edge.store.journal import JournalRow


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How many events both sides hold, and every fault in words, none when they are equal."""

    events: int
    faults: list[str]


def compare_events(device: str, entries: Iterable[JournalRow], held: Iterable[Held]) -> list[str]:
    """Faults of one device's custody: lost, doubled, foreign, other content. Every line is hashed anew."""
    faults: list[str] = []
    by_seq: dict[int, Held] = {}
    ids: Counter[str] = Counter()
    for event in held:
        ids[event.id] += 1
        if event.seq in by_seq:
            faults.append(f"{device}: entry {event.seq} is in custody twice")
        by_seq[event.seq] = event
    faults += [
        f"{device}: event {name} is in custody {count} times" for name, count in ids.items() if count > 1
    ]
    for row in entries:
        found = by_seq.pop(row.seq, None)
        if found is None:
            faults.append(f"{device}: entry {row.seq} was lost")
        elif (found.hash, found.id) != (row.hash.hex(), row.id):
            faults.append(f"{device}: entry {row.seq} is another one in custody")
        elif journal.chain_hash(row.previous_hash, found.line) != row.hash:
            faults.append(f"{device}: the line of entry {row.seq} is not what was hashed")
    faults += [f"{device}: entry {seq} in custody was never written" for seq in by_seq]
    return faults


def compare_counted(device: str, entries: Iterable[JournalRow], counted: Counted) -> list[str]:
    """Faults of what the platform counted: each opening and each sale once, to the fen."""
    expected = Counted(0, 0, 0)
    for row in entries:
        if row.type in ("DoorOpened", "DoorUnknown"):
            expected = expected._replace(openings=expected.openings + 1)
        elif row.type == "SaleSettled":
            fen = expected.sales_fen + int(json.loads(row.body)["total_fen"])
            expected = expected._replace(sales=expected.sales + 1, sales_fen=fen)
    return [] if counted == expected else [f"{device}: the platform counts {counted}, the site {expected}"]


def compare_doors(device: str, fired: dict[str, int], opened: set[str]) -> list[str]:
    """Faults of commands: a door moves once a command, and is called open only when it moved."""
    faults = [f"{device}: command {name} fired {count} times" for name, count in fired.items() if count != 1]
    return faults + [
        f"{device}: command {name} is called opened, nothing moved" for name in opened - set(fired)
    ]


async def compare(database: Database, sites: Iterable[SimulatedSite]) -> Verdict:
    """Compare every site with what the platform's database holds."""
    faults: list[str] = []
    events = 0
    for site in sites:
        device = site.member.device
        entries = site.read_journal()
        events += len(entries)
        held = await database.read(partial(custody_records.read_held, device=device))
        counted = await database.read(partial(custody_records.read_counted, device=device))
        opened = await database.read(partial(custody_records.read_opened, device=device))
        newest = await database.read(partial(custody_records.read_newest_cursor, site=site.member.site))
        faults += compare_events(device, entries, held)
        faults += compare_counted(device, entries, counted)
        faults += compare_doors(device, site.doors.fired, opened)
        if site.cursor != newest:
            faults.append(f"{device}: its feed ends at {site.cursor}, the platform's at {newest}")
    return Verdict(events=events, faults=faults)
