"""What the reference platform has on its disk: custody, figures, the channels' money, what it issued."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from cloud_sync.platform.figures import SiteFigures, compute_figures
from cloud_sync.platform.store.sqlite import SqliteConnection
from edge.proof.evidence import GivenBack, Journal, Permit, Stream, Success

SECOND_MS = 1000
"""Signed times are whole seconds, the platform's table has milliseconds."""
PARCEL = ("order", "deposit")
"""Passes whose openings are counted by their parcels, not by uses."""


class Held(NamedTuple):
    """One consistent look at the platform."""

    streams: list[Stream]
    applied_seq: int
    figures: SiteFigures
    channel: list[Success]
    channel_refunds: list[GivenBack]
    permits: dict[str, Permit]
    told_opened: frozenset[str]
    texts: dict[str, str]


@dataclass
class PlatformBooks:
    """Reads the platform's database again and again; hashes of events are read once each."""

    database: Path
    site: str
    device: str
    hashes: dict[tuple[int, int], str] = field(default_factory=dict)
    cells_of: dict[str, frozenset[str]] = field(default_factory=dict)
    """Places in which parcels of an order were ever known to lie."""
    _read: dict[int, int] = field(default_factory=dict)

    def look(self) -> Held:
        """Everything of one snapshot. Raises sqlite3.Error."""
        with closing(sqlite3.connect(self._uri, uri=True, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            figures = compute_figures(SqliteConnection(connection, home=self.site))
            ours = [row for row in figures.devices if row.device == self.device]
            streams = [
                Stream(
                    row.epoch,
                    row.events,
                    row.head_seq,
                    row.head_hash,
                    row.parked,
                    row.quarantine,
                    row.first_seq,
                )
                for row in ours
            ]
            self._read_hashes(connection, streams)
            self._read_cells(connection)
            return Held(
                streams,
                ours[-1].applied_seq if ours else 0,
                figures,
                *self._channel(connection),
                _permits(connection),
                _told_opened(connection, self.device),
                _texts(connection),
            )

    def elsewhere(self, journal: Journal) -> Journal:
        """What older epochs recorded past the place where the next one begins: only the platform has it."""
        lost = Journal()
        begins = {entry.epoch: entry.seq for entry in reversed(journal.entries)}
        epochs = sorted(begins)
        for epoch, after in pairwise(epochs):
            seq = begins[after]
            if self._read.get(epoch, 0) >= seq and (epoch, seq - 1) in self.hashes:
                part = Journal(seq - 1, self.hashes[epoch, seq - 1])
                for line in self._lines(epoch, seq):
                    lost.put(part.add(line))
        return lost

    def _lines(self, epoch: int, from_seq: int) -> list[bytes]:
        with closing(sqlite3.connect(self._uri, uri=True)) as connection:
            rows = connection.execute(
                "SELECT line FROM events WHERE device=? AND epoch=? AND seq>=? ORDER BY seq",
                (self.device, epoch, from_seq),
            )
            return [bytes(line) for (line,) in rows]

    @property
    def _uri(self) -> str:
        return f"{self.database.absolute().as_uri()}?mode=ro"

    def _read_hashes(self, connection: sqlite3.Connection, streams: list[Stream]) -> None:
        for stream in streams:
            rows = connection.execute(
                "SELECT seq, hash FROM events WHERE device=? AND epoch=? AND seq>? ORDER BY seq",
                (self.device, stream.epoch, self._read.get(stream.epoch, 0)),
            )
            for seq, digest in rows:
                self.hashes[stream.epoch, seq] = digest
                self._read[stream.epoch] = seq

    def _read_cells(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT id, data FROM records WHERE collection='orders' AND data<>''")
        for order, data in rows:
            cells = json.loads(data).get("cells", ())
            places = frozenset(f"cell:{cell['bank']}/{cell['cell']}" for cell in cells)
            self.cells_of[order] = self.cells_of.get(order, frozenset()) | places

    def _channel(self, connection: sqlite3.Connection) -> tuple[list[Success], list[GivenBack]]:
        """Money that the simulated channels took and gave back for this device; phones pay there, too."""
        took = connection.execute(
            "SELECT s.attempt, s.captured_fen FROM sim_trades s JOIN trades t ON t.attempt=s.attempt"
            " WHERE s.state='paid' AND t.device=?",
            (self.device,),
        )
        gave = connection.execute(
            "SELECT s.part, s.attempt, s.amount_fen FROM sim_refunds s JOIN refund_trades t ON t.part=s.part"
            " WHERE s.state<>'failed' AND t.device=?",
            (self.device,),
        )
        return [Success(*row) for row in took], [GivenBack(*row) for row in gave]


def _permits(connection: sqlite3.Connection) -> dict[str, Permit]:
    """Passes and commands by id, as they were issued."""
    found: dict[str, Permit] = {}
    for row in connection.execute("SELECT id, kind, doors, from_ms, until_ms, uses FROM passes"):
        doors = json.loads(row["doors"] or "[]")
        found[row["id"]] = Permit(
            row["kind"],
            None if row["kind"] in PARCEL else row["uses"],
            row["from_ms"] - SECOND_MS,
            row["until_ms"] + SECOND_MS,
            frozenset(f"door:{door}" for door in doors) or None,
        )
    for row in connection.execute("SELECT id, target, expires_ms FROM commands"):
        place = frozenset({f"door:{row['target']}"})
        found[row["id"]] = Permit("command", 1, 0, row["expires_ms"] + SECOND_MS, place)
    return found


def _told_opened(connection: sqlite3.Connection, device: str) -> frozenset[str]:
    """Authorisations of commands of which phones were told that the door opened."""
    rows = connection.execute("SELECT id FROM commands WHERE state='opened' AND device=?", (device,))
    return frozenset(f"command:{row['id']}" for row in rows)


def _texts(connection: sqlite3.Connection) -> dict[str, str]:
    """What passes say, by what to call them: whoever has the text has the pass."""
    rows = connection.execute("SELECT id, text FROM passes WHERE text<>''")
    return {f"the pass {row['id']}": row["text"] for row in rows}
