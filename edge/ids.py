"""Identities: device, epoch, counter. They are allotted by the store, never made from the clock."""

import re
from typing import NamedTuple, Self

_PATTERN = re.compile(r"([a-z][a-z0-9]{0,15})-([1-9][0-9]{0,5})-([1-9][0-9]{0,11})", re.ASCII)
_COUNTER_BITS = 40
_DEVICE = re.compile(r"[a-z][a-z0-9]{0,15}", re.ASCII)


class Identity(NamedTuple):
    """One identity, written ``k1-1-42``: device ``k1``, its first epoch, the 42nd identity in it."""

    device: str
    epoch: int
    counter: int

    def __str__(self) -> str:
        return f"{self.device}-{self.epoch}-{self.counter}"

    @property
    def key(self) -> int:
        """Epoch and counter in one integer that rises with the identities, for tables of one device."""
        return (self.epoch << _COUNTER_BITS) | self.counter

    @classmethod
    def from_key(cls, device: str, key: int) -> Self:
        """Return the identity of a key."""
        return cls(device, key >> _COUNTER_BITS, key & (1 << _COUNTER_BITS) - 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; raise ``ValueError`` for anything that ``str`` would not have written."""
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise ValueError(f"not an identity: {text!r}")
        return cls(match[1], int(match[2]), int(match[3]))


def is_device_name(text: str) -> bool:
    """Tell whether a text may name a device: a lower-case letter, then up to 15 letters or digits."""
    return _DEVICE.fullmatch(text) is not None
