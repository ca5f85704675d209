import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.trust.cose import MessageTooLarge, NotCanonical, sign
from edge.trust.keys import (
    BadSignature,
    KeyRevoked,
    KeySet,
    SigningKey,
    UnknownKey,
    VerifyingKey,
    verifying_key,
)
from edge.trust.keyset import KeySetTooOld, open_keyset, sign_keyset
from edge.trust.rotation import revoke, rotate


def test_key_file_is_for_the_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    key = SigningKey.generate("p1", "passes")
    path = tmp_path / "p1.pem"
    key.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.load(path, "p1", "passes").public == key.public
    with pytest.raises(FileExistsError):
        key.save(path)


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    path.write_bytes(
        X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(ValueError, match="no Ed25519"):
        SigningKey.load(path, "p1", "passes")


def test_key_is_found_by_id_purpose_and_time() -> None:
    key = verifying_key(SigningKey.generate("p1", "passes"), not_before_ms=1000, not_after_ms=2000)
    keys = KeySet(1, [key])
    assert keys.find("p1", "passes", 1000) is key
    assert keys.find("p1", "passes", None) is key
    for kid, purpose, at_ms in [("p2", "passes", 1500), ("p1", "commands", 1500), ("p1", "passes", 999)]:
        with pytest.raises(UnknownKey):
            keys.find(kid, purpose, at_ms)
    with pytest.raises(UnknownKey):
        keys.find("p1", "passes", 2001)


def test_signature_of_another_message_is_refused() -> None:
    key = SigningKey.generate("p1", "passes")
    verifying_key(key).verify(key.sign(b"one"), b"one")
    with pytest.raises(BadSignature):
        verifying_key(key).verify(key.sign(b"one"), b"two")


def test_key_set_travels_under_the_root_signature() -> None:
    root = SigningKey.generate("root", "root")
    signers = [SigningKey.generate(f"{purpose[0]}1", purpose) for purpose in ("passes", "commands", "time")]
    message = sign_keyset(root, [verifying_key(key, not_after_ms=9) for key in signers], version=7)
    keys = open_keyset(message, root.public)
    assert keys.version == 7
    assert [key.kid for key in keys.keys] == ["p1", "c1", "t1"]
    assert keys.find("c1", "commands", 9).public == signers[1].public


def test_key_set_of_another_root_is_refused() -> None:
    message = sign_keyset(SigningKey.generate("root", "root"), [], version=1)
    with pytest.raises(BadSignature):
        open_keyset(message, SigningKey.generate("root", "root").public)


def test_older_key_set_is_refused() -> None:
    root = SigningKey.generate("root", "root")
    with pytest.raises(KeySetTooOld):
        open_keyset(sign_keyset(root, [], version=3), root.public, minimum_version=4)


def test_only_a_root_signs_key_sets_and_only_for_known_purposes() -> None:
    with pytest.raises(ValueError, match="root"):
        sign_keyset(SigningKey.generate("p1", "passes"), [], version=1)
    with pytest.raises(ValueError, match="purpose"):
        sign_keyset(
            SigningKey.generate("root", "root"), [verifying_key(SigningKey.generate("x", "sales"))], version=1
        )


@pytest.mark.parametrize(
    "payload",
    [
        {"document": "edge.contract.v1", "version": 1, "keys": []},
        {"document": "edge.keyset.v1", "version": "1", "keys": []},
        {"document": "edge.keyset.v1", "version": 1, "keys": [["p1", "passes", b"short", None, None]]},
        {"document": "edge.keyset.v1", "version": 1, "keys": [["p1", "root", bytes(32), None, None]]},
        {"document": "edge.keyset.v1", "version": 1, "keys": [[]]},
    ],
)
def test_other_documents_of_the_root_are_no_key_set(payload: dict[str, object]) -> None:
    root = SigningKey.generate("root", "root")
    with pytest.raises(NotCanonical):
        open_keyset(sign(root, payload), root.public)


def test_key_set_has_a_size_limit() -> None:
    root = SigningKey.generate("root", "root")
    with pytest.raises(MessageTooLarge):
        sign_keyset(root, [verifying_key(SigningKey.generate("p" * 60, "passes"))] * 100, version=1)


def test_a_revoked_key_is_refused_for_that_in_whatever_it_signed() -> None:
    root, key = SigningKey.generate("root", "root"), verifying_key(SigningKey.generate("p1", "passes"))
    left = open_keyset(sign_keyset(root, [], 2, ["p1"]), root.public)
    for keys in (left, left.without_ended(5), KeySet(3, [key], ["p1"])):
        with pytest.raises(KeyRevoked):
            keys.find("p1", "passes", 5)
    with pytest.raises(NotCanonical):
        payload = {"document": "edge.keyset.v1", "version": 1, "keys": [], "revoked": [5]}
        open_keyset(sign(root, payload, limit_bytes=8192), root.public)


def test_keys_change_without_a_pass_that_a_site_offline_for_a_month_cannot_verify() -> None:
    day_ms = 24 * 3_600_000
    first, second, third, fourth = (
        VerifyingKey(f"p{number}", "passes", bytes(32)) for number in (1, 2, 3, 4)
    )
    other = VerifyingKey("c1", "commands", bytes(32))
    keys, signing = rotate([other, first], "p1", second, now_ms=0)
    assert (signing, len(keys)) == ("p1", 3)  # published ahead, signs nothing yet
    offline = KeySet(1, keys)
    keys, signing = rotate(keys, signing, third, now_ms=10 * day_ms)
    assert signing == "p2"
    assert offline.find("p2", "passes", 40 * day_ms) == second
    online = KeySet(2, keys)
    assert online.find("p1", "passes", 40 * day_ms).kid == "p1"  # a phone was certified by it on day 10
    with pytest.raises(UnknownKey):
        online.find("p1", "passes", 46 * day_ms)
    keys, signing = rotate(keys, signing, fourth, now_ms=60 * day_ms)
    assert signing == "p3"
    assert [key.kid for key in keys] == ["c1", "p2", "p3", "p4"]


def test_a_stolen_key_is_left_out_and_the_next_one_signs() -> None:
    first, second = (VerifyingKey(f"p{number}", "passes", bytes(32)) for number in (1, 2))
    assert revoke([first, second], "p1", "p1") == ([second], "p2")
    assert revoke([first, second], "p1", "p2") == ([first], "p1")
    assert revoke([first], "p1", "p1") == ([], None)
