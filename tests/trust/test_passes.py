import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import Refusal
from edge.trust import cose, passes
from edge.trust.keys import BadSignature, KeySet, SigningKey, UnknownKey, verifying_key
from edge.trust.passes import NotAPass, Pass, PassExpired, PassNotYetValid, PassTooNew

NOW_MS = 1_795_320_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
KEY = SigningKey.generate("p1", "passes")
KEYS = KeySet(1, [verifying_key(KEY)])
VISITOR = Pass(
    id="p-1-42",
    kind="visitor",
    site="heyuanli",
    subject="v-77",
    doors=("gate", "building-3"),
    not_before_ms=NOW_MS,
    expires_ms=NOW_MS + HOUR_MS,
    uses=2,
)
PHONE = Ed25519PrivateKey.generate()
CERTIFICATE = passes.issue_holder_certificate(
    KEY, "res-1203", "heyuanli", PHONE.public_key().public_bytes_raw(), NOW_MS + 30 * DAY_MS
)


def test_pass_comes_back_as_it_was_issued() -> None:
    assert passes.open_pass(passes.issue_pass(KEY, VISITOR), KEYS, NOW_MS) == VISITOR


def test_order_pass_names_its_order_and_any_number_of_uses() -> None:
    order = Pass(
        id="p-1-43",
        kind="order",
        site="heyuanli",
        subject="res-1203",
        order="o-9",
        not_before_ms=NOW_MS,
        expires_ms=NOW_MS + HOUR_MS,
    )
    assert passes.open_scan(passes.issue_pass(KEY, order), KEYS, NOW_MS) == order


def test_text_fits_a_qr_of_version_8_in_alphanumeric_mode() -> None:
    """QR version 8 at level M holds 221 alphanumeric characters (ISO/IEC 18004, table 7)."""
    text = passes.issue_pass(KEY, msgspec.structs.replace(VISITOR, doors=("gate",)))
    assert text.startswith("CE1:")
    assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    assert len(text) <= 221


def test_pass_is_good_from_its_first_to_before_its_last_moment() -> None:
    text = passes.issue_pass(KEY, VISITOR)
    with pytest.raises(PassNotYetValid):
        passes.open_pass(text, KEYS, NOW_MS - 1)
    passes.open_pass(text, KEYS, NOW_MS + HOUR_MS - 1)
    with pytest.raises(PassExpired):
        passes.open_pass(text, KEYS, NOW_MS + HOUR_MS)
    assert passes.open_pass(text, KEYS, None) == VISITOR


def test_only_the_platforms_kinds_are_issued() -> None:
    with pytest.raises(ValueError, match="resident"):
        passes.issue_pass(
            KEY, Pass(id="x", kind="resident", site="s", subject="r", not_before_ms=0, expires_ms=1)
        )


def test_key_of_another_purpose_issues_no_pass() -> None:
    commands = SigningKey.generate("p1", "commands")
    with pytest.raises(BadSignature):
        passes.open_pass(passes.issue_pass(commands, VISITOR), KEYS, NOW_MS)
    with pytest.raises(UnknownKey):
        passes.open_pass(passes.issue_pass(KEY, VISITOR), KeySet(1, [verifying_key(commands)]), NOW_MS)


@pytest.mark.proof
@given(st.integers(4, len(passes.issue_pass(KEY, VISITOR)) - 1), st.sampled_from("0123456789ABCXYZ $%*+-./:"))
def test_no_changed_character_is_accepted(position: int, character: str) -> None:
    text = passes.issue_pass(KEY, VISITOR)
    if text[position] != character:
        with pytest.raises(Refusal):
            passes.open_pass(text[:position] + character + text[position + 1 :], KEYS, NOW_MS)


@pytest.mark.proof
@given(st.text(max_size=900))
def test_other_texts_are_refused(text: str) -> None:
    for candidate in (text, "CE1:" + text):
        with pytest.raises(Refusal):
            passes.open_scan(candidate, KEYS, NOW_MS)


def test_claims_of_the_wrong_type_are_refused_although_well_signed() -> None:
    good = {2: "v", 3: "heyuanli", 4: 2_000_000_000, 5: 0, 7: b"id", -70001: 1}
    for label, value in [
        (2, 5),
        (3, None),
        (4, "x"),
        (5, True),
        (7, "id"),
        (7, b"\xff"),
        (-70002, "gate"),
        (-70004, "1"),
        (-70001, True),
        (-70001, 4),
    ]:
        text = passes._to_text(cose.sign(KEY, good | {label: value}))
        with pytest.raises(NotAPass):
            passes.open_pass(text, KEYS, NOW_MS)


def test_what_a_later_version_says_is_refused_as_such_and_never_half_understood() -> None:
    good = {2: "v", 3: "heyuanli", 4: 2_000_000_000, 5: 0, 7: b"id", -70001: 1}
    for label, value in [(-70001, 9), (-70001, 0), (-70055, "only at night"), (6, 1)]:
        text = passes._to_text(cose.sign(KEY, good | {label: value}))
        with pytest.raises(PassTooNew):
            passes.open_scan(text, KEYS, NOW_MS)
    body = passes.issue_pass(KEY, VISITOR).removeprefix("CE1:")
    for prefix in ("CE2:", "CE12:"):
        assert passes.is_pass_text(prefix + body)
        with pytest.raises(PassTooNew):
            passes.open_scan(prefix + body, KEYS, NOW_MS)
    odd = cose.sign_with(PHONE, {6: NOW_MS // 1000, 7: bytes(8), -70010: CERTIFICATE, -70055: 1})
    with pytest.raises(PassTooNew):
        passes.open_scan(passes._to_text(odd), KEYS, NOW_MS)


def test_a_code_says_when_its_phone_was_certified() -> None:
    public = PHONE.public_key().public_bytes_raw()
    until_ms = NOW_MS + 20 * DAY_MS
    dated = passes.issue_holder_certificate(KEY, "r", "heyuanli", public, until_ms, issued_ms=NOW_MS)
    opened = passes.open_resident_code(passes.resident_code(PHONE, dated, NOW_MS), KEYS, NOW_MS)
    assert opened.certified_ms == NOW_MS
    undated = passes.issue_holder_certificate(KEY, "r", "heyuanli", public, until_ms)
    opened = passes.open_resident_code(passes.resident_code(PHONE, undated, NOW_MS), KEYS, NOW_MS)
    assert opened.certified_ms == NOW_MS - 10 * DAY_MS


def test_a_couriers_pass_comes_back_as_it_was_issued() -> None:
    courier = msgspec.structs.replace(VISITOR, kind="deposit", uses=None)
    assert passes.open_pass(passes.issue_pass(KEY, courier), KEYS, NOW_MS) == courier


def test_resident_signs_a_fresh_code_without_any_network() -> None:
    opened = passes.open_scan(passes.resident_code(PHONE, CERTIFICATE, NOW_MS), KEYS, NOW_MS)
    assert (opened.kind, opened.subject, opened.site, opened.doors) == (
        "resident",
        "res-1203",
        "heyuanli",
        (),
    )


def test_every_code_has_an_id_of_its_own() -> None:
    texts = [passes.resident_code(PHONE, CERTIFICATE, NOW_MS) for _ in range(2)]
    first, second = (passes.open_resident_code(text, KEYS, NOW_MS).id for text in texts)
    assert first != second


def test_resident_code_is_good_for_two_minutes_to_either_side() -> None:
    text = passes.resident_code(PHONE, CERTIFICATE, NOW_MS)
    passes.open_resident_code(text, KEYS, NOW_MS - 120_000)
    passes.open_resident_code(text, KEYS, NOW_MS + 119_999)
    with pytest.raises(PassNotYetValid):
        passes.open_resident_code(text, KEYS, NOW_MS - 120_001)
    with pytest.raises(PassExpired):
        passes.open_resident_code(text, KEYS, NOW_MS + 120_000)


def test_code_ends_with_its_certificate() -> None:
    late_ms = NOW_MS + 30 * DAY_MS
    text = passes.resident_code(PHONE, CERTIFICATE, late_ms)
    with pytest.raises(PassExpired):
        passes.open_resident_code(text, KEYS, late_ms)


def test_code_of_another_phone_is_refused() -> None:
    with pytest.raises(BadSignature):
        passes.open_scan(
            passes.resident_code(Ed25519PrivateKey.generate(), CERTIFICATE, NOW_MS), KEYS, NOW_MS
        )


def test_certificate_is_no_pass_and_a_pass_is_no_certificate() -> None:
    with pytest.raises(NotAPass):
        passes.open_scan(passes._to_text(CERTIFICATE), KEYS, NOW_MS)
    issued = passes._from_text(passes.issue_pass(KEY, VISITOR))
    with pytest.raises(NotAPass):
        passes.open_scan(passes.resident_code(PHONE, issued, NOW_MS), KEYS, NOW_MS)
    with pytest.raises(NotAPass):
        passes.open_resident_code(passes.issue_pass(KEY, VISITOR), KEYS, NOW_MS)
