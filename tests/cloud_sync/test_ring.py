"""Keys of the platform change by command: published ahead, kept for what they signed, taken back by name."""

from pathlib import Path

import pytest

from cloud_sync.platform.ring import KeyUnknown, read_ring, revoke_key, rotate_key, verifying_keys
from edge.trust.keys import PURPOSES, SigningKey
from edge.trust.rotation import KEPT_MS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The first key of every purpose."""
    for purpose in PURPOSES:
        SigningKey.generate(f"{purpose}-1", purpose).save(tmp_path / f"{purpose}-1.pem")
    return tmp_path


def test_a_key_is_published_before_it_signs_and_kept_after(folder: Path) -> None:
    assert read_ring(folder, 2).version == 2
    published = rotate_key(folder, "passes", 2, now_ms=0)
    assert (published.version, published.signing["passes"]) == (3, "passes-1")
    turned = rotate_key(folder, "passes", 2, now_ms=1)
    assert (turned.version, turned.signing["passes"]) == (4, "passes-2")
    assert read_ring(folder, 2) == turned
    ends = {key.kid: key.not_after_ms for key in verifying_keys(folder, turned) if key.purpose == "passes"}
    assert ends == {"passes-1": 1 + KEPT_MS, "passes-2": None, "passes-3": None}
    with pytest.raises(KeyUnknown):
        rotate_key(folder, "wishes", 2, now_ms=0)


def test_a_stolen_key_is_named_and_its_number_never_comes_again(folder: Path) -> None:
    ring = revoke_key(folder, "commands-1", 2)
    assert (ring.signing["commands"], ring.revoked) == ("commands-2", ["commands-1"])
    assert "commands-1" not in {key.kid for key in ring.keys}
    ring = revoke_key(folder, "commands-2", 2)
    assert (ring.signing["commands"], ring.revoked) == ("commands-3", ["commands-1", "commands-2"])
    with pytest.raises(KeyUnknown):
        revoke_key(folder, "commands-1", 2)
