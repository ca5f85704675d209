"""Real processes beside the drivers: the guard with mock pins, a mosquitto."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.guard import GuardProcess
from tests.fakes.mosquitto import Mosquitto


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[GuardProcess]:
    """A guard that runs."""
    guard = GuardProcess(tmp_path)
    guard.start()
    yield guard
    guard.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that runs."""
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()
