"""Whatever the line knows is in docs/protocol.md, and the forms are those of the golden files."""

from pathlib import Path

import msgspec
import pytest

from cloud_sync.events import EVENTS
from cloud_sync.platform.app import ROUTES
from cloud_sync.platform.channels.faults import FAULTS
from cloud_sync.wire.collections import COLLECTIONS
from cloud_sync.wire.commands import answer_topic, command_topic
from cloud_sync.wire.errors import CODES
from cloud_sync.wire.examples import EXAMPLES
from edge.store.events import Event
from tests.fakes.golden import check_golden

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text("utf-8")
GOLDEN = ROOT / "tests" / "golden" / "wire"


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_wire_form_is_the_one_of_its_golden_file(name: str) -> None:
    golden = (GOLDEN / f"{name}.json").read_bytes()
    assert msgspec.json.encode(EXAMPLES[name]) == golden
    assert msgspec.json.decode(golden, type=type(EXAMPLES[name])) == EXAMPLES[name]


@pytest.mark.parametrize("event", EVENTS)
def test_events_are_those_of_their_golden_files(event: type[Event]) -> None:
    check_golden(event)


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in DOCUMENT


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_every_route_is_documented(path: str) -> None:
    assert path in DOCUMENT


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_collection_is_documented(collection: str) -> None:
    assert f"| `{collection}` |" in DOCUMENT


def test_topics_and_faults_of_the_channels_are_documented() -> None:
    assert command_topic("{site}", "{device}") in DOCUMENT
    assert answer_topic("{site}", "{device}") in DOCUMENT
    for fault, behaviour in FAULTS.items():
        assert f"| `{fault.value}` | {behaviour.does} |" in DOCUMENT


def test_every_event_of_this_room_is_documented() -> None:
    for event in EVENTS:
        assert f"`{event.TYPE}`" in DOCUMENT
