"""Signed time: the device asks with a nonce of its own, the platform signs nonce and time."""

from typing import Annotated

import msgspec

COSE_MEDIA_TYPE = "application/cose"


class TimeQuestion(msgspec.Struct, frozen=True):
    """A nonce that was never used before; the answer must repeat it."""

    nonce: Annotated[str, msgspec.Meta(min_length=16, max_length=64)]


class SignedTime(msgspec.Struct, frozen=True):
    """Payload of the signed answer: platform time in milliseconds UTC."""

    nonce: str
    at_ms: int
