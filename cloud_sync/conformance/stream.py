"""The journal of the run's own device: events of a type that no platform knows, chained as a journal is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import zstandard

from cloud_sync.wire.batches import BatchHeader, chain_hashes, encode_batch, event_source

ZERO_HASH = "0" * 64
BEGAN = "community.edge.EpochBegan.v1"
TRIED = "community.edge.ConformanceTried.v1"
"""A type that stands in no table: custody keeps it all the same."""
TIME_MS = 1_795_312_800_000
"""What the events are dated with; `timetrust` is unknown, so it is a lower bound and nothing else."""


class Stretch(NamedTuple):
    """Some entries in a row: the header of their batch and their lines."""

    header: BatchHeader
    lines: tuple[bytes, ...]

    @property
    def last_seq(self) -> int:
        """Number of the last entry."""
        return self.header.first_seq + self.header.count - 1

    def encoded(self) -> bytes:
        """The batch as it is posted, compressed with zstd."""
        return encode_batch(self.header, self.lines)

    def plain(self) -> bytes:
        """The batch before compression."""
        return b"\n".join((msgspec.json.encode(self.header), *self.lines))

    def part(self, first: int, last: int | None = None) -> "Stretch":
        """The entries at positions `first` to `last` (exclusive) as a batch of their own."""
        hashes = chain_hashes(self.header.previous_hash, self.lines)
        previous = hashes[first - 1] if first else self.header.previous_hash
        return chain(self.header, self.header.first_seq + first, previous, self.lines[first:last])

    def rewritten(self) -> "Stretch":
        """Another history: the last entry says something else, and the chain is made to fit."""
        last = self.lines[-1].replace(b'"actor":"conformance"', b'"actor":"somebody"')
        lines = (*self.lines[:-1], last)
        return chain(self.header, self.header.first_seq, self.header.previous_hash, lines)


def chain(like: BatchHeader, first_seq: int, previous_hash: str, lines: Sequence[bytes]) -> Stretch:
    """A batch of these lines under the device and epoch of another header."""
    header = msgspec.structs.replace(
        like,
        first_seq=first_seq,
        previous_hash=previous_hash,
        last_hash=chain_hashes(previous_hash, lines)[-1],
        count=len(lines),
    )
    return Stretch(header, tuple(lines))


class TrialStream:
    """Where the run's device stands: epoch, counter of identities, head. Nothing moves before `move_to`."""

    def __init__(
        self,
        site: str,
        device: str,
        *,
        epoch: int = 1,
        head_seq: int = 0,
        head_hash: str = ZERO_HASH,
        began: bool = True,
    ) -> None:
        self.site, self.device, self.epoch = site, device, epoch
        self.head_seq, self.head_hash = head_seq, head_hash
        self.began = began
        self.sent: list[Stretch] = []

    def next_epoch(self, *, head_hash: str | None = None) -> "TrialStream":
        """The stream that goes on from this head under a higher epoch, before its first entry."""
        return TrialStream(
            self.site,
            self.device,
            epoch=self.epoch + 1,
            head_seq=self.head_seq,
            head_hash=head_hash or self.head_hash,
            began=False,
        )

    def write(self, count: int, *, source_site: str = "", text: str = "和园里") -> Stretch:
        """The next `count` entries; in a new epoch the first one says that it began."""
        lines: list[bytes] = []
        for seq in range(self.head_seq + 1, self.head_seq + 1 + count):
            if not self.began and not lines:
                body: Mapping[str, object] = {
                    "reason": "conformance",
                    "previous_epoch": self.epoch - 1,
                    "previous_seq": self.head_seq,
                    "previous_hash": self.head_hash,
                }
                lines.append(self._line(seq, BEGAN, body, source_site))
            else:
                lines.append(self._line(seq, TRIED, {"number": seq, "text": text}, source_site))
        like = BatchHeader(self.device, self.epoch, 0, "", "", 0)
        return chain(like, self.head_seq + 1, self.head_hash, lines)

    def move_to(self, stretch: Stretch) -> None:
        """Custody has these entries: the next ones follow them."""
        self.head_seq, self.head_hash, self.began = stretch.last_seq, stretch.header.last_hash, True
        self.sent.append(stretch)

    def _line(self, seq: int, type_name: str, body: Mapping[str, object], source_site: str) -> bytes:
        """One event in canonical JSON: names in order, no blanks (RFC 8785; all names are ASCII)."""
        event = {
            "actor": "conformance",
            "data": body,
            "id": f"{self.device}-{self.epoch}-{seq}",
            "seq": seq,
            "source": event_source(source_site or self.site, self.device, self.epoch),
            "specversion": "1.0",
            "timems": TIME_MS,
            "timetrust": "unknown",
            "type": type_name,
        }
        return msgspec.json.encode(event, order="deterministic")


def compress(raw: bytes) -> bytes:
    """Bytes as zstd, for bodies that are no batch."""
    return zstandard.ZstdCompressor().compress(raw)
