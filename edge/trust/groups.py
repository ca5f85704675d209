"""Secrets that people read from paper and type: groups of letters and digits, each with a check character.

The alphabet is Crockford's base 32 (no I, L, O, U). The last character of a group is a weighted sum over
GF(32) of the group's number and its characters, so that one wrong character, two neighbours swapped and two
groups swapped are found, and the group can be named.
"""

from edge.errors import EdgeError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP_LENGTH = 5
"""Four characters (20 bits) and their check character."""
_DATA = GROUP_LENGTH - 1
_BITS = 5
_FIELD = 0b100101
"""x^5 + x^2 + 1, which is primitive: GF(32)."""
_READ = {letter: number for number, letter in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}


class GroupMistyped(EdgeError):
    """A group is not one of ours; `group` counts from 1, 0 when there are too few or too many."""

    def __init__(self, *, group: int, expected: int) -> None:
        self.group = group
        self.expected = expected
        super().__init__(f"group {group} is mistyped" if group else f"{expected} groups are expected")


def write_groups(secret: bytes) -> tuple[str, ...]:
    """Return a secret as groups; spare bits of the last one are zero."""
    bits = len(secret) * 8
    count = _count_groups(len(secret))
    number = int.from_bytes(secret, "big") << (count * _DATA * _BITS - bits)
    values = [(number >> shift) & 31 for shift in range((count * _DATA - 1) * _BITS, -1, -_BITS)]
    return tuple(
        "".join(ALPHABET[value] for value in (*part, _check(index, part)))
        for index, part in enumerate(_parts(values), 1)
    )


def read_groups(text: str, size_bytes: int) -> bytes:
    """Return the secret of so many bytes that groups stand for; blanks, hyphens and case do not count.

    Raises GroupMistyped.
    """
    letters = [letter for letter in text.upper() if letter not in " -\t\r\n"]
    count = _count_groups(size_bytes)
    if len(letters) != count * GROUP_LENGTH:
        raise GroupMistyped(group=0, expected=count)
    number = 0
    for index in range(1, count + 1):
        *part, check = (_READ.get(letter) for letter in letters[: index * GROUP_LENGTH][-GROUP_LENGTH:])
        known = [value for value in part if value is not None]
        if len(known) != _DATA or _check(index, known) != check:
            raise GroupMistyped(group=index, expected=count)
        for value in known:
            number = number << _BITS | value
    spare = count * _DATA * _BITS - size_bytes * 8
    if number & ((1 << spare) - 1):
        raise GroupMistyped(group=count, expected=count)
    return (number >> spare).to_bytes(size_bytes, "big")


def _count_groups(size_bytes: int) -> int:
    return -(-size_bytes * 8 // (_DATA * _BITS))


def _parts(values: list[int]) -> list[list[int]]:
    return [values[start : start + _DATA] for start in range(0, len(values), _DATA)]


def _check(index: int, part: list[int]) -> int:
    """The weighted sum of a group's number and characters; all weights differ and none is zero."""
    total = 0
    for weight, value in enumerate((index % 32, *part), 2):
        total ^= _times(weight, value)
    return total


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        product ^= left * (right & 1)
        right >>= 1
        left <<= 1
        if left & 32:
            left ^= _FIELD
    return product
