"""Gauges are read from a real machine, and what it cannot tell is left out."""

from pathlib import Path

import pytest

from edge.service.gauges import GAUGES, GaugeReader, Read, condition_number, read_temperature_c
from edge.store.condition import Condition
from edge.trust.clock import Trust
from tests.fakes.clock import FakeClock

OF_THE_HUB: dict[str, Read] = {
    "store_condition": lambda: condition_number(Condition.RESERVE),
    "front_lane_waiting": lambda: 2,
    "bulk_lane_waiting": lambda: 0,
    "uplink_waiting": lambda: None,
    "role_restarts": lambda: 1,
}


def test_every_gauge_of_the_table_is_read(tmp_path: Path) -> None:
    read = GaugeReader(folder=tmp_path, clock=FakeClock(), hub=OF_THE_HUB).read()
    assert read.keys() >= {gauge.name for gauge in GAUGES} - {"uplink_waiting", "cpu_temperature_c"}
    assert "uplink_waiting" not in read
    assert (read["store_condition"], read["clock_trust"], read["front_lane_waiting"]) == (1, 2, 2)
    assert read["hub_memory_mb"] > 5
    assert read["uptime_s"] > 0


def test_an_unknown_time_has_no_offset(tmp_path: Path) -> None:
    read = GaugeReader(folder=tmp_path, clock=FakeClock(trust=Trust.UNKNOWN), hub=OF_THE_HUB).read()
    assert read["clock_trust"] == 0
    assert "wall_clock_offset_ms" not in read


def test_a_gauge_without_a_reader_is_a_programmers_fault(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="without a reader"):
        GaugeReader(folder=tmp_path, clock=FakeClock(), hub={})


def test_the_hottest_sensor_counts_and_a_mute_one_does_not(tmp_path: Path) -> None:
    assert read_temperature_c(tmp_path) is None
    for number, text in enumerate(("41500\n", "48312\n", "off\n")):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text)
    assert read_temperature_c(tmp_path) == 48


def test_a_disk_that_does_not_say_has_no_room(tmp_path: Path) -> None:
    reader = GaugeReader(folder=tmp_path / "gone", clock=FakeClock(), hub=OF_THE_HUB)
    assert reader.free_bytes() == 0
