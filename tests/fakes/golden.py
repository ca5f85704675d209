"""Golden files of journal events: one body as it stands in a journal somewhere, for ever.

`tests/golden/<Type>.json` holds `{"type", "version", "data"}`. A changed shape fails; the way out is a new
VERSION with a new golden file, not an edited one.
"""

from pathlib import Path
from typing import Any

import msgspec

from edge.store.canonical import encode
from edge.store.events import Event

FOLDER = Path(__file__).parents[1] / "golden"


def golden_of(event: type[Event]) -> dict[str, Any]:
    """Return the golden record of an event type; FileNotFoundError when it has none."""
    record: dict[str, Any] = msgspec.json.decode((FOLDER / f"{event.TYPE}.json").read_bytes())
    return record


def check_golden(event: type[Event]) -> None:
    """Assert that the event still reads its golden body and writes exactly the same bytes."""
    record = golden_of(event)
    assert (record["type"], record["version"]) == (event.TYPE, event.VERSION)
    body = encode(record["data"])
    assert encode(msgspec.json.decode(body, type=event)) == body
