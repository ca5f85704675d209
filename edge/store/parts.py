"""Parts of a site: what the platform's operators may switch off. Kept as a fact, as the last start read it.

Off means that nothing new begins: no sale, no fee payment, no pickup or deposit, no opening by a pass or a
command. What is open is finished; staff's pages, guards, fire release and exit buttons stay as they are.
"""

import sqlite3
from collections.abc import Iterable
from enum import StrEnum

from edge.store.errors import PartOff
from edge.store.facts import get_fact, put_fact
from edge.store.unit import Unit

_PARTS_OFF = "parts_off"


class Part(StrEnum):
    """What can be switched off: shop (购物), fees (缴费), pickup (自提), doors (门禁)."""

    SHOP = "shop"
    FEES = "fees"
    PICKUP = "pickup"
    DOORS = "doors"


def read_parts(words: Iterable[str]) -> frozenset[Part]:
    """The parts that are named; a word of a newer platform means nothing here and is left out."""
    known = {part.value for part in Part}
    return frozenset(Part(word) for word in words if word in known)


def put_parts_off(unit: Unit, off: Iterable[Part]) -> None:
    """Keep what is switched off from now on."""
    put_fact(unit.connection, _PARTS_OFF, ",".join(sorted(off)))


def parts_off(connection: sqlite3.Connection) -> frozenset[Part]:
    """What is switched off; nothing, where nobody ever said so."""
    return read_parts(str(get_fact(connection, _PARTS_OFF) or "").split(","))


def require_part(connection: sqlite3.Connection, part: Part) -> None:
    """Refuse to begin something of a part that is switched off. Raises PartOff."""
    if part in parts_off(connection):
        raise PartOff(part=part.value)
