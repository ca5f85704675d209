"""What stands in a backup: a manifest, the site's files, the database; a tar, compressed, sealed."""

import io
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Annotated, NamedTuple, cast

import msgspec
import zstandard

from edge.backups.recovery import Recipient, RecoveryKey
from edge.errors import StoreError
from edge.store.errors import BackupUnusable
from edge.trust.sealing import SealedReader, SealedUnusable, Sealer, read_header

KIND = "community-edge-backup"
VERSION = 1
MANIFEST, DATABASE = "manifest.json", "edge.db"
_LEVEL = 3
_BLOCK = 1 << 20
_MANIFEST_LIMIT_BYTES = 1 << 20
_FILE_LIMIT_BYTES = 16 << 20
_WINDOW_LIMIT_BYTES = 1 << 27

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself before it is opened: whose it is, and up to where.

    `epoch`, `seq` and `hash` are the journal's head in it, `schema` the newest of its database's `steps`.
    """

    kind: str
    version: int
    site: str
    device: str
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    seq: Annotated[int, msgspec.Meta(ge=0)]
    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    schema: str
    steps: int
    program: str
    created_ms: int
    database_bytes: int

    @property
    def id(self) -> str:
        """Names the backup among those of its device."""
        return f"{self.epoch}-{self.seq}-{self.created_ms}"

    @property
    def file_name(self) -> str:
        """Its name on a stick."""
        return f"{self.site}-{self.device}-{self.id}.backup"


class CarriedFile(NamedTuple):
    """A file of the site: its name as the configuration has it, and where it lies now."""

    name: str
    path: Path


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a backup; `name` is relative to the configuration's folder, or absolute."""

    name: str
    mode: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The first member of the tar; the files follow in this order, then the database."""

    files: tuple[ManifestFile, ...]


def write_contents(
    target: IO[bytes],
    recipient: Recipient,
    about: About,
    *,
    files: Iterable[CarriedFile],
    database: Path,
    progress: Progress,
) -> None:
    """Write a whole backup. Raises OSError."""
    sealer = Sealer(
        target,
        bytes.fromhex(recipient.public),
        msgspec.to_builtins(about),
        sender=bytes.fromhex(recipient.sender),
    )
    carried = [(file, file.path.read_bytes(), file.path.stat().st_mode & 0o777) for file in files]
    manifest = Manifest(files=tuple(ManifestFile(name=file.name, mode=mode) for file, _, mode in carried))
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    with (
        compressor.stream_writer(cast("IO[bytes]", sealer), closefd=False) as packer,
        tarfile.open(fileobj=packer, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
    ):
        _add_bytes(tar, MANIFEST, msgspec.json.encode(manifest))
        for number, (_, content, _) in enumerate(carried):
            _add_bytes(tar, f"files/{number}", content)
        member = tarfile.TarInfo(DATABASE)
        member.size = about.database_bytes
        with database.open("rb") as source:
            tar.addfile(member, _Counting(source, about.database_bytes, progress))
    sealer.close()


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


class _Counting(io.RawIOBase):
    """A file that tells how far it was read."""

    def __init__(self, source: IO[bytes], whole: int, progress: Progress) -> None:
        self._source = source
        self._whole = whole
        self._progress = progress
        self._done = 0

    def read(self, size: int = -1) -> bytes:
        """Pass on what is read."""
        content = self._source.read(size)
        self._done += len(content)
        self._progress(self._done, self._whole)
        return content


def read_about(path: Path) -> About:
    """What a file says of itself, unproved until it is opened. Raises BackupUnusable."""
    try:
        with path.open("rb") as source:
            about = msgspec.convert(read_header(source).about, About)
    except (OSError, SealedUnusable, msgspec.ValidationError) as error:
        raise BackupUnusable(f"{path.name} is no backup of this product: {error}") from error
    if about.kind != KIND or about.version != VERSION:
        raise BackupUnusable(f"{path.name} has form {about.version}, this program knows {VERSION}")
    return about


def unpack(path: Path, key: RecoveryKey, folder: Path, progress: Progress) -> Manifest:
    """Open a backup into an empty folder: `edge.db` and `files/0`, `files/1` … as the manifest names them.

    Nothing is believed that the key does not prove. Raises BackupUnusable; StoreError when the folder takes
    nothing.
    """
    about = read_about(path)
    try:
        with path.open("rb") as source:
            sealed = SealedReader(source, key.private, sender=bytes.fromhex(key.recipient.sender))
            unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_LIMIT_BYTES)
            stream = unpacker.stream_reader(cast("IO[bytes]", sealed), closefd=False)
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                manifest = _unpack_members(tar, folder, about.database_bytes, progress)
            if sealed.read(1):
                raise BackupUnusable(f"{path.name} goes on after its end")
    except (SealedUnusable, zstandard.ZstdError, tarfile.TarError, msgspec.MsgspecError, EOFError) as error:
        raise BackupUnusable(f"{path.name}: {error}") from error
    except OSError as error:
        raise StoreError(f"the backup cannot be unpacked into {folder}: {error}") from error
    return manifest


def _unpack_members(tar: tarfile.TarFile, folder: Path, database_bytes: int, progress: Progress) -> Manifest:
    names = iter((MANIFEST,))
    manifest: Manifest | None = None
    (folder / "files").mkdir(mode=0o700)
    for member in tar:
        if member.name != next(names, None):
            raise BackupUnusable(f"{member.name} is not expected there")
        source = tar.extractfile(member)
        if source is None or member.size > _limit_of(member.name, database_bytes):
            raise BackupUnusable(f"{member.name} is no file of that size")
        if manifest is None:
            manifest = msgspec.json.decode(source.read(), type=Manifest)
            names = iter((*(f"files/{number}" for number in range(len(manifest.files))), DATABASE))
            continue
        whole = member.size if member.name == DATABASE else 0
        _write(folder / member.name, source, whole, progress)
    if manifest is None or next(names, None) is not None:
        raise BackupUnusable("it ends too early")
    return manifest


def _limit_of(name: str, database_bytes: int) -> int:
    limits = {MANIFEST: _MANIFEST_LIMIT_BYTES, DATABASE: database_bytes}
    return limits.get(name, _FILE_LIMIT_BYTES)


def _write(path: Path, source: IO[bytes], whole: int, progress: Progress) -> None:
    done = 0
    with path.open("xb") as target:
        path.chmod(0o600)
        while block := source.read(_BLOCK):
            target.write(block)
            done += len(block)
            if whole:
                progress(done, whole)
