"""Signing keys and the root-signed, versioned key set (Ed25519, RFC 8032)."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.durable import write_new
from edge.errors import Refusal

PURPOSES = ("passes", "commands", "contract", "feed", "time", "custody")
ROOT_PURPOSE = "root"
_LOADED_KEYS = 64
"""Public keys kept loaded: making OpenSSL's object costs a third of a verification."""


class UnknownKey(Refusal):
    """No key of that id and purpose is valid at that time."""

    code = "unknown_key"


class KeyRevoked(Refusal):
    """The key was taken back, as after a theft: nothing that it ever signed counts any more."""

    code = "key_revoked"


class BadSignature(Refusal):
    """The signature does not belong to the message."""

    code = "bad_signature"


class SigningKey(NamedTuple):
    """A private key with its id and the one purpose that it signs for."""

    kid: str
    purpose: str
    private: Ed25519PrivateKey

    @classmethod
    def generate(cls, kid: str, purpose: str) -> Self:
        """Make a new key."""
        return cls(kid, purpose, Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path, kid: str, purpose: str) -> Self:
        """Read a PKCS 8 PEM file; raise ``ValueError`` when it holds another kind of key."""
        # Loaded only where a key file is touched: the hub starts without it, a twentieth sooner.
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        private = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError(f"{path} holds no Ed25519 private key")
        return cls(kid, purpose, private)

    def save(self, path: Path) -> None:
        """Write a PKCS 8 PEM file that only the owner may read (0600); an existing file is not replaced."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_new(path, pem)

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature."""
        return self.private.sign(data)

    @property
    def public(self) -> bytes:
        """The 32 raw bytes of the public key."""
        return self.private.public_key().public_bytes_raw()


class VerifyingKey(NamedTuple):
    """A public key that may verify one purpose within a window of time (None = open end)."""

    kid: str
    purpose: str
    public: bytes
    not_before_ms: int | None = None
    not_after_ms: int | None = None

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise BadSignature unless the signature belongs to the data."""
        verify_raw(self.public, signature, data)

    def is_valid_at(self, at_ms: int) -> bool:
        """Tell whether the key's window covers a time."""
        begun = self.not_before_ms is None or self.not_before_ms <= at_ms
        return begun and (self.not_after_ms is None or at_ms <= self.not_after_ms)


@lru_cache(maxsize=_LOADED_KEYS)
def _load(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def verify_raw(public: bytes, signature: bytes, data: bytes) -> None:
    """Verify with the 32 raw bytes of a public key; raise BadSignature."""
    try:
        _load(public).verify(signature, data)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature from error


class KeySet:
    """The keys that a site believes: current, next and previous ones of every purpose.

    ``revoked`` are ids of keys that were taken back: whatever names one is refused for that.
    """

    def __init__(self, version: int, keys: Sequence[VerifyingKey], revoked: Sequence[str] = ()) -> None:
        self.version = version
        self.keys = tuple(keys)
        self.revoked = frozenset(revoked)
        self._by_name = {(key.kid, key.purpose): key for key in keys}

    def without_ended(self, at_ms: int) -> "KeySet":
        """The same set less the keys whose window has certainly ended at ``at_ms``."""
        left = [key for key in self.keys if key.not_after_ms is None or at_ms <= key.not_after_ms]
        return self if len(left) == len(self.keys) else KeySet(self.version, left, sorted(self.revoked))

    def find(self, kid: str, purpose: str, at_ms: int | None) -> VerifyingKey:
        """Return the key; ``at_ms`` None skips its window. Raises KeyRevoked, UnknownKey."""
        if kid in self.revoked:
            raise KeyRevoked(kid=kid)
        key = self._by_name.get((kid, purpose))
        if key is None or (at_ms is not None and not key.is_valid_at(at_ms)):
            raise UnknownKey(kid=kid, purpose=purpose)
        return key


def verifying_key(
    key: SigningKey, *, not_before_ms: int | None = None, not_after_ms: int | None = None
) -> VerifyingKey:
    """Return the public half of a signing key, with its window."""
    return VerifyingKey(key.kid, key.purpose, key.public, not_before_ms, not_after_ms)


def key_rows(keys: Sequence[VerifyingKey]) -> list[list[Any]]:
    """Return keys as plain rows for a signed document: kid, purpose, public, not before, not after."""
    return [list(key) for key in keys]
