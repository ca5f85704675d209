"""Pinyin of product names, so that 酱油 is found by "jiangyou" and by "jy".

The table holds the 6,763 characters of GB 2312 with their commonest reading (400 syllables, 26 KB); a
dictionary library would cost 59 MB of memory for the same. A feed that knows better sends its own reading.
"""

import functools
import json
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("pinyin_gb2312.json")


class Reading(NamedTuple):
    """How a name is typed: all syllables run together, and their first letters."""

    syllables: str
    initials: str


@functools.cache
def _syllable_of() -> dict[str, str]:
    rows: dict[str, str] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {character: syllable for syllable, characters in rows.items() for character in characters}


def read_name(name: str) -> Reading:
    """Return the reading of `name`; Latin letters and digits stand for themselves, the rest is left out."""
    table = _syllable_of()
    parts = [table.get(character, character if _is_plain(character) else "") for character in name.lower()]
    return Reading("".join(parts), "".join(part[:1] for part in parts))


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isalnum()
