import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from edge.store import canonical
from edge.store.events import MAX_INTEGER
from tests.fakes.events import LampLit

KEYS = st.text(st.characters(max_codepoint=127), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.proof
@given(VALUES)
def test_bytes_are_those_of_the_standard(value: object) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.proof
@given(
    st.builds(
        LampLit, lamp=st.text(), level=st.integers(-MAX_INTEGER, MAX_INTEGER), colours=st.tuples(st.text())
    )
)
def test_event_is_encoded_as_its_fields(event: LampLit) -> None:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    assert canonical.encode(event) == rfc8785.dumps(fields)
    assert msgspec.json.decode(canonical.encode(event), type=LampLit) == event


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), b"x", {1: 2}, {"键": 1}, {1, 2}, 2**53, -(2**53), "\ud800"]
)
def test_what_json_cannot_hold_exactly_is_refused(value: object) -> None:
    for nested in (value, [value], {"a": value}):
        with pytest.raises(ValueError, match=r"."):
            canonical.encode(nested)
