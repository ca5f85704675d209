"""A real mosquitto for the broker session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.mosquitto import Mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that runs."""
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()
