"""Journal files: exports and archives, one text line an entry, each with its hash (docs/journal.md).

The first line is a header with a hash of its own. An entry's line holds exactly the bytes that were hashed,
so that a standard library is enough to verify the file; `docs/verify_journal.py` does it by code of its own.
"""

import gzip
import hashlib
import os
import re
import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Annotated, cast

import msgspec

from edge.durable import sync_folder
from edge.ids import Identity
from edge.store import canonical, checkpoints, journal
from edge.store.checkpoints import StoredCheckpoint
from edge.store.facts import get_fact
from edge.store.journal import Fault, Head, JournalRow, VerifyResult, chain_hash, source

FORMAT = "community-edge-journal"
VERSION = 1
LINE_LIMIT_BYTES = 70_000
"""An entry of 64 KB, its envelope and its hash."""

_WRAPPED = re.compile(rb'\{"hash":"([0-9a-f]{64})","(header|entry)":(\{.*\})\}\n', re.DOTALL)
Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class HeaderCheckpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The counter-signed entry that the file reaches or follows; `message` is the COSE_Sign1 in hex."""

    epoch: int
    seq: int
    hash: Hex
    at_ms: int
    message: str


class FileHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of a journal file."""

    format: str
    version: int
    site: str
    device: str
    first_seq: Annotated[int, msgspec.Meta(ge=1)]
    last_seq: int
    previous_hash: Hex
    last_hash: Hex
    checkpoint: HeaderCheckpoint | None


class _Envelope(msgspec.Struct):
    id: str
    seq: int
    source: str


def make_header(connection: sqlite3.Connection, *, through_seq: int | None = None) -> FileHeader:
    """Describe the entries kept, up to a seq or all of them, with the newest checkpoint among them."""
    before = journal.first_kept(connection)
    last = journal.read_head(connection)
    if through_seq is not None:
        last = Head(through_seq, journal.hash_at(connection, through_seq))
    signed = checkpoints.newest(connection, last.seq)
    if signed is not None and signed.seq < before.seq:
        signed = None
    return FileHeader(
        format=FORMAT,
        version=VERSION,
        site=str(get_fact(connection, "site")),
        device=str(get_fact(connection, "device")),
        first_seq=before.seq + 1,
        last_seq=last.seq,
        previous_hash=before.hash.hex(),
        last_hash=last.hash.hex(),
        checkpoint=None if signed is None else _checkpoint_of(signed),
    )


def _checkpoint_of(signed: StoredCheckpoint) -> HeaderCheckpoint:
    return HeaderCheckpoint(
        epoch=signed.epoch,
        seq=signed.seq,
        hash=signed.hash.hex(),
        at_ms=signed.at_ms,
        message=signed.message.hex(),
    )


def header_line(header: FileHeader) -> bytes:
    """Return the first line of a file, its line end included."""
    content = canonical.encode(header)
    return _wrap(hashlib.sha256(content).hexdigest(), b"header", content)


def entry_line(row: JournalRow) -> bytes:
    """Return an entry's line, its line end included."""
    return _wrap(row.hash.hex(), b"entry", journal.line(row))


def _wrap(digest: str, kind: bytes, content: bytes) -> bytes:
    return b'{"hash":"%s","%s":%s}\n' % (digest.encode("ascii"), kind, content)


class FileCheck:
    """Judges the lines of a journal file one by one. `result` says how far it holds."""

    def __init__(self) -> None:
        self.header: FileHeader | None = None
        self._head = Head(0, journal.GENESIS)
        self._count = 0
        self._last_id = (0, 0)
        self._bad: tuple[int, Fault] | None = None

    @property
    def failed(self) -> bool:
        """Whether a bad line was met; what follows it is not looked at."""
        return self._bad is not None

    def feed(self, line: bytes) -> None:
        """Take the next line with its line end."""
        if self._bad is not None:
            return
        if self.header is None:
            self._bad = self._begin(line)
        elif (fault := self._follow(line)) is not None:
            self._bad = (self._head.seq + 1, fault)

    def break_off(self) -> None:
        """The next line cannot be read."""
        if self._bad is None:
            self._bad = (0, Fault.HEADER) if self.header is None else (self._head.seq + 1, Fault.UNREADABLE)

    def result(self) -> VerifyResult:
        """Say what was found, after the last line."""
        bad = self._bad or self._judge_end()
        signed = self.header.checkpoint if self.header is not None else None
        reached = signed is not None and signed.seq <= self._head.seq
        return VerifyResult(
            None if bad is None else bad[0],
            self._count,
            self._head,
            None if bad is None else bad[1],
            signed.seq if signed is not None and reached else 0,
        )

    def _begin(self, line: bytes) -> tuple[int, Fault] | None:
        found = _WRAPPED.fullmatch(line)
        if (
            found is None
            or found[2] != b"header"
            or hashlib.sha256(found[3]).hexdigest() != found[1].decode()
        ):
            return 0, Fault.HEADER
        try:
            header = msgspec.json.decode(found[3], type=FileHeader)
        except msgspec.MsgspecError:
            return 0, Fault.HEADER
        signed = header.checkpoint
        possible = (header.format, header.version) == (
            FORMAT,
            VERSION,
        ) and header.last_seq >= header.first_seq - 1
        if not possible or (signed and not header.first_seq - 1 <= signed.seq <= header.last_seq):
            return 0, Fault.HEADER
        self.header = header
        self._head = Head(header.first_seq - 1, bytes.fromhex(header.previous_hash))
        return None if self._is_as_signed(self._head) else (0, Fault.HEADER)

    def _follow(self, line: bytes) -> Fault | None:
        assert self.header is not None
        found = _WRAPPED.fullmatch(line)
        if found is None or found[2] != b"entry":
            return Fault.UNREADABLE
        try:
            envelope = msgspec.json.decode(found[3], type=_Envelope)
            identity = Identity.parse(envelope.id)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
            return Fault.UNREADABLE
        if envelope.seq != self._head.seq + 1:
            return Fault.MISSING
        digest = chain_hash(self._head.hash, found[3])
        if digest.hex() != found[1].decode():
            return Fault.HASH
        if identity.device != self.header.device or envelope.source != source(self.header.site, identity):
            return Fault.STREAM
        if (identity.epoch, identity.counter) <= self._last_id:
            return Fault.IDENTITY
        if envelope.seq > self.header.last_seq:
            return Fault.HEADER
        if not self._is_as_signed(Head(envelope.seq, digest)):
            return Fault.CHECKPOINT
        self._last_id = (identity.epoch, identity.counter)
        self._head = Head(envelope.seq, digest)
        self._count += 1
        return None

    def _is_as_signed(self, head: Head) -> bool:
        signed = self.header.checkpoint if self.header is not None else None
        return signed is None or signed.seq != head.seq or signed.hash == head.hash.hex()

    def _judge_end(self) -> tuple[int, Fault] | None:
        if self.header is None:
            return 0, Fault.HEADER
        if self._head.seq < self.header.last_seq:
            return self._head.seq + 1, Fault.TRUNCATED
        return None if self._head.hash.hex() == self.header.last_hash else (0, Fault.HEADER)


def open_file(path: Path) -> IO[bytes]:
    """Open a journal file for reading, compressed (gzip) or not. Raises OSError."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def read_lines(file: IO[bytes], check: FileCheck, limit: int) -> bool:
    """Feed up to `limit` lines to a check; False at the end of the file or at a fault."""
    for _ in range(limit):
        try:
            line = file.readline(LINE_LIMIT_BYTES)
        except (OSError, EOFError, ValueError, zlib.error):
            check.break_off()
            return False
        if not line or check.failed:
            return False
        check.feed(line)
    return not check.failed


def verify_file(path: Path) -> VerifyResult:
    """Verify a whole journal file: the first bad entry and why, seq 0 for the header. Raises OSError."""
    check = FileCheck()
    with open_file(path) as file:
        while read_lines(file, check, 1_000):
            pass
    return check.result()


class ArchiveWriter:
    """Writes a compressed journal file beside its place, and puts it there only when it is on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.draft = self.draft_of(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = self.draft.open("wb")
        self._packed = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", mtime=0)

    @staticmethod
    def draft_of(path: Path) -> Path:
        """Where a file is written before it gets its name."""
        return path.with_name(path.name + ".part")

    def write(self, lines: Iterable[bytes]) -> None:
        """Add lines."""
        for line in lines:
            self._packed.write(line)

    def sync(self) -> None:
        """Finish the draft and bring it to the disk."""
        self._packed.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()

    def publish(self) -> None:
        """Give the draft its name, on disk too."""
        self.draft.replace(self.path)
        sync_folder(self.path.parent)


def digest_of(path: Path) -> bytes:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
