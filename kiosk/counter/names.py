"""Names behind ids, for pages that only staff see."""

import sqlite3
from collections.abc import Mapping

from edge.pay.payees import find_payee
from edge.pay.settlement_records import payee_ids
from edge.staff.records import list_members
from kiosk.words import Text, same


class Names(dict[str, Text]):
    """Texts by id; an id without a name is said as it is."""

    def __missing__(self, key: str) -> Text:
        return same(key)


def payee_names(connection: sqlite3.Connection) -> Mapping[str, Text]:
    """Every payee's name."""
    payees = (find_payee(connection, payee) for payee in payee_ids(connection))
    return Names({payee.id: Text(payee.name_zh, payee.name_en) for payee in payees})


def staff_names(connection: sqlite3.Connection) -> Mapping[str, Text]:
    """Everybody's name by their opaque id."""
    return Names({member.id: same(member.name) for member in list_members(connection)})
