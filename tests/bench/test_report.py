"""What `edge bench --out` writes."""

import json
from pathlib import Path
from xml.etree import ElementTree

from edge.bench.figures import case, middle, percentile
from edge.bench.report import write
from tests.fakes.cases import check_cases

CASES = [
    case("held", 1.23456, "ms", floor=1.0, target="<= 2 ms", ok=True, n=9),
    case("missed", 3.0, "ms", floor=1.0, target="<= 2 ms & less", ok=False, n=9),
    case("bare", 7, "MB", n=1),
]


def test_a_case_holds_its_ratio_and_rounds_what_was_measured() -> None:
    check_cases(CASES[:2], n=9)
    assert (CASES[0]["value"], CASES[0]["ratio"], CASES[2]["ratio"]) == (1.2346, 1.235, None)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert (middle(values), percentile(values, 0.99), percentile([4.0], 0.99)) == (50.5, 100.0, 4.0)


def test_the_report_is_a_table_bars_and_the_figures_themselves(tmp_path: Path) -> None:
    write(CASES, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "figures.json").read_text()) == CASES
    table = (tmp_path / "out" / "table.md").read_text()
    assert "| held | 1.2346 ms | 1 | 1.235 | <= 2 ms | yes | 9 |" in table
    assert "**no**" in table
    assert "| bare | 7 MB | - | - |  | - | 1 |" in table
    bars = ElementTree.fromstring((tmp_path / "out" / "figures.svg").read_text())
    assert len(bars.findall("{http://www.w3.org/2000/svg}rect")) == 4


def test_the_weight_of_the_past_is_a_curve_with_its_bound(tmp_path: Path) -> None:
    past = [case(f"checkout-after-{count}", 1.1, "ms", floor=1.0, n=9) for count in (1_000, 100_000)]
    write(
        [case("checkout", 1.0, "ms", floor=0.5, target="p50 <= floor + 1 ms", ok=True, n=9), *past], tmp_path
    )
    curve = ElementTree.fromstring((tmp_path / "checkout.svg").read_text())
    words = {each.text for each in curve.iter("{http://www.w3.org/2000/svg}text")}
    assert {"0", "1,000", "100,000", "target 1.30"} <= words
    bars = ElementTree.fromstring((tmp_path / "figures.svg").read_text())
    assert len(bars.findall("{http://www.w3.org/2000/svg}rect")) == 2
