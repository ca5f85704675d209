"""Accounts between device and platform: leases raised while online, hashes of tokens."""

import hashlib
from typing import Annotated

import msgspec

TOKEN_HASH_HEX = 32
"""Hex digits kept of a token's SHA-256: 128 bits, as long as the tokens themselves."""


class LeaseRaise(msgspec.Struct, frozen=True):
    """Raise what a device may spend of an account to `granted_fen`: absolute, so a retry is the same.

    `lease` names the device's open lease; empty asks for one where it has none. `epoch` is the device's own.
    """

    epoch: Annotated[int, msgspec.Meta(ge=1)]
    granted_fen: Annotated[int, msgspec.Meta(gt=0, le=100_000_000)]
    lease: Annotated[str, msgspec.Meta(max_length=120)] = ""


def hash_token(token: str) -> str:
    """What is kept of the token in a receipt's, a claim slip's or a bill's QR: never the token itself."""
    return hashlib.sha256(token.encode()).hexdigest()[:TOKEN_HASH_HEX]
