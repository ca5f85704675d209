"""What the platform signs: the key set, and the time."""

import secrets
import time

import msgspec

from cloud_sync.conformance.bench import Bench, Check, NotTested, Wrong, expect, expect_refusal
from cloud_sync.conformance.peer import Answer
from cloud_sync.wire.clock import COSE_MEDIA_TYPE, SignedTime, TimeQuestion
from edge.errors import Refusal
from edge.trust.cose import open_signed
from edge.trust.keys import PURPOSES
from edge.trust.keyset import open_keyset

DRIFT_MS = 1_000
"""What two answers may disagree with the run's own clock about how much time went by."""


async def verify_key_set(bench: Bench) -> str:
    """The key set is signed by the root; anybody may have it, before any certificate is believed."""
    answer = await bench.peer.ask("GET", bench.peer.site_path + "/keyset", signed_in=False)
    _expect_cose(expect(answer, 200, what="key set, asked without a credential"))
    if bench.root_public is None:
        raise NotTested("needs the root key")
    try:
        bench.keys = open_keyset(answer.body, bench.root_public)
    except Refusal as refusal:
        raise Wrong(f"the key set does not verify by the root key: {refusal}") from refusal
    return f"version {bench.keys.version}, {len(bench.keys.keys)} keys"


async def find_every_purpose(bench: Bench) -> str:
    """Without a key of a purpose, what is signed for that purpose can never be believed."""
    keys = bench.require_keys()
    named = {key.purpose for key in keys.keys if key.kid not in keys.revoked}
    if missing := sorted(set(PURPOSES) - named):
        raise Wrong(f"no key for {', '.join(missing)}")
    return ", ".join(sorted(named))


async def verify_time(bench: Bench) -> str:
    """The time is signed together with the asker's own nonce, for anybody."""
    signed = await _ask_time(bench)
    return f"{signed.at_ms} ms"


async def compare_times(bench: Bench) -> str:
    """Two answers are as far apart as the time between them, each with its own nonce."""
    began = time.monotonic()
    first = await _ask_time(bench)
    second = await _ask_time(bench)
    took_ms = (time.monotonic() - began) * 1_000
    went_ms = second.at_ms - first.at_ms
    if not 0 <= went_ms <= took_ms + DRIFT_MS:
        raise Wrong(f"{went_ms} ms went by in {took_ms:.0f} ms")
    return f"{went_ms} ms went by in {took_ms:.0f} ms"


async def refuse_bad_nonces(bench: Bench) -> str:
    """A nonce has 16 to 64 characters: shorter ones can be guessed."""
    for nonce in ("", "short", "n" * 65):
        answer = await _post_nonce(bench, nonce)
        expect_refusal(answer, 400, "malformed", what=f"nonce of {len(nonce)} characters")
    return "0, 5 and 65 characters: 400 malformed"


async def _ask_time(bench: Bench) -> SignedTime:
    nonce = secrets.token_hex(16)
    answer = expect(await _post_nonce(bench, nonce), 200, what="time, asked without a credential")
    _expect_cose(answer)
    try:
        claims = open_signed(answer.body, bench.require_keys(), purpose="time", at_ms=None)
        signed = msgspec.convert(claims, SignedTime)
    except (Refusal, msgspec.ValidationError) as error:
        raise Wrong(f"the time does not verify by the key set: {error}") from error
    if signed.nonce != nonce:
        raise Wrong("the signed time answers another nonce")
    return signed


async def _post_nonce(bench: Bench, nonce: str) -> Answer:
    body = msgspec.json.encode(TimeQuestion(nonce))
    return await bench.peer.ask("POST", bench.peer.device_path + "/time", body=body, signed_in=False)


def _expect_cose(answer: Answer) -> None:
    if (media := answer.headers.get("Content-Type", "")) != COSE_MEDIA_TYPE:
        raise Wrong(f"Content-Type {media!r}")


_PART = "signing"
CHECKS: tuple[Check, ...] = (
    Check("key_set_signed", _PART, "signed by the root key, asked without a credential", verify_key_set),
    Check("key_set_complete", _PART, "a key of every purpose", find_every_purpose),
    Check("time_signed", _PART, "signed by a key of purpose time, with the asker's nonce", verify_time),
    Check("time_goes_on", _PART, "two answers as far apart as their questions", compare_times),
    Check(
        "time_nonce_bounds",
        _PART,
        "400 malformed for a nonce that is too short or too long",
        refuse_bad_nonces,
    ),
)
