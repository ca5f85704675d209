"""The recovery key of a site: made once, written on a sheet of paper, never kept on the device.

What the device keeps is enough to seal a backup that the key will believe, and not enough to open one.
"""

from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge.durable import write_whole
from edge.errors import StoreError
from edge.trust.groups import read_groups, write_groups
from edge.trust.sealing import KEY_BYTES, generate_private, name_key, public_of

_SENDER = b"community-edge backup sender 1"
Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class NoRecoveryKey(StoreError):
    """There is no recovery key yet: nothing is sealed for anybody."""


class Recipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For whom backups are sealed (`public`), and what proves that a device of the site did it (`sender`).

    Both are 32 raw bytes in hex; `sender` is a secret.
    """

    public: Hex32
    sender: Hex32

    @property
    def name(self) -> str:
        """How people call the key; it stands on the sheet."""
        return name_key(bytes.fromhex(self.public))


class RecoveryKey:
    """The key itself, while a person holds the sheet."""

    def __init__(self, private: bytes) -> None:
        self.private = private
        sender = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SENDER).derive(private)
        self.recipient = Recipient(public=public_of(private).hex(), sender=sender.hex())

    @classmethod
    def generate(cls) -> "RecoveryKey":
        """A new key."""
        return cls(generate_private())

    @classmethod
    def read(cls, text: str) -> "RecoveryKey":
        """The key that a sheet's groups, or its QR, stand for. Raises GroupMistyped."""
        return cls(read_groups(text, KEY_BYTES))

    @property
    def groups(self) -> tuple[str, ...]:
        """What stands on the sheet."""
        return write_groups(self.private)


def load_recipient(path: Path) -> Recipient:
    """What a device keeps of the key. Raises NoRecoveryKey."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recipient)
    except FileNotFoundError as error:
        raise NoRecoveryKey(f"{path} is missing: edge backup sheet makes the recovery key") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise NoRecoveryKey(f"{path} cannot be used: {error}") from error


def save_recipient(path: Path, recipient: Recipient) -> None:
    """Keep it (0600). An existing file is replaced only when the new one is on disk. Raises StoreError."""
    try:
        write_whole(path, msgspec.json.encode(recipient) + b"\n")
    except OSError as error:
        raise StoreError(f"{path}: {error}") from error
