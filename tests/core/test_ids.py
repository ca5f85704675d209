import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ids import Identity, is_device_name

DEVICES = st.from_regex(r"[a-z][a-z0-9]{0,15}", fullmatch=True)


@given(DEVICES, st.integers(1, 10**6 - 1), st.integers(1, 10**12 - 1))
def test_written_identity_reads_back(device: str, epoch: int, counter: int) -> None:
    identity = Identity(device, epoch, counter)
    assert Identity.parse(str(identity)) == identity
    assert Identity.from_key(device, identity.key) == identity
    assert identity.key < 2**63


def test_keys_rise_with_the_identities() -> None:
    rising = [Identity("k1", 1, 9), Identity("k1", 1, 10), Identity("k1", 2, 1), Identity("k1", 10, 1)]
    assert [one.key for one in rising] == sorted(one.key for one in rising)


@pytest.mark.parametrize(
    "text", ["", "k1", "k1-1", "k1-0-1", "k1-1-01", "K1-1-1", "k1-1-1\n", "k1-1-1-1", "k1-١-1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an identity"):
        Identity.parse(text)


def test_device_name_has_no_separator() -> None:
    assert is_device_name("k1")
    assert not is_device_name("k-1")
