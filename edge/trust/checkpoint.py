"""Checkpoints: the platform signs which entry of a device's journal it has in custody, with its hash."""

from typing import Annotated

import msgspec

from edge.errors import Refusal
from edge.trust.cose import NotCanonical, open_signed, sign
from edge.trust.keys import KeySet, SigningKey

PURPOSE = "custody"


class CheckpointForeign(Refusal):
    """The checkpoint speaks of another site or device."""

    code = "checkpoint_foreign"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed: the platform holds this stream up to `seq`, whose hash is `hash` (hex)."""

    site: str
    device: str
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    seq: Annotated[int, msgspec.Meta(ge=1)]
    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    at_ms: int


def sign_checkpoint(key: SigningKey, checkpoint: Checkpoint) -> bytes:
    """Return the COSE_Sign1 of a checkpoint."""
    return sign(key, msgspec.to_builtins(checkpoint))


def open_checkpoint(message: bytes, keys: KeySet, *, site: str, device: str) -> Checkpoint:
    """Verify a checkpoint of this device by the key set.

    A checkpoint is kept for years, so the key's window is not judged. Raises the refusals of `open_signed`,
    CheckpointForeign.
    """
    claims = open_signed(message, keys, purpose=PURPOSE, at_ms=None)
    try:
        checkpoint = msgspec.convert(claims, Checkpoint)
    except msgspec.ValidationError as error:
        raise NotCanonical(part="checkpoint") from error
    if (checkpoint.site, checkpoint.device) != (site, device):
        raise CheckpointForeign(site=checkpoint.site, device=checkpoint.device)
    return checkpoint
