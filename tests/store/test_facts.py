import pytest

from edge.store.facts import get_fact, get_int, put_fact
from edge.store.inline import InlineStore


@pytest.mark.parametrize("value", [0, -5, "text", b"bytes"])
def test_value_comes_back_as_it_was_put(inline: InlineStore, value: int | str | bytes) -> None:
    put_fact(inline.connection, "x", "before")
    put_fact(inline.connection, "x", value)
    assert get_fact(inline.connection, "x") == value


def test_value_never_set_is_none_or_the_default(inline: InlineStore) -> None:
    assert get_fact(inline.connection, "x") is None
    assert get_int(inline.connection, "x", 7) == 7
