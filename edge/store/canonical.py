"""Canonical JSON (RFC 8785) of what the journal may hold."""

from collections.abc import Iterable

import msgspec

from edge.store.events import MAX_INTEGER

_ENCODER = msgspec.json.Encoder(order="sorted")
_PLAIN = frozenset({str, bool, type(None)})
"""Types with nothing to check; every commit passes here, so they are told apart first."""


def encode(value: object) -> bytes:
    """Encode a struct, dict, list, text, integer, boolean or None; raise ``ValueError`` for anything else.

    Keys are ASCII, so sorting them by code point is sorting them by UTF-16 unit as the standard asks.
    """
    _check(value)
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError as error:
        raise ValueError("text that is not Unicode") from error


def _check(value: object) -> None:
    if type(value) in _PLAIN or isinstance(value, str):
        return
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError(f"integer out of range: {value}")
        return
    for item in _items(value):
        if type(item) not in _PLAIN:
            _check(item)


def _items(value: object) -> Iterable[object]:
    if isinstance(value, msgspec.Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict):
        if odd := [name for name in value if type(name) is not str or not name.isascii()]:
            raise ValueError(f"key is not ASCII text: {odd[0]!r}")
        return value.values()
    raise ValueError(f"no place in the journal for {type(value).__name__}")
