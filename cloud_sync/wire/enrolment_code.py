"""The one-time code of an enrolment, as a person reads and types it.

`K1-` and nine groups: the device's name, then 22 bytes in `edge.trust.groups`: the secret, the fingerprint of
the platform's root key, and two bytes of the name's hash, so that a name that was mistyped is found, too.
"""

import hashlib
import re
import secrets
from typing import NamedTuple, Self

from edge.errors import Refusal
from edge.ids import is_device_name
from edge.trust.groups import read_groups, write_groups

SECRET_BYTES = 10
_FINGERPRINT_BYTES = 10
_NAME_BYTES = 2
_SPLIT = re.compile(r"[\s-]+")


class CodeMistyped(Refusal):
    """The device's name at the beginning of a code does not belong to the rest of it."""

    code = "code_mistyped"


class OneTimeCode(NamedTuple):
    """A device may enrol once with this: its name, the secret, and whose root key is to be believed."""

    device: str
    secret: bytes
    root_fingerprint: bytes

    @classmethod
    def make(cls, device: str, root_fingerprint: bytes) -> Self:
        """A new code."""
        return cls(device, secrets.token_bytes(SECRET_BYTES), root_fingerprint)

    def __str__(self) -> str:
        content = self.secret + self.root_fingerprint + _hash_name(self.device)
        return "-".join((self.device.upper(), *write_groups(content)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; case and blanks do not count. Raises GroupMistyped, CodeMistyped."""
        device, *rest = _SPLIT.split(text.strip(), maxsplit=1)
        device = device.lower()
        if not is_device_name(device):
            raise CodeMistyped()
        content = read_groups("".join(rest), SECRET_BYTES + _FINGERPRINT_BYTES + _NAME_BYTES)
        if content[-_NAME_BYTES:] != _hash_name(device):
            raise CodeMistyped()
        return cls(device, content[:SECRET_BYTES], content[SECRET_BYTES:-_NAME_BYTES])

    @property
    def hash(self) -> str:
        """How the platform keeps it: SHA-256 in hex, which says nothing of 80 random bits."""
        return hash_secret(self.device, self.secret.hex())


def hash_secret(device: str, secret: str) -> str:
    """The hash that the platform keeps of a secret (hex) that a device shows."""
    return hashlib.sha256(f"edge.code.v1:{device}:{secret}".encode("ascii")).hexdigest()


def _hash_name(device: str) -> bytes:
    return hashlib.sha256(device.encode("ascii")).digest()[:_NAME_BYTES]
