"""A community worth looking at: 和园里, three buildings, 200 rooms. Everything in it is invented.

Pure data: the same day gives the same community. Records have the shapes of the platform's feed.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from edge.demo.billing import bills, payees
from edge.demo.purses import accounts

Record = dict[str, Any]

SITE_TIME = timezone(timedelta(hours=8))
"""China has one time zone and no summer time."""

DAY_MS = 86_400_000
BUILDINGS = (("1", 16), ("2", 16), ("3", 18))
"""Building and its floors; four rooms a floor make 64 + 64 + 72 = 200 rooms."""

ROOMS_A_FLOOR = 4
PERSONAS = ("res-1203", "res-1-0502", "res-2-0801")
"""Who can be played in the demo: the first one has parcels, a bill overdue and a room in building 3."""

FAMILY_NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
POINTS_PPM = 5_000
"""Half a per cent: an order of 60.00 yuan earns 30 points."""

EXPIRED_PICTURE = "yogurt-berry"
"""The product of which only an expired lot is on the shelf: the till refuses it."""

_FOLDER = Path(__file__).parent


def community(today: date) -> dict[str, Any]:
    """The whole community as of `today`: records by collection, `contract`, `personas`."""
    texts: dict[str, list[Record]] = json.loads((_FOLDER / "texts.json").read_text("utf-8"))
    homes = rooms()
    return {
        "payees": payees(),
        "products": [_product(entry) for entry in _catalogue()],
        "promotions": promotions(),
        "deliveries": deliveries(today),
        "rooms": homes,
        "residents": [_resident(position, room) for position, room in enumerate(homes)],
        "bills": bills(homes, today),
        "orders": orders(),
        "notices": [_notice(text, today) for text in texts["notices"]],
        "directory": texts["directory"],
        "grants": list(_grants(homes, today)),
        "accounts": accounts(homes, PERSONAS, subject_of),
        "contract": contract(),
        "personas": list(PERSONAS),
    }


def rooms() -> list[Record]:
    """200 rooms; every ninth is let by its owner without the property company (no points there)."""
    numbers = [
        (building, f"{floor:02d}{door:02d}")
        for building, floors in BUILDINGS
        for floor in range(1, floors + 1)
        for door in range(1, ROOMS_A_FLOOR + 1)
    ]
    return [
        {
            "id": f"{building}-{number}",
            "building": building,
            "number": number,
            "managed": position % 9 != 4 or subject_of(f"{building}-{number}") in PERSONAS,
        }
        for position, (building, number) in enumerate(numbers)
    ]


def subject_of(room: str) -> str:
    """The pseudonym of a room's resident."""
    return "res-1203" if room == "3-1203" else f"res-{room}"


def promotions() -> list[Record]:
    """满 60 减 5."""
    return [
        {
            "id": "save-5",
            "kind": "spend_and_save",
            "threshold_fen": 6000,
            "saving_fen": 500,
            "name_zh": "满 60 元减 5 元",
            "name_en": "5 yuan off from 60 yuan",
        }
    ]


def deliveries(today: date) -> list[Record]:
    """Delivery notes: the first fills the shelf, the second is fresh and waits to be received."""
    return [
        {"id": "delivery-1", "lines": [_lot(entry, today) for entry in _catalogue()]},
        {"id": "delivery-2", "lines": [_lot(entry, today, age_days=0) for entry in _catalogue()[:17]]},
    ]


def orders() -> list[Record]:
    """Orders of the app that lie in cells; the first persona's lies in two."""
    return [
        {
            "id": "order-20260001",
            "subject": "res-1203",
            "state": "in_cells",
            "cells": [
                _parcel("B03", "parcel-1", "鲜鸡蛋、鸡蛋挂面", "Eggs, egg noodles"),
                _parcel("C04", "parcel-2", "东北大米 5 公斤", "Rice, 5 kg"),
            ],
        },
        {
            "id": "order-20260002",
            "subject": "res-1-0502",
            "state": "in_cells",
            "cells": [_parcel("A04", "parcel-3", "洗衣液、抽纸", "Laundry liquid, tissues")],
        },
        {
            "id": "order-20260003",
            "subject": "res-2-0801",
            "state": "in_cells",
            "cells": [
                _parcel("D02", "parcel-4", "红富士苹果、皇冠梨", "Apples, pears"),
                _parcel("K02", "parcel-5", "菜籽油 5 升", "Rapeseed oil, 5 l"),
                _parcel("E03", "parcel-6", "纯牛奶 12 盒", "Long-life milk, 12 packs"),
            ],
        },
    ]


def contract() -> Record:
    """The demo contract's figures; the platform signs them.

    The share of 10 % and 1 point for 1 fen are those of the points contract; the penalty of 0.03 % a day
    after ten days, at most a tenth of the bill, is an example of what a contract may say; so are the
    days of the points, the limit of a wallet and the standing lease of 50 yuan.
    """
    return {
        "version": 1,
        "penalty_ppm_per_day": 300,
        "grace_days": 10,
        "cap_ppm": 100_000,
        "penalty_on_collected_for_others": False,
        "points_ppm": POINTS_PPM,
        "property_share_ppm": 100_000,
        "point_value_fen": 1,
        "points_return_days": 7,
        "points_claim_days": 30,
        "points_expire_days": 730,
        "points_on_points_paid": False,
        "points_shortfall": "shrink",
        "wallet_limit_fen": 100_000,
        "lease_limit_fen": 5_000,
        "allocation": "penalty_first",
    }


def _catalogue() -> list[Record]:
    entries: list[Record] = json.loads((_FOLDER / "products.json").read_text("utf-8"))
    return entries


def _product(entry: Record) -> Record:
    product = {key: value for key, value in entry.items() if key != "shelf_life_days"}
    return product | {"payee": "shop", "points_ppm": POINTS_PPM}


def _lot(entry: Record, today: date, *, age_days: int | None = None) -> Record:
    """A lot that has used up a fifth of its shelf life, unless `age_days` says otherwise."""
    life_days = entry["shelf_life_days"]
    if age_days is None:
        age_days = life_days + 1 if entry["picture"] == EXPIRED_PICTURE else life_days // 5
    made_on = today - timedelta(days=age_days)
    return {
        "sku": entry["sku"],
        "lot": made_on.strftime("L%y%m%d"),
        "expires_on": (made_on + timedelta(days=life_days)).isoformat(),
        "quantity": 24 if life_days < 60 else 60,
    }


def _resident(position: int, room: Record) -> Record:
    subject = subject_of(room["id"])
    family = "王" if subject == "res-1203" else FAMILY_NAMES[position * 7 % len(FAMILY_NAMES)]
    polite = "女士" if subject == "res-1203" or position % 2 else "先生"
    return {
        "subject": subject,
        "room": room["id"],
        "name_masked": f"{family}*",
        "nickname": f"{family}{polite}" if subject in PERSONAS else "",
    }


def _parcel(cell: str, parcel: str, items_zh: str, items_en: str) -> Record:
    return {"bank": "bank-a", "cell": cell, "parcel": parcel, "items_zh": items_zh, "items_en": items_en}


def _notice(text: Record, today: date) -> Record:
    begins = _midnight_ms(today + timedelta(days=text["from_day"]))
    notice = {key: value for key, value in text.items() if key not in ("from_day", "days")}
    return notice | {"from_ms": begins, "until_ms": begins + text["days"] * DAY_MS}


def _grants(homes: list[Record], today: date) -> Iterator[Record]:
    """Everybody opens both gates; building 3's entrance only those who live there."""
    begins = _midnight_ms(today - timedelta(days=30))
    for room in homes:
        doors = ["gate", "north-gate", *(["building-3"] if room["building"] == "3" else [])]
        yield {
            "subject": subject_of(room["id"]),
            "doors": doors,
            "from_ms": begins,
            "until_ms": begins + 395 * DAY_MS,
        }


def _midnight_ms(day: date) -> int:
    moment = datetime.combine(day, time(), SITE_TIME).astimezone(UTC)
    return int(moment.timestamp() * 1000)
