"""Which key of each purpose signs, which come next or went before, and which were taken back.

Kept beside the keys in `ring.json`; without that file every purpose has its first key and nothing else. A
running platform signs with what it loaded at its start.
"""

import re
from pathlib import Path

import msgspec

from edge.errors import EdgeError
from edge.trust.keys import PURPOSES, SigningKey, VerifyingKey, verifying_key
from edge.trust.rotation import revoke, rotate

FILE = "ring.json"


class KeyUnknown(EdgeError):
    """No key, or no purpose, of this name."""


class RingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key; `not_after_ms` once another one signs."""

    kid: str
    purpose: str
    not_after_ms: int | None = None


class Ring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key set before it is signed: its version, who signs by purpose, all keys, the revoked ones."""

    version: int
    signing: dict[str, str]
    keys: list[RingKey]
    revoked: list[str] = []

    def purpose_of(self, kid: str) -> str:
        """What a key is for. Raises KeyUnknown."""
        for key in self.keys:
            if key.kid == kid:
                return key.purpose
        raise KeyUnknown(f"no key {kid} in {FILE}")


def read_ring(folder: Path, first_version: int) -> Ring:
    """The ring of a folder, or the first one."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Ring)
    except FileNotFoundError:
        signing = {purpose: f"{purpose}-1" for purpose in PURPOSES}
        keys = [RingKey(kid, purpose) for purpose, kid in signing.items()]
        return Ring(first_version, signing, keys)


def verifying_keys(folder: Path, ring: Ring) -> list[VerifyingKey]:
    """The public halves with their ends. Raises OSError where a key's file is missing."""
    return [
        verifying_key(_load(folder, key.kid, key.purpose), not_after_ms=key.not_after_ms) for key in ring.keys
    ]


def rotate_key(folder: Path, purpose: str, first_version: int, *, now_ms: int) -> Ring:
    """Publish a next key of a purpose, or let the published one sign and publish another.

    Raises KeyUnknown.
    """
    if purpose not in PURPOSES:
        raise KeyUnknown(f"no purpose {purpose}: {' '.join(PURPOSES)}")
    ring = read_ring(folder, first_version)
    fresh = verifying_key(_make(folder, purpose))
    keys, signs = rotate(verifying_keys(folder, ring), ring.signing[purpose], fresh, now_ms=now_ms)
    return _write(folder, ring, keys, ring.signing | {purpose: signs}, ring.revoked)


def revoke_key(folder: Path, kid: str, first_version: int) -> Ring:
    """Take a key back for good; the next one of its purpose signs, or a new one. Raises KeyUnknown."""
    ring = read_ring(folder, first_version)
    purpose = ring.purpose_of(kid)
    keys, signs = revoke(verifying_keys(folder, ring), ring.signing[purpose], kid)
    if signs is None:
        fresh = verifying_key(_make(folder, purpose))
        keys, signs = [*keys, fresh], fresh.kid
    return _write(folder, ring, keys, ring.signing | {purpose: signs}, [*ring.revoked, kid])


def _write(
    folder: Path, before: Ring, keys: list[VerifyingKey], signing: dict[str, str], revoked: list[str]
) -> Ring:
    rows = [RingKey(key.kid, key.purpose, key.not_after_ms) for key in keys]
    ring = Ring(before.version + 1, signing, rows, revoked)
    aside = folder / f"{FILE}.new"
    aside.write_bytes(msgspec.json.format(msgspec.json.encode(ring), indent=1))
    aside.replace(folder / FILE)
    return ring


def _make(folder: Path, purpose: str) -> SigningKey:
    """A new key under the next number of its purpose; numbers are never used again."""
    taken = [re.fullmatch(rf"{purpose}-(\d+)\.pem", path.name) for path in folder.iterdir()]
    kid = f"{purpose}-{max((int(found[1]) for found in taken if found), default=0) + 1}"
    key = SigningKey.generate(kid, purpose)
    key.save(folder / f"{kid}.pem")
    return key


def _load(folder: Path, kid: str, purpose: str) -> SigningKey:
    return SigningKey.load(folder / f"{kid}.pem", kid, purpose)
