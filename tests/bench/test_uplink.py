"""`uplink`: what is no matter of speed, and so the same on every machine."""

import asyncio
from pathlib import Path

import pytest

from edge.bench import uplink
from edge.bench.waiting_sales import fill_journal

pytestmark = pytest.mark.slow


def test_a_sale_takes_no_more_on_the_wire_than_the_targets_allow(tmp_path: Path) -> None:
    whole, settled = tmp_path / "whole.db", tmp_path / "settled.db"
    asyncio.run(fill_journal(whole, 250))
    asyncio.run(fill_journal(settled, 1_000, settled_only=True))
    sale, phone = uplink.wire_cases(tmp_path, whole, settled, 900)
    assert (sale["name"], phone["name"]) == ("uplink-bytes-a-sale", "uplink-bytes-a-phone-sale")
    assert sale["ok"], sale
    assert 40 < sale["value"] < phone["value"]


def test_events_that_are_not_compressed_break_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud_sync.outbox.ENCODINGS", ("identity",))
    whole, settled = tmp_path / "whole.db", tmp_path / "settled.db"
    asyncio.run(fill_journal(whole, 25))
    asyncio.run(fill_journal(settled, 200, settled_only=True))
    sale, _ = uplink.wire_cases(tmp_path, whole, settled, 100)
    assert not sale["ok"], sale
