"""Mutants of signed messages: what chance, a careless encoder or an attacker makes of an honest COSE_Sign1.

Every function takes an honest message and returns another one, with a word for what was done. None needs the
signer's key but those of `signed_oddly`, which shows what a sloppy signer may have signed.
"""

import hashlib
import hmac
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.trust.cose import encode_canonical

ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of Ed25519's group (RFC 8032, section 5.1): a signature's S plus this must be refused."""

Change = Callable[[bytes], bytes]
_FAR = 2**40
_EXTRA = -70999


class Mutation(NamedTuple):
    """What is done to an honest message, in words and as a function."""

    how: str
    change: Change


class Parts(NamedTuple):
    """A COSE_Sign1 taken apart: protected header and payload as bytes."""

    protected: bytes
    payload: bytes
    signature: bytes

    @property
    def header(self) -> dict[Any, Any]:
        """The protected header as a map."""
        return dict(cbor2.loads(self.protected))

    @property
    def claims(self) -> dict[Any, Any]:
        """The payload as a map."""
        return dict(cbor2.loads(self.payload))


def take_apart(message: bytes) -> Parts:
    """The parts of an honest message."""
    protected, _, payload, signature = cbor2.loads(message).value
    return Parts(protected, payload, signature)


def put_together(parts: Parts, *, unprotected: bytes = b"\xa0") -> bytes:
    """A message of any parts, right or wrong."""
    strings = [encode_canonical(part) for part in parts]
    return b"\xd2\x84" + strings[0] + unprotected + strings[1] + strings[2]


def forge(private: Ed25519PrivateKey, protected: bytes, payload: bytes) -> bytes:
    """A message over any header and payload, well signed."""
    signature = private.sign(encode_canonical(["Signature1", protected, b"", payload]))
    return put_together(Parts(protected, payload, signature))


def damaged(rng: Random, size: int) -> Mutation:
    """What a bad card, a bad line or a thumb on the code makes of it; `size` in bytes."""
    at, bit, byte = rng.randrange(size), rng.randrange(8), rng.randrange(256)
    length = 1 + rng.randrange(8)
    chosen = rng.randrange(10)
    if chosen < 5:
        return Mutation(f"bit {bit} of byte {at} flipped", lambda m: _splice(m, at, 1, m[at] ^ 1 << bit))
    if chosen == 5:
        return Mutation(f"byte {at} left out", lambda m: m[:at] + m[at + 1 :])
    if chosen == 6:
        return Mutation(f"byte {byte} put in at {at}", lambda m: m[:at] + bytes([byte]) + m[at:])
    if chosen == 7:
        return Mutation(f"cut after {at} bytes", lambda m: m[:at])
    if chosen == 8:
        return Mutation(f"{length} bytes at {at} twice", lambda m: m[: at + length] + m[at:])
    return Mutation(f"{length} bytes behind the end", lambda m: m + bytes([byte]) * length)


def _splice(message: bytes, at: int, count: int, byte: int) -> bytes:
    return message[:at] + bytes([byte]) + message[at + count :]


def written_otherwise(rng: Random) -> Mutation:
    """The same header, claims and signature in another encoding: nobody's key is needed for it."""
    forms: dict[str, Change] = {
        "tag in two bytes": lambda m: b"\xd8\x12" + m[1:],
        "array length in two bytes": lambda m: m[:1] + b"\x98\x04" + m[2:],
        "array without a length": lambda m: m[:1] + b"\x9f" + m[2:] + b"\xff",
        "no tag": lambda m: m[1:],
        "tag twice": lambda m: m[:1] + m,
        "self-described": lambda m: b"\xd9\xd9\xf7" + m,
        "as bytes": encode_canonical,
        "long length of the signature": lambda m: m[:-66] + b"\x59\x00\x40" + m[-64:],
        "signature in pieces": lambda m: m[:-66] + b"\x5f\x58\x40" + m[-64:] + b"\xff",
        "long empty map": lambda m: put_together(take_apart(m), unprotected=b"\xb8\x00"),
        "null for the empty map": lambda m: put_together(take_apart(m), unprotected=b"\xf6"),
    }
    how = rng.choice(sorted(forms))
    return Mutation(f"written otherwise: {how}", forms[how])


def grafted(rng: Random, other: bytes) -> Mutation:
    """Parts of two valid messages in one."""
    mask = rng.choice([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)])
    donor = take_apart(other)

    def change(message: bytes) -> bytes:
        own = take_apart(message)
        return put_together(Parts(*(d if m else o for m, o, d in zip(mask, own, donor, strict=True))))

    return Mutation(f"header, payload, signature of another: {mask}", change)


def confused(rng: Random, public: bytes, kids: list[str]) -> Mutation:
    """Another algorithm, no algorithm, another key's name, headers that nobody understands."""
    kid = rng.choice(kids).encode()
    headers: dict[str, dict[Any, Any]] = {
        "no algorithm": {1: None},
        "algorithm none": {1: 0},
        "algorithm ES256": {1: -7},
        "algorithm HMAC": {1: 5},
        "algorithm in words": {1: "EdDSA"},
        "another key's name": {4: kid},
        "a name that is no bytes": {4: kid.decode()},
        "a critical header": {2: [_EXTRA], _EXTRA: 1},
        "one more header": {_EXTRA: 1},
    }
    how = rng.choice([*sorted(headers), "no signature", "zero signature", "S plus the order", "unprotected"])

    def change(message: bytes) -> bytes:
        own = take_apart(message)
        if how == "no signature":
            return put_together(own._replace(signature=b""))
        if how == "zero signature":
            return put_together(own._replace(signature=bytes(64)))
        if how == "S plus the order":
            s = int.from_bytes(own.signature[32:], "little") + ORDER
            return put_together(own._replace(signature=own.signature[:32] + s.to_bytes(32, "little")))
        if how == "unprotected":
            return put_together(own, unprotected=encode_canonical({4: kid}))
        changed = {name: value for name, value in (own.header | headers[how]).items() if value is not None}
        protected = encode_canonical(changed)
        signature = own.signature
        if how == "algorithm HMAC":
            signed = encode_canonical(["Signature1", protected, b"", own.payload])
            signature = hmac.digest(public, signed, hashlib.sha256)
        return put_together(Parts(protected, own.payload, signature))

    return Mutation(f"confused: {how} ({kid.decode()})", change)


def signed_oddly(rng: Random, private: Ed25519PrivateKey) -> Mutation:
    """Well signed by the right key, in a form that must be refused all the same."""
    forms: dict[str, Callable[[Parts], tuple[bytes, bytes]]] = {
        "critical header": lambda p: (
            encode_canonical(p.header | {2: [_EXTRA], _EXTRA: 1}),
            p.payload,
        ),
        "unknown header": lambda p: (encode_canonical(p.header | {_EXTRA: 1}), p.payload),
        "header in another order": lambda p: (_odd_map(p.protected, "order"), p.payload),
        "header without a length": lambda p: (_odd_map(p.protected, "endless"), p.payload),
        "claims in another order": lambda p: (p.protected, _odd_map(p.payload, "order")),
        "claims without a length": lambda p: (p.protected, _odd_map(p.payload, "endless")),
        "a claim twice": lambda p: (p.protected, _odd_map(p.payload, "twice")),
        "long count of claims": lambda p: (p.protected, _odd_map(p.payload, "long")),
        "bytes behind the claims": lambda p: (p.protected, p.payload + b"\x00"),
        "claims as a list": lambda p: (p.protected, encode_canonical([p.payload])),
        "a claim of a fraction": lambda p: (p.protected, encode_canonical(p.claims | {_EXTRA: 0.5})),
        "oversized": lambda p: (p.protected, encode_canonical(p.claims | {_EXTRA: "x" * 9000})),
    }
    how = rng.choice(sorted(forms))
    return Mutation(f"signed oddly: {how}", lambda m: forge(private, *forms[how](take_apart(m))))


def _odd_map(encoded: bytes, how: str) -> bytes:
    """A canonical map written in one of the ways that are not canonical."""
    pairs = [(encode_canonical(k), encode_canonical(v)) for k, v in dict(cbor2.loads(encoded)).items()]
    if how == "order" and len(pairs) > 1:
        pairs.reverse()
        return bytes([0xA0 + len(pairs)]) + b"".join(k + v for k, v in pairs)
    if how == "endless":
        return b"\xbf" + b"".join(k + v for k, v in pairs) + b"\xff"
    if how == "twice":
        again = (pairs[0][0], encode_canonical(_FAR))
        return bytes([0xA0 + len(pairs) + 1]) + b"".join(k + v for k, v in [again, *pairs])
    return b"\xb8" + bytes([len(pairs)]) + b"".join(k + v for k, v in pairs)


def signed_otherwise(
    private: Ed25519PrivateKey, kid: str, how: str, alter: Callable[[dict[Any, Any]], dict[Any, Any]]
) -> Mutation:
    """Well signed and well formed, by a key of this name, with claims that must be refused."""

    def change(message: bytes) -> bytes:
        header = {1: -8, 4: kid.encode()} if kid else {1: -8}
        return forge(private, encode_canonical(header), encode_canonical(alter(take_apart(message).claims)))

    return Mutation(how, change)
