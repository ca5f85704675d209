"""What the control socket answers: the journal to whoever follows it, and requests that make no sense."""

import asyncio
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner

from edge.commands import journal
from edge.control import Control, answer
from edge.links.control import ControlSocket, build_control
from edge.links.control_client import CONTROL_SOCKET
from edge.links.health import HealthRegistry
from edge.service.events import AlarmRaised
from edge.staff.accounts import StaffDesk
from edge.store.errors import NotWritable
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock

Client = TestClient[web.Request, web.Application]
SITE = """
[site]
id = "s"
device = "k1"
name_zh = "园"
name_en = "Court"
[kiosk]
[broker]
host = "127.0.0.1"
username = "hub"
password_file = "password"
"""


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


def raise_alarm(unit: Unit, *, name: str) -> None:
    """One entry."""
    unit.record(AlarmRaised(alarm=name, kind="door_forced", source="gate", detail=""), actor="system")


async def test_the_newest_entries_are_shown_each_on_a_line_of_its_own(tmp_path: Path) -> None:
    clock = FakeClock()
    store = InlineStore.in_memory(clock=clock, migrations=MIGRATIONS)
    for number in range(5):
        store.run_now(partial(raise_alarm, name=f"a{number}"))
    control = Control(store=store, clock=clock, staff=StaffDesk(store), health=HealthRegistry())
    socket = ControlSocket(
        build_control(control.routes(), uids=frozenset({os.getuid()})), tmp_path / CONTROL_SOCKET
    )
    await socket.open()
    (tmp_path / "site.toml").write_text(SITE)
    asked = ["tail", "-n", "2", "--config", str(tmp_path / "site.toml")]
    shown = await asyncio.to_thread(CliRunner().invoke, journal.command, asked)
    await socket.close()
    store.close()
    assert shown.exit_code == 0, shown.output
    lines = [line.split() for line in shown.output.splitlines()]
    assert [(line[0], line[3]) for line in lines] == [("4", "AlarmRaised"), ("5", "AlarmRaised")]
    assert '"alarm":"a4"' in lines[-1][-1]


async def test_a_store_that_cannot_write_is_said_as_json() -> None:
    async def write(_: web.Request) -> object:
        raise NotWritable("the disk is full")

    app = web.Application()
    app.router.add_get("/write", answer(write))
    async with TestClient(TestServer(app)) as opened:
        told = await opened.get("/write")
        assert (told.status, (await told.json())["code"]) == (503, "store_away")
