"""Journal events of doors, cells and service keep their shape."""

import pytest

from edge.access.credentials.events import EVENTS as CREDENTIALS
from edge.access.events import EVENTS as ACCESS
from edge.access.lockers.events import EVENTS as LOCKERS
from edge.service.events import EVENTS as SERVICE
from edge.store.events import Event
from tests.fakes.golden import check_golden


@pytest.mark.parametrize("event", [*ACCESS, *CREDENTIALS, *LOCKERS, *SERVICE], ids=lambda event: event.TYPE)
def test_events_of_doors_and_service_keep_their_shape(event: type[Event]) -> None:
    check_golden(event)
