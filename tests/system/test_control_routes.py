"""What the control socket answers to requests that make no sense."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge.control import Control
from edge.links.health import HealthRegistry
from edge.staff.accounts import StaffDesk
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """The routes of a hub without anything in its books."""
    clock = FakeClock()
    store = InlineStore.in_memory(clock=clock, migrations=MIGRATIONS)
    control = Control(store=store, clock=clock, staff=StaffDesk(store), health=HealthRegistry())
    app = web.Application()
    app.add_routes(control.routes())
    async with TestClient(TestServer(app)) as opened:
        yield opened
    store.close()


@pytest.mark.parametrize("query", ["after=-1", "limit=-1", "limit=x", "after=1" + "0" * 30, "limit=²"])
async def test_a_line_number_that_is_none_is_refused(client: Client, query: str) -> None:
    answer = await client.get("/journal?" + query)
    assert (answer.status, await answer.json()) == (400, {"code": "not_a_number"})


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"login": 1}', b'{"login": "\xff", "pin": "x"}'])
async def test_credentials_that_are_none_are_refused(client: Client, body: bytes) -> None:
    answer = await client.post("/deliveries/d1/receive", data=body)
    assert answer.status == 400
