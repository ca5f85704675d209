"""The platform's keys: a root key that signs the key set, one signing key a purpose, device tokens."""

import hashlib
import secrets
from pathlib import Path
from typing import NamedTuple

import msgspec

from cloud_sync.platform.authority import DeviceAuthority, make_authority
from cloud_sync.platform.ring import read_ring, verifying_keys
from cloud_sync.platform.settings import PlatformConfigInvalid, PlatformSettings
from edge.durable import write_new
from edge.trust.certificates import Holder
from edge.trust.keys import PURPOSES, ROOT_PURPOSE, SigningKey
from edge.trust.keyset import sign_keyset

ROOT_KID = "root-1"
TOKEN_BYTES = 32
KEYSET_VERSION = 2
"""Rises with every key or purpose, so that a device that keeps an older set takes the new one; 2: custody."""


class PlatformKeys(NamedTuple):
    """Signing keys by purpose, the signed key set, whose token hashes to what, the authority of devices."""

    root: SigningKey
    signing: dict[str, SigningKey]
    keyset: bytes
    keyset_version: int
    devices: dict[str, Holder]
    authority: DeviceAuthority


def make_keys(settings: PlatformSettings) -> list[Path]:
    """Make what is missing of keys and device tokens, all files 0600; returns the files made."""
    folder = settings.keys
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made: list[Path] = []
    for kid, purpose in ((ROOT_KID, ROOT_PURPOSE), *((f"{p}-1", p) for p in PURPOSES)):
        path = folder / f"{kid}.pem"
        if not path.exists():
            SigningKey.generate(kid, purpose).save(path)
            made.append(path)
    made += make_authority(folder)
    public = folder / "root.pub"
    if not public.exists():
        root = SigningKey.load(folder / f"{ROOT_KID}.pem", ROOT_KID, ROOT_PURPOSE)
        made.append(_write_private(public, root.public.hex() + "\n"))
    for device in settings.device:
        path = settings.path(device.token_file)
        if not path.exists():
            made.append(_write_private(path, secrets.token_urlsafe(TOKEN_BYTES) + "\n"))
    return made


def load_keys(settings: PlatformSettings) -> PlatformKeys:
    """Load what `init` made; raises PlatformConfigInvalid when something is missing."""
    folder = settings.keys
    try:
        root = SigningKey.load(folder / f"{ROOT_KID}.pem", ROOT_KID, ROOT_PURPOSE)
        ring = read_ring(folder, KEYSET_VERSION)
        signing = {p: SigningKey.load(folder / f"{kid}.pem", kid, p) for p, kid in ring.signing.items()}
        believed = verifying_keys(folder, ring)
        authority = DeviceAuthority(folder)
        devices = {
            hash_token(settings.path(device.token_file).read_text().strip()): Holder(settings.site, device.id)
            for device in settings.device
        }
    except OSError as error:
        raise PlatformConfigInvalid(f"{error.filename} is missing: run `init` first") from error
    keyset = sign_keyset(root, believed, ring.version, ring.revoked)
    return PlatformKeys(root, signing, keyset, ring.version, devices, authority)


def hash_token(token: str) -> str:
    """How a token is kept: only its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_id(prefix: str) -> str:
    """An identity made here: prefix and 64 random bits, short enough for a pass or a command."""
    return f"{prefix}-{secrets.token_hex(8)}"


def describe(keys: PlatformKeys) -> bytes:
    """The public side of the keys as JSON, for people."""
    return msgspec.json.encode({k.kid: k.public.hex() for k in (keys.root, *keys.signing.values())})


def _write_private(path: Path, text: str) -> Path:
    write_new(path, text.encode("ascii"))
    return path
