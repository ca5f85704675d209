"""Batches of journal events on their way to the platform (see docs/protocol.md, Batches).

A batch is newline-separated: one header line, then the canonical event lines exactly as the journal hashed
them, compressed. No event carries its hash: the receiver computes the chain again over raw bytes.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Sequence
from typing import Annotated, ClassVar, NamedTuple

import msgspec
import zstandard

from edge.errors import Refusal

MAX_BATCH_EVENTS = 1_000
MAX_LINE_BYTES = 66_560
"""64 KB of event body (architecture.md, Journal) and its envelope."""
MAX_BATCH_BYTES = 8 * 1024 * 1024
"""Bytes of a batch after decompression."""
MEDIA_TYPE = "application/x-ndjson"
HASH_HEX_LENGTH = 64
ENCODINGS = ("zstd", "gzip", "identity")
"""How a body may be compressed, the best first; a receiver that does not know one says which it knows."""
_ZSTD_LEVEL = 1
"""Event lines repeat whole stretches: the fast strategy finds them and leaves fewer bytes than level 3
(188 against 210 a sale of four events in batches of 250)."""
_GZIP_LEVEL = 6
_GZIP_WINDOW_BITS = 31


class BatchMalformed(Refusal):
    """The batch is not one header line and `count` event lines."""

    code: ClassVar[str] = "batch_malformed"


class BatchDamaged(Refusal):
    """The chain over the received bytes does not end at the hash that the header names."""

    code: ClassVar[str] = "batch_damaged"


class BatchTooLarge(Refusal):
    """More events or bytes than one batch may hold."""

    code: ClassVar[str] = "batch_too_large"


class EncodingUnsupported(Refusal):
    """The body is compressed in a way unknown here; the answer's `Accept-Encoding` lists the known."""

    code: ClassVar[str] = "encoding_unsupported"


Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$", max_length=512)]
"""A text that every database keeps."""
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""A number that every reader of JSON keeps (RFC 8785)."""


class BatchHeader(msgspec.Struct, frozen=True, omit_defaults=True):
    """First line of a batch; hashes are 64 lower-case hex digits.

    `epoch` names the stream. `recorded_epoch` is there only where the events were recorded under an earlier
    epoch, which the platform knows with another history: then they belong to the epoch that settled it.
    """

    device: Name
    epoch: Whole
    first_seq: Whole
    previous_hash: str
    last_hash: str
    count: Whole
    recorded_epoch: Whole = 0

    @property
    def last_seq(self) -> int:
        """Seq of the last event of the batch."""
        return self.first_seq + self.count - 1


class BatchAccepted(msgspec.Struct, frozen=True):
    """The platform holds every event up to and including this seq of this epoch's stream.

    `hash` is that of the entry at this seq, 64 lower-case hex digits: it names the history that is held.
    """

    acknowledged_seq: int
    epoch: int
    hash: str


class StreamStanding(msgspec.Struct, frozen=True):
    """Where custody of a device's newest epoch stands; `known`: the asked link is in custody."""

    epoch: int
    head_seq: int
    head_hash: str
    known: bool
    quarantine: str | None = None


class EventEnvelope(msgspec.Struct, frozen=True):
    """What a receiver needs of an event line; everything else stays in the stored bytes."""

    id: Name
    seq: Whole
    source: str
    type: Name
    timems: Whole
    actor: str = ""
    timetrust: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Batch(NamedTuple):
    """A decoded batch: its header and the raw event lines without line ends."""

    header: BatchHeader
    lines: tuple[bytes, ...]


def event_source(site: str, device: str, epoch: int) -> str:
    """The `source` that every event of this stream carries."""
    return f"/sites/{site}/devices/{device}/epochs/{epoch}"


def chain_hash(previous_hash: str, line: bytes) -> str:
    """Hash of an event line in the chain: SHA-256 over the previous hash in hex and the line's bytes."""
    return hashlib.sha256(previous_hash.encode("ascii") + line).hexdigest()


def chain_hashes(previous_hash: str, lines: Sequence[bytes]) -> list[str]:
    """Hash of each line, in order, starting after `previous_hash`."""
    hashes: list[str] = []
    for line in lines:
        previous_hash = chain_hash(previous_hash, line)
        hashes.append(previous_hash)
    return hashes


def encode_batch(header: BatchHeader, lines: Sequence[bytes], *, encoding: str = ENCODINGS[0]) -> bytes:
    """Header and lines compressed, ready to post with this `Content-Encoding` (one of ENCODINGS)."""
    body = encode_lines(header, lines)
    if encoding == "identity":
        return body
    if encoding == "gzip":
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)


def encode_lines(header: BatchHeader, lines: Sequence[bytes]) -> bytes:
    """Header and lines as they are, one a text line."""
    assert header.count == len(lines) > 0
    return b"\n".join((msgspec.json.encode(header), *lines))


def choose_encoding(accepted: str) -> str | None:
    """The best encoding that an `Accept-Encoding` names, or None when we have none of them."""
    names = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return next((name for name in ENCODINGS if name in names), None)


def decode_batch(body: bytes, *, encoding: str = ENCODINGS[0]) -> Batch:
    """Take a posted body apart; raises EncodingUnsupported, BatchMalformed, BatchTooLarge; checks no hash."""
    if encoding not in _DECOMPRESSORS:
        raise EncodingUnsupported(encoding=encoding[:32])
    raw = _DECOMPRESSORS[encoding](body)
    if len(raw) > MAX_BATCH_BYTES:
        raise BatchTooLarge(limit_bytes=MAX_BATCH_BYTES)
    first, *lines = raw.rstrip(b"\n").split(b"\n")
    try:
        header = msgspec.json.decode(first, type=BatchHeader)
    except msgspec.MsgspecError as error:
        raise BatchMalformed(where="header") from error
    if len(lines) > MAX_BATCH_EVENTS or any(len(line) > MAX_LINE_BYTES for line in lines):
        raise BatchTooLarge(limit_events=MAX_BATCH_EVENTS, limit_line_bytes=MAX_LINE_BYTES)
    if not lines or header.count != len(lines) or header.first_seq < 1 or header.epoch < 1:
        raise BatchMalformed(where="count")
    if not 0 <= header.recorded_epoch < header.epoch:
        raise BatchMalformed(where="epoch")
    if not (_is_hash(header.previous_hash) and _is_hash(header.last_hash)):
        raise BatchMalformed(where="hash")
    return Batch(header, tuple(lines))


def verify_batch(batch: Batch, *, site: str) -> tuple[list[str], list[EventEnvelope]]:
    """Recompute the chain and read every envelope.

    Returns the hash and the envelope of each line. Raises BatchDamaged when the chain does not end at the
    header's last hash, BatchMalformed when a line is no event of this stream or out of order.
    """
    hashes = chain_hashes(batch.header.previous_hash, batch.lines)
    if hashes[-1] != batch.header.last_hash:
        raise BatchDamaged(first_seq=batch.header.first_seq)
    epoch = batch.header.recorded_epoch or batch.header.epoch
    source = event_source(site, batch.header.device, epoch)
    envelopes: list[EventEnvelope] = []
    for seq, line in enumerate(batch.lines, start=batch.header.first_seq):
        try:
            envelope = msgspec.json.decode(line, type=EventEnvelope)
        except msgspec.MsgspecError as error:
            raise BatchMalformed(where="event", seq=seq) from error
        if envelope.seq != seq or envelope.source != source:
            raise BatchMalformed(where="order", seq=seq)
        envelopes.append(envelope)
    return hashes, envelopes


def _zstd(body: bytes) -> bytes:
    """Decompress at most one byte over the limit, so that a bomb costs no memory."""
    try:
        with zstandard.ZstdDecompressor(max_window_size=MAX_BATCH_BYTES).stream_reader(
            io.BytesIO(body)
        ) as reader:
            return reader.read(MAX_BATCH_BYTES + 1)
    except zstandard.ZstdError as error:
        raise BatchMalformed(where="zstd") from error


def _gzip(body: bytes) -> bytes:
    """The same of gzip."""
    unpacking = zlib.decompressobj(wbits=_GZIP_WINDOW_BITS)
    try:
        raw = unpacking.decompress(body, MAX_BATCH_BYTES + 1)
    except zlib.error as error:
        raise BatchMalformed(where="gzip") from error
    if not unpacking.eof and len(raw) <= MAX_BATCH_BYTES:
        raise BatchMalformed(where="gzip")
    return raw


_DECOMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": _zstd,
    "gzip": _gzip,
    "identity": lambda body: body,
}


def _is_hash(text: str) -> bool:
    return len(text) == HASH_HEX_LENGTH and all(digit in "0123456789abcdef" for digit in text)
