"""Bills of the demo's rooms: what the property company asks, and what it collects for others (代收)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

Record = dict[str, Any]

PERSONA_ROOM = "3-1203"
PERSONA_MONTHS = 12
"""The first persona's year chart is full; the other rooms have three months."""

MONTHS = 3
PROPERTY_FEE_FEN = (26_880, 19_840, 23_360, 31_200)
"""By the room's place on the floor; 1203's is 268.80."""


class Item(NamedTuple):
    """A kind of bill and who is paid."""

    name: str
    payee: str
    collected_for_others: bool


PROPERTY_FEE = Item("property_fee", "property", False)
PARKING = Item("parking", "property", False)
SHARED = Item("shared", "power", True)
ELECTRICITY = Item("electricity", "power", True)
WATER = Item("water", "water", True)


def payees() -> list[Record]:
    """The legal persons who are paid; no payment mixes two of them."""
    return [
        _payee("shop", "和园便利", "Heyuan Market", "goods"),
        _payee("property", "和园物业公司", "Heyuan Property", "property"),
        _payee("power", "和园供电", "Heyuan Power", "collected_for_others"),
        _payee("water", "和园供水", "Heyuan Water", "collected_for_others"),
    ]


def bills(rooms: list[Record], today: date) -> list[Record]:
    """Bills of every room, newest period first; the current month is open, some rooms owe more.

    A part of a property fee may be paid; everything else is paid whole.
    """
    return [bill for position, room in enumerate(rooms) for bill in _bills_of(position, room["id"], today)]


def _bills_of(position: int, room: str, today: date) -> Iterator[Record]:
    months = PERSONA_MONTHS if room == PERSONA_ROOM else MONTHS
    for back in range(months):
        first = _month(today, back)
        for item, amount_fen in _amounts(position, room, first):
            paid = back >= _open_months(position, room, item)
            yield {
                "id": f"bill-{room}-{first:%Y%m}-{item.name.replace('_', '-')}",
                "room": room,
                "item": item.name,
                "payee": item.payee,
                "period": f"{first:%Y-%m}",
                "due_on": _last_day(first).isoformat(),
                "amount_fen": amount_fen,
                "paid_fen": amount_fen if paid else 0,
                "collected_for_others": item.collected_for_others,
                "part_allowed": item is PROPERTY_FEE,
            }


def _amounts(position: int, room: str, first: date) -> Iterator[tuple[Item, int]]:
    """What a room is asked for one month; summer takes more water and power."""
    summer = 100 - 6 * abs(first.month - 7)
    yield PROPERTY_FEE, PROPERTY_FEE_FEN[(int(room[-2:]) - 3) % len(PROPERTY_FEE_FEN)]
    yield WATER, (2_600 + position * 37 % 1_900) * summer // 100
    yield ELECTRICITY, (9_400 + position * 211 % 7_700) * summer // 100
    yield SHARED, 860 + position % 7 * 45
    if position % 5 < 2 or room == PERSONA_ROOM:
        yield PARKING, 15_000


def _open_months(position: int, room: str, item: Item) -> int:
    """How many months from the newest one are not paid."""
    if room == PERSONA_ROOM:
        return 2 if item is PROPERTY_FEE else 1
    return 3 if position % 10 == 3 else 1 if position % 10 < 8 else 0


def _month(today: date, back: int) -> date:
    month = today.year * 12 + today.month - 1 - back
    return date(month // 12, month % 12 + 1, 1)


def _last_day(first: date) -> date:
    return _month(first, -1) - timedelta(days=1)


def _payee(payee_id: str, name_zh: str, name_en: str, kind: str) -> Record:
    return {"id": payee_id, "name_zh": name_zh, "name_en": name_en, "kind": kind}
