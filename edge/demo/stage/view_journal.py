"""The journal as it fills: the hub's newest entries, and which of them are in the platform's custody."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.demo.compare import kind_of
from edge.demo.stage.asking import Asker
from edge.demo.stage.event_words import ALARMS, REFUSED, WORDS
from edge.demo.stage.words import Said
from kiosk.refusals import REFUSALS

PRODUCTS = Path(__file__).parents[1] / "products.json"
NEWEST = 40
KEPT = 100
SUM = "_fen"


class Names:
    """What things are called: doors and goods, by the site's file and the shop's products."""

    def __init__(self, *, doors: Mapping[str, Said], goods: Mapping[str, Said]) -> None:
        self._doors = doors
        self._goods = goods

    def place(self, data: Mapping[str, Any]) -> Said:
        """A door by its name, a cell by its number; nothing where the event has no place."""
        place = str(data.get("place", "")) or f"door:{data.get('door', '')}"
        kind, _, name = place.partition(":")
        if kind == "cell":
            cell = name.rpartition("/")[2]
            return Said(cell, cell)
        return self._doors.get(name, Said(name, name))

    def basket(self, data: Mapping[str, Any]) -> Said:
        """What was sold: the first good by name, and how many there are in all."""
        lines = data.get("lines")
        if not isinstance(lines, list) or not lines or "sku" not in lines[0]:
            return Said("", "")
        first = self._goods.get(lines[0]["sku"], Said(lines[0]["sku"], lines[0]["sku"]))
        count = sum(line["quantity"] for line in lines)
        return first if count == 1 else Said(f"{first.zh}等 {count} 件", f"{first.en}, {count} in all")


def read_goods() -> dict[str, Said]:
    """What each article is called."""
    products = json.loads(PRODUCTS.read_text("utf-8"))
    return {product["sku"]: Said(product["name_zh"], product["name_en"]) for product in products}


class JournalView:
    """Reads each line of the journal once; `entries` are the newest of them, decoded."""

    def __init__(self, asker: Asker, names: Names) -> None:
        self._asker = asker
        self._names = names
        self.entries: list[dict[str, Any]] = []

    async def look(self, status: dict[str, Any] | None) -> dict[str, Any]:
        """The newest entries first; `waiting` and `gaps` are None where nobody can tell."""
        if status is not None:
            await self._read_on(status)
        stream = await self._asker.stream()
        held = None if stream is None else stream.get("head_seq", 0)
        newest = reversed(self.entries[-NEWEST:])
        return {
            "entries": [self._tell(entry, held) for entry in newest],
            "waiting": None if held is None or status is None else max(0, status["head_seq"] - held),
            "gaps": None if stream is None else _gaps(stream),
        }

    async def _read_on(self, status: dict[str, Any]) -> None:
        head = status["head_seq"]
        if self.entries and head < self.entries[-1]["seq"]:
            self.entries = []  # another copy of the database was put in place
        after = max(self.entries[-1]["seq"] if self.entries else 0, head - KEPT)
        lines = await self._asker.journal(after) or ()
        self.entries = [*self.entries, *(json.loads(line) for line in lines)][-KEPT:]

    def _tell(self, entry: dict[str, Any], held: int | None) -> dict[str, Any]:
        kind = kind_of(entry)
        said = describe(kind, entry["data"], self._names)
        is_held = held is not None and entry["seq"] <= held
        return {"seq": entry["seq"], "kind": kind, **said._asdict(), "held": is_held}


def describe(kind: str, data: Mapping[str, Any], names: Names) -> Said:
    """An event in words; a kind that nobody has words for is its own name."""
    words = WORDS.get(kind, Said(kind, kind))
    place, goods, why, alarm = names.place(data), names.basket(data), _why(data), _alarm(data)
    sums = {
        name.removesuffix(SUM): f"{value / 100:.2f}" for name, value in data.items() if _is_sum(name, value)
    }
    told = [
        defaultdict(
            str, {**data, **sums, "place": place[n], "goods": goods[n], "why": why[n], "alarm": alarm[n]}
        )
        for n in range(2)
    ]
    return Said(words.zh.format_map(told[0]).strip(), words.en.format_map(told[1]).strip(" :,"))


def _is_sum(name: str, value: object) -> bool:
    return name.endswith(SUM) and isinstance(value, int)


def _why(data: Mapping[str, Any]) -> Said:
    """Why something was refused: our own words, else the kiosk's headline; another code stays a code."""
    code = str(data.get("code", ""))
    if code in REFUSED:
        return REFUSED[code]
    if code not in REFUSALS:
        return Said(code, code)
    headline = REFUSALS[code][0]
    return Said(headline.zh, headline.en)


def _alarm(data: Mapping[str, Any]) -> Said:
    """What an alarm of the hub is about."""
    kind = str(data.get("kind", ""))
    return ALARMS.get(kind, Said(kind, kind))


def _gaps(stream: dict[str, Any]) -> int:
    """Events that are missing below the head of what the platform has."""
    if not stream:
        return 0
    return int(stream["head_seq"] - stream["first_seq"] + 1 - stream["events"])
