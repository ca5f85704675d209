"""How keys change: the next one is known everywhere before it signs, the previous one is kept until what it
signed is over. A site that was offline for a month then verifies what was signed yesterday.
"""

from collections.abc import Sequence

from edge.trust.keys import VerifyingKey

KEPT_MS = 35 * 24 * 3_600_000
"""How long a key verifies after it has signed for the last time: phones hold certificates for 30 days, and
passes are given for at most 30 days; five more for clocks and for renewals that fail."""


def rotate(
    keys: Sequence[VerifyingKey], signing: str, fresh: VerifyingKey, *, now_ms: int
) -> tuple[list[VerifyingKey], str]:
    """One step of a purpose: the next key signs, the present one becomes the previous, ``fresh`` the next.

    ``signing`` is the id of the key that signs until now. Where no next key was published yet, this only
    publishes ``fresh`` as such. Returns the keys of all purposes, those that have ended left out, and the id
    of the key that signs from now on.
    """
    living = [key for key in keys if key.not_after_ms is None or key.not_after_ms > now_ms]
    following = next_of(living, fresh.purpose, signing)
    if following is None:
        return [*living, fresh], signing
    previous = [_end(key, now_ms) if key.kid == signing else key for key in living]
    return [*previous, fresh], following


def revoke(keys: Sequence[VerifyingKey], signing: str, kid: str) -> tuple[list[VerifyingKey], str | None]:
    """The keys without a stolen one, whose id goes among the revoked of the key set, and which key signs now.

    That is the next one where the stolen key signed; None where there is none, so that one has to be made.
    """
    left = [key for key in keys if key.kid != kid]
    if kid != signing:
        return left, signing
    purpose = next((key.purpose for key in keys if key.kid == kid), "")
    return left, next_of(left, purpose, kid)


def next_of(keys: Sequence[VerifyingKey], purpose: str, signing: str) -> str | None:
    """The id of the key of a purpose that was published to sign next."""
    waiting = [key.kid for key in keys if key.purpose == purpose and key.not_after_ms is None]
    return next((kid for kid in waiting if kid != signing), None)


def _end(key: VerifyingKey, now_ms: int) -> VerifyingKey:
    return key._replace(not_after_ms=now_ms + KEPT_MS)
