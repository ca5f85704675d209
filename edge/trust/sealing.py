"""Sealed files: readable by the holder of one X25519 key only, and whole or refused (docs/backup.md).

Two text lines, then chunks. The key is HKDF-SHA256 (RFC 5869) of an X25519 agreement (RFC 7748) between a
key made for this file and the recipient's, and of a secret of the sender's where there is one; its `info`
holds the hash of both lines, so that nothing in them can be changed. The chunks are ChaCha20-Poly1305 (RFC
8439) in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce counts, and its last
byte says which chunk ends the file.
"""

import hashlib
from typing import IO, Annotated, Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge.errors import EdgeError

MAGIC = b"community-edge-sealed-1\n"
CHUNK_BYTES = 65_536
"""Bytes of content in a chunk; each is 16 longer in the file."""
TAG_BYTES = 16
HEADER_LIMIT_BYTES = 4_096
KEY_BYTES = 32
_INFO = b"community-edge sealed 1"

Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class SealedUnusable(EdgeError):
    """The file cannot be opened."""


class NotSealed(SealedUnusable):
    """It is no sealed file, or of a form that this program does not know."""


class WrongKey(SealedUnusable):
    """It was sealed for another key."""


class SealedDamaged(SealedUnusable):
    """It was sealed for this key, and bytes were changed, added or are missing; or a stranger sealed it."""


class SealedHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second line: for whom the file is, and what it says of itself before anybody opens it.

    Keys are 32 raw bytes in hex. `about` can be read by everybody and changed by nobody.
    """

    about: dict[str, Any]
    ephemeral: Hex32
    recipient: Hex32


class Sealer:
    """A file to write into; `close` ends it, without which it opens nowhere. The target stays open."""

    def __init__(
        self, target: IO[bytes], recipient: bytes, about: dict[str, Any], *, sender: bytes = b""
    ) -> None:
        """Write the two lines. `sender` is a secret that the reader shares: without it anybody may seal."""
        ephemeral = X25519PrivateKey.generate()
        header = SealedHeader(
            about=about, ephemeral=ephemeral.public_key().public_bytes_raw().hex(), recipient=recipient.hex()
        )
        line = msgspec.json.encode(header) + b"\n"
        if len(line) > HEADER_LIMIT_BYTES:
            raise ValueError("what a sealed file says of itself fits into 4 KB")
        self._target = target
        agreed = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
        self._cipher = _cipher(agreed + sender, header, line)
        self._rest = bytearray()
        self._number = 0
        target.write(MAGIC + line)

    def write(self, content: bytes) -> int:
        """Add content; the last chunk is held back until `close`."""
        self._rest += content
        while len(self._rest) > CHUNK_BYTES:
            self._put(bytes(self._rest[:CHUNK_BYTES]), last=False)
            del self._rest[:CHUNK_BYTES]
        return len(content)

    def close(self) -> None:
        """Write the last chunk."""
        self._put(bytes(self._rest), last=True)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last), chunk, None))
        self._number += 1


class SealedReader:
    """The content of a sealed file; every chunk is checked before a byte of it is given out."""

    def __init__(self, source: IO[bytes], private: bytes, *, sender: bytes = b"") -> None:
        """Read the two lines. Raises NotSealed, WrongKey, SealedDamaged."""
        self.header, line = _read_lines(source)
        key = X25519PrivateKey.from_private_bytes(private)
        if key.public_key().public_bytes_raw().hex() != self.header.recipient:
            raise WrongKey(f"it is sealed for the key {name_key(bytes.fromhex(self.header.recipient))}")
        ephemeral = X25519PublicKey.from_public_bytes(bytes.fromhex(self.header.ephemeral))
        try:
            agreed = key.exchange(ephemeral)
        except ValueError as error:  # a point of small order, which nobody makes by chance
            raise SealedDamaged("its key is none that a sealed file has") from error
        self._cipher = _cipher(agreed + sender, self.header, line)
        self._source = source
        self._ahead = source.read(CHUNK_BYTES + TAG_BYTES)
        self._number = 0
        self._ready = b""
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """Return up to so many bytes, all that is left without a size. Raises SealedDamaged."""
        parts = [self._ready]
        have = len(self._ready)
        while not self._ended and (size < 0 or have < size):
            parts.append(self._next())
            have += len(parts[-1])
        found = b"".join(parts)
        size = len(found) if size < 0 else size
        self._ready = found[size:]
        return found[:size]

    def _next(self) -> bytes:
        chunk, self._ahead = self._ahead, self._source.read(CHUNK_BYTES + TAG_BYTES)
        last = not self._ahead
        try:
            content = self._cipher.decrypt(_nonce(self._number, last), chunk, None)
        except InvalidTag as error:
            raise SealedDamaged(f"damaged or cut short in chunk {self._number}") from error
        self._number += 1
        self._ended = last
        return content


def read_header(source: IO[bytes]) -> SealedHeader:
    """What a file says of itself. It is only as true as whoever wrote it until it was opened.

    Raises NotSealed.
    """
    return _read_lines(source)[0]


def public_of(private: bytes) -> bytes:
    """The public half of a recipient's key, 32 raw bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def generate_private() -> bytes:
    """A new recipient's key, 32 raw bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def name_key(public: bytes) -> str:
    """How people call a public key: eight digits of its hash."""
    return hashlib.sha256(public).hexdigest()[:8]


def _read_lines(source: IO[bytes]) -> tuple[SealedHeader, bytes]:
    if source.readline(len(MAGIC) + 1) != MAGIC:
        raise NotSealed("it is no sealed file of this form")
    line = source.readline(HEADER_LIMIT_BYTES + 1)
    try:
        header = msgspec.json.decode(line, type=SealedHeader)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotSealed("its header cannot be read") from error
    return header, line


def _cipher(agreed: bytes, header: SealedHeader, line: bytes) -> ChaCha20Poly1305:
    info = _INFO + hashlib.sha256(MAGIC + line).digest()
    salt = bytes.fromhex(header.ephemeral) + bytes.fromhex(header.recipient)
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(agreed))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes((last,))
