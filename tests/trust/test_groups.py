"""Groups of letters and digits: what people mistype is found, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.trust.groups import ALPHABET, GroupMistyped, read_groups, write_groups

SECRET = bytes(range(7, 39))


@given(st.binary(min_size=1, max_size=40))
def test_groups_stand_for_one_secret(secret: bytes) -> None:
    assert read_groups("-".join(write_groups(secret)), len(secret)) == secret


def test_case_blanks_and_look_alikes_do_not_count() -> None:
    text = " ".join(write_groups(SECRET)).replace("0", "o").replace("1", "l").lower()
    assert read_groups(text + "\n", 32) == SECRET


def test_every_single_mistake_names_its_group() -> None:
    groups = list(write_groups(SECRET))
    for index, group in enumerate(groups):
        for place, letter in enumerate(group):
            for other in ALPHABET.replace(letter, ""):
                wrong = [*groups]
                wrong[index] = group[:place] + other + group[place + 1 :]
                with pytest.raises(GroupMistyped) as refused:
                    read_groups(" ".join(wrong), 32)
                assert refused.value.group == index + 1


def test_swapped_neighbours_and_swapped_groups_are_found() -> None:
    groups = list(write_groups(SECRET))
    for index, group in enumerate(groups):
        for place in range(4):
            swapped = group[:place] + group[place + 1] + group[place] + group[place + 2 :]
            if swapped != group:
                wrong = [*groups[:index], swapped, *groups[index + 1 :]]
                with pytest.raises(GroupMistyped):
                    read_groups(" ".join(wrong), 32)
    with pytest.raises(GroupMistyped):
        read_groups(" ".join([groups[1], groups[0], *groups[2:]]), 32)


@pytest.mark.parametrize("text", ["", "0", "§" * 65, " ".join(["ABCDE"] * 14)])
def test_what_is_no_secret_of_this_size_is_refused(text: str) -> None:
    with pytest.raises(GroupMistyped):
        read_groups(text, 32)
