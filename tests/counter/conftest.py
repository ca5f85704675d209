"""A person at the counter: a client that keeps cookies, signs in and sends forms as a browser does."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from tests.fakes.counter_stand import PIN, CounterStand

TICKET = re.compile(r'name="ticket" value="([\w-]+)"')


class Person:
    """One browser at the counter."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client
        self.origin = f"http://127.0.0.1:{client.port}"

    async def sign_in(self, login: str, pin: str = PIN) -> ClientResponse:
        """Send the form."""
        return await self.send("/login", login=login, pin=pin)

    async def look(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = await self.client.get(path)
        text = await answer.text()
        assert answer.status == status, text
        return text

    async def ticket(self, path: str) -> str:
        """A form's ticket from a page."""
        found = TICKET.search(await self.look(path))
        assert found is not None, f"{path} has no form"
        return found[1]

    async def send(self, path: str, *, origin: str | None = None, **fields: Any) -> ClientResponse:
        """Send a form, without following where it leads."""
        headers = {"Origin": self.origin if origin is None else origin}
        return await self.client.post(path, data=fields, headers=headers, allow_redirects=False)

    async def do(self, path: str, page: str, **fields: Any) -> ClientResponse:
        """Send a form that was shown on a page."""
        return await self.send(path, ticket=await self.ticket(page), **fields)


@pytest.fixture
async def stand() -> AsyncIterator[CounterStand]:
    """A counter with everybody hired."""
    made = CounterStand()
    await made.hire()
    yield made
    made.store.close()


@pytest.fixture
async def person(stand: CounterStand) -> AsyncIterator[Person]:
    """A browser before signing in."""
    async with TestClient(TestServer(stand.app())) as client:
        yield Person(client)
