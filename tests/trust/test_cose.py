from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import Refusal
from edge.trust import cose
from edge.trust.keys import BadSignature, KeySet, SigningKey, UnknownKey, verifying_key

KEY = SigningKey.generate("p1", "passes")
KEYS = KeySet(1, [verifying_key(KEY)])
PAYLOAD = {2: "resident", 3: "heyuanli", 4: 1_795_320_000, -70002: ["gate", "b3"]}
MESSAGE = cose.sign(KEY, PAYLOAD)

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def open_it(message: bytes, limit_bytes: int = cose.LIMIT_BYTES) -> dict[Any, Any]:
    return cose.open_signed(message, KEYS, purpose="passes", at_ms=0, limit_bytes=limit_bytes)


def signed_by_hand(protected: bytes, body: bytes, unprotected: dict[int, Any] | None = None) -> bytes:
    signature = KEY.sign(cbor2.dumps(["Signature1", protected, b"", body]))
    return cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected or {}, body, signature]))


def header(**more: object) -> bytes:
    return cbor2.dumps(
        {1: -8, 4: b"p1"} | {int(name[1:]): value for name, value in more.items()}, canonical=True
    )


BODY = cbor2.dumps(PAYLOAD, canonical=True)


def test_message_made_by_hand_from_the_standard_is_accepted() -> None:
    assert open_it(signed_by_hand(header(), BODY)) == PAYLOAD


@pytest.mark.proof
@given(st.dictionaries(st.integers(-(2**40), 2**40) | st.text(max_size=6), PLAIN, max_size=5))
def test_signed_payload_comes_back(payload: dict[Any, Any]) -> None:
    assert open_it(cose.sign(KEY, payload, limit_bytes=4096), limit_bytes=4096) == payload


@pytest.mark.proof
@given(st.integers(0, len(MESSAGE) * 8 - 1))
def test_no_flipped_bit_is_accepted(bit: int) -> None:
    flipped = bytearray(MESSAGE)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refusal):
        open_it(bytes(flipped))


def test_every_flipped_bit_is_refused() -> None:
    for bit in range(len(MESSAGE) * 8):
        flipped = bytearray(MESSAGE)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refusal):
            open_it(bytes(flipped))


@pytest.mark.proof
@given(st.data())
def test_no_mutant_is_accepted(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(MESSAGE)))
    end = data.draw(st.integers(start, len(MESSAGE)))
    mutant = MESSAGE[:start] + data.draw(st.binary(max_size=12)) + MESSAGE[end:]
    if mutant != MESSAGE:
        with pytest.raises(Refusal):
            open_it(mutant)


@pytest.mark.proof
@given(st.binary(max_size=600))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(Refusal):
        open_it(noise)


def test_critical_header_that_we_do_not_know_is_refused() -> None:
    with pytest.raises(cose.UnknownCritical):
        open_it(signed_by_hand(header(_2=[99], _99=1), BODY))


def test_any_unknown_or_unprotected_header_is_refused() -> None:
    with pytest.raises(cose.UnknownCritical):
        open_it(signed_by_hand(header(_5=b"iv"), BODY))
    with pytest.raises(cose.UnknownCritical):
        open_it(signed_by_hand(header(), BODY, {4: b"p1"}))


def test_other_algorithm_is_refused() -> None:
    with pytest.raises(cose.UnknownCritical):
        open_it(signed_by_hand(cbor2.dumps({1: -7, 4: b"p1"}), BODY))


@pytest.mark.parametrize(
    "body",
    [
        bytes.fromhex("a2036178026179"),  # keys out of order
        bytes.fromhex("a1021801"),  # an integer longer than need be
        bytes.fromhex("bf0201ff"),  # indefinite length
        bytes.fromhex("a2020102 02".replace(" ", "")),  # the same key twice
        bytes.fromhex("a102c11a514b67b0"),  # a tagged time
        bytes.fromhex("a102fb3ff8000000000000"),  # a float
        bytes.fromhex("a102c249010000000000000000"),  # a bignum
        bytes.fromhex("a102f7"),  # undefined
        bytes.fromhex("8102"),  # no map
        bytes.fromhex("a102d81c81d81d00"),  # a list that holds itself
        b"\xa1\x02" + b"\x81" * 9 + b"\x00",  # nine lists deep
    ],
)
def test_other_encodings_are_refused_although_well_signed(body: bytes) -> None:
    with pytest.raises(cose.NotCanonical):
        open_it(signed_by_hand(header(), body))


def test_header_in_another_encoding_is_refused() -> None:
    with pytest.raises(cose.NotCanonical):
        open_it(signed_by_hand(bytes.fromhex("a204427031") + bytes.fromhex("0127"), BODY))


def test_bytes_after_the_message_are_refused() -> None:
    with pytest.raises(cose.NotCanonical):
        open_it(MESSAGE + b"\x00")


def test_message_without_the_tag_is_refused() -> None:
    with pytest.raises(cose.NotCanonical):
        open_it(MESSAGE[1:])


def test_too_large_message_is_neither_made_nor_opened() -> None:
    with pytest.raises(cose.MessageTooLarge):
        cose.sign(KEY, {1: "x" * 512})
    with pytest.raises(cose.MessageTooLarge):
        open_it(cose.sign(KEY, {1: "x" * 512}, limit_bytes=1024))


def test_payload_that_is_not_plain_is_not_signed() -> None:
    with pytest.raises(cose.NotCanonical):
        cose.sign(KEY, {1: 1.5})


def test_key_of_another_purpose_or_name_does_not_verify() -> None:
    with pytest.raises(UnknownKey):
        cose.open_signed(MESSAGE, KEYS, purpose="commands", at_ms=0)
    other = KeySet(1, [verifying_key(SigningKey.generate("p1", "passes"))])
    with pytest.raises(BadSignature):
        cose.open_signed(MESSAGE, other, purpose="passes", at_ms=0)


def test_key_held_by_a_phone_has_no_id() -> None:
    message = cose.sign_with(KEY.private, PAYLOAD)
    assert cose.open_with(KEY.public, message) == PAYLOAD
    assert cose.peek(message) == ("", PAYLOAD)
    with pytest.raises(UnknownKey):
        open_it(message)
