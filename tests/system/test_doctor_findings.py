"""`edge doctor` beside a running hub: what a part says is told with the mend that fits it."""

from pathlib import Path
from typing import Any

from cloud_sync.uplink import BEFORE_OLDEST
from edge.commands import doctor
from edge.links.control_client import ControlClient
from tests.proofs.planting import replaced


def hub_saying(detail: str) -> Any:
    """Stands where `ControlClient.get` stands: a hub whose uplink halted with a code."""
    answers = {
        "/status": {
            "head_seq": 9,
            "feed_parked": [["bills", "refers_to_nothing", 2]],
            "parts": {"uplink": {"state": "down", "detail": detail}},
        },
        "/clock": {"at_ms": 1, "time_trust": "synced", "doubted_ms": 2},
        "/journal/verify": {"first_bad_seq": None, "count": 9},
    }
    return lambda client, path: answers[path]


def finding_of_uplink(folder: Path, detail: str) -> doctor.Finding:
    with replaced(ControlClient, "get", hub_saying(detail)):
        found = list(doctor._hub_or_database(folder, ("heyuanli", "k1")))
    [finding] = [one for one in found if one.what.startswith("part uplink")]
    return finding


def test_entries_that_only_the_archive_has_are_named_with_their_mend(tmp_path: Path) -> None:
    finding = finding_of_uplink(tmp_path, BEFORE_OLDEST)
    assert not finding.well
    assert BEFORE_OLDEST in finding.what
    assert "archives" in finding.mend and "new-epoch" in finding.mend


def test_another_fault_of_the_uplink_has_the_usual_mend(tmp_path: Path) -> None:
    finding = finding_of_uplink(tmp_path, "")
    assert not finding.well
    assert "cable" in finding.mend


def test_parked_records_and_a_time_that_jumped_are_named(tmp_path: Path) -> None:
    with replaced(ControlClient, "get", hub_saying("")):
        found = list(doctor._hub_or_database(tmp_path, ("heyuanli", "k1")))
    said = [one.what for one in found if not one.well]
    assert "feed: 2 of bills parked: refers_to_nothing" in said
    assert any("jumped" in what for what in said)
