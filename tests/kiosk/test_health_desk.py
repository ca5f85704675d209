"""What the health registry says, as the screens name it."""

import pytest

from edge.links.health import HealthRegistry, PartHealth, State
from kiosk.desks.health_desk import RoomHealthDesk
from tests.fakes.clock import FakeClock

WELL, AWAY, UNKNOWN = (PartHealth(state) for state in (State.OK, State.DOWN, State.UNKNOWN))


@pytest.mark.parametrize(
    ("parts", "writable", "names"),
    [
        ({"store": WELL, "bank:a": WELL, "reader:lobby": WELL}, True, []),
        ({"store": AWAY}, True, ["storage"]),
        ({"store": AWAY, "platform": AWAY}, False, ["journal", "platform"]),
        ({"store": WELL}, False, []),
        ({"bank:a": UNKNOWN, "reader:lobby": UNKNOWN, "clock": UNKNOWN}, True, ["lockers"]),
        ({"reader:lobby": AWAY, "reader:gate": AWAY}, True, ["camera"]),
        ({"reader:gate": AWAY}, True, []),
    ],
)
def test_what_is_away_is_named_for_the_screens(
    parts: dict[str, PartHealth], writable: bool, names: list[str]
) -> None:
    desk = RoomHealthDesk(
        health=HealthRegistry(),
        clock=FakeClock(),
        readers=frozenset({"lobby"}),
        cannot_write=lambda: not writable,
    )
    desk.take(parts)
    assert [condition.name for condition in desk.conditions().away] == names
