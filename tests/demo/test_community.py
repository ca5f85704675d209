"""The demo's community: shapes, references, and what the story needs."""

import itertools
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.platform.seed_accounts import SeedAccount
from cloud_sync.wire.collections import COLLECTIONS, KEY_FIELDS
from edge.demo.community import EXPIRED_PICTURE, PERSONAS, community
from edge.demo.site_file import COLUMNS

TODAY = date(2026, 11, 22)
ART = Path(__file__).parents[2] / "kiosk" / "static" / "art" / "goods.svg"


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    return community(TODAY)


def test_every_record_has_the_shape_of_its_collection_and_an_id_of_its_own(world: dict[str, Any]) -> None:
    for name, records in world.items():
        if name in ("accounts", "contract", "personas"):
            continue
        ids = [record[KEY_FIELDS.get(name, "id")] for record in records]
        assert len(set(ids)) == len(ids), name
        for record in records:
            shaped = msgspec.convert(record, COLLECTIONS[name])
            assert set(record) <= set(shaped.__struct_fields__), (name, record)


def test_accounts_are_of_managed_residents_at_known_payees_and_never_below_zero(
    world: dict[str, Any],
) -> None:
    opened = [msgspec.convert(record, SeedAccount) for record in world["accounts"]]
    keys = [(one.subject, one.kind, one.issuer) for one in opened]
    assert len(set(keys)) == len(keys)
    managed = {room["id"] for room in world["rooms"] if room["managed"]}
    residents = {one["subject"] for one in world["residents"] if one["room"] in managed}
    assert {one.subject for one in opened} <= residents
    assert {one.issuer for one in opened} <= {payee["id"] for payee in world["payees"]}
    for one in opened:
        sums = itertools.accumulate(line.amount_fen for line in one.lines)
        assert all(fen >= 0 for fen in sums), one
    points = [line.kind for one in opened if one.subject == PERSONAS[0] for line in one.lines]
    assert {"earned", "spent", "taken_back", "topped_up", "refunded"} <= set(points)


def test_it_has_three_buildings_200_rooms_and_80_products(world: dict[str, Any]) -> None:
    assert Counter(room["building"] for room in world["rooms"]) == {"1": 64, "2": 64, "3": 72}
    assert len(world["products"]) >= 80
    assert len(Counter(product["category"] for product in world["products"])) == 6


def test_barcodes_are_chinese_eans_with_right_check_digits(world: dict[str, Any]) -> None:
    for product in world["products"]:
        digits = [int(digit) for digit in product["ean"]]
        assert re.fullmatch(r"69\d{11}", product["ean"])
        assert sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def test_every_product_has_a_drawing_of_its_own(world: dict[str, Any]) -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', ART.read_text("utf-8")))
    pictures = [product["picture"] for product in world["products"]]
    assert set(pictures) <= drawn
    assert len(set(pictures)) == len(pictures)


def test_only_the_one_lot_is_expired(world: dict[str, Any]) -> None:
    pictures = {product["sku"]: product["picture"] for product in world["products"]}
    lines = world["deliveries"][0]["lines"]
    expired = [pictures[line["sku"]] for line in lines if line["expires_on"] < TODAY.isoformat()]
    assert expired == [EXPIRED_PICTURE]
    assert len(lines) == len(world["products"])


def test_references_lead_somewhere(world: dict[str, Any]) -> None:
    rooms = {room["id"] for room in world["rooms"]}
    subjects = {resident["subject"] for resident in world["residents"]}
    payees = {payee["id"] for payee in world["payees"]}
    cells = {entry.partition(":")[0] for column in COLUMNS for entry in column}
    taken = [parcel["cell"] for order in world["orders"] for parcel in order["cells"]]
    assert {resident["room"] for resident in world["residents"]} == rooms
    assert {bill["room"] for bill in world["bills"]} == rooms
    assert {record["payee"] for name in ("bills", "products") for record in world[name]} == payees
    assert {order["subject"] for order in world["orders"]} | set(PERSONAS) <= subjects
    assert set(PERSONAS) <= {grant["subject"] for grant in world["grants"]} <= subjects
    assert set(taken) <= cells and len(set(taken)) == len(taken)


def test_the_first_persona_owes_an_overdue_fee_and_has_an_order_in_two_cells(world: dict[str, Any]) -> None:
    open_bills = [bill for bill in world["bills"] if bill["room"] == "3-1203" and not bill["paid_fen"]]
    overdue = [bill for bill in open_bills if bill["due_on"] < TODAY.isoformat()]
    assert [(bill["item"], bill["amount_fen"]) for bill in overdue] == [("property_fee", 26_880)]
    assert {bill["period"] for bill in world["bills"] if bill["room"] == "3-1203"} >= {"2025-12", "2026-11"}
    assert [len(order["cells"]) for order in world["orders"] if order["subject"] == "res-1203"] == [2]


def test_names_are_masked_and_the_same_day_gives_the_same_community(world: dict[str, Any]) -> None:
    assert all(re.fullmatch(r".\*", resident["name_masked"]) for resident in world["residents"])
    assert json.dumps(community(TODAY)) == json.dumps(world)
    assert community(date(2028, 2, 29)).keys() == world.keys()
