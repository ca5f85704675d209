"""Journal events of the store and the staff keep their shape."""

import pytest

from edge.backups.events import EVENTS as BACKUPS
from edge.staff.events import EVENTS as STAFF
from edge.store.events import EVENTS as STORE
from edge.store.events import Event
from tests.fakes.golden import check_golden


@pytest.mark.parametrize("event", [*STORE, *STAFF, *BACKUPS], ids=lambda event: event.TYPE)
def test_events_of_store_and_staff_keep_their_shape(event: type[Event]) -> None:
    check_golden(event)
