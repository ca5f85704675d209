"""The access room with everything around it in the test's hand."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.access_world import AccessWorld


@pytest.fixture
async def world() -> AsyncIterator[AccessWorld]:
    """A fresh access room, with the doors' contacts read as closed."""
    world = AccessWorld()
    for door in ("gate", "building-3"):
        await world.contact(f"door:{door}", "closed")
    yield world
    await world.close()
