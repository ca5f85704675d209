"""What the stage tells of doors, cells and journal entries; where nobody answers it says so."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.demo.layout import Layout, Ports
from edge.demo.site_file import write_site
from edge.demo.stage.event_words import WORDS
from edge.demo.stage.view_journal import Names, describe, read_goods
from edge.demo.stage.view_places import PlacesView, pickup_marks
from edge.demo.stage.words import Said
from edge.tables import EVENTS

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = Names(doors={"gate": Said("南门", "South gate")}, goods=read_goods())


@pytest.fixture
def places(tmp_path: Path) -> PlacesView:
    layout = Layout(folder=tmp_path, ports=Ports())
    write_site(layout)
    return PlacesView(layout)


def test_every_kind_of_journal_event_has_words_and_no_other() -> None:
    assert {event.TYPE for event in EVENTS} == set(WORDS)


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_an_event_is_told_in_both_languages_with_everything_filled_in(kind: str) -> None:
    data = json.loads((GOLDEN / f"{kind}.json").read_text("utf-8"))["data"]
    said = describe(kind, data, NAMES)
    told = describe(kind, {}, NAMES)
    assert all(text and "{" not in text for text in said)
    if "{" in WORDS[kind].zh:
        assert said != told


def test_a_sale_is_told_by_its_goods_and_sum() -> None:
    data = {"lines": [{"sku": "g001", "quantity": 3}], "total_fen": 3840}
    assert describe("SaleSettled", data, NAMES) == (
        "古法酱油等 3 件 38.40",
        "Traditional soy sauce, 3 in all 38.40",
    )


def test_a_refusal_is_told_with_its_reason() -> None:
    said = describe("PassRefused", {"code": "pass_expired", "place": "door:gate"}, NAMES)
    assert said == ("南门 这张码过期了", "South gate: This code is over")


def test_a_hub_that_is_away_leaves_doors_and_cells_unknown(places: PlacesView) -> None:
    world = {"gate": {"open": True, "jammed": False, "cut": False, "held": False}}
    gate = places.doors(world, None)[0]
    assert (gate["world"]["open"], gate["hub"]) == (True, "unknown")
    cell = places.bank({"A01": {"open": True, "jammed": False}}, None)["columns"][0][0]
    assert (cell["world"]["open"], cell["hub"]) == (True, "unknown")


def test_a_simulator_that_is_away_is_not_told_as_closed(places: PlacesView) -> None:
    devices = {"doors": [{"id": "gate", "contact": "closed"}]}
    gate = places.doors({}, devices)[0]
    assert (gate["world"]["open"], gate["hub"]) == (None, "closed")


def _entry(kind: str, **data: object) -> dict[str, Any]:
    return {"type": f"community.edge.{kind}.v1", "data": data}


def test_a_pickup_marks_the_cell_that_comes_next_and_those_that_are_done() -> None:
    entries = [
        _entry("PickupStarted", session="s1"),
        _entry("CellOpenRequested", session="s1", place="cell:bank-a/B03"),
        _entry("CellOpened", session="s1", place="cell:bank-a/B03"),
        _entry("CellClosed", session="s1", place="cell:bank-a/B03"),
        _entry("CellOpenRequested", session="s1", place="cell:bank-a/C04"),
        _entry("CellClosed", session="s9", place="cell:bank-a/D01"),
    ]
    assert pickup_marks(entries) == {"B03": "got", "C04": "next"}
    assert pickup_marks([*entries, _entry("PickupStarted", session="s2")]) == {}
