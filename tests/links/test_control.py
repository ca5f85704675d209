"""The control socket lets in only whom the kernel names."""

import os
import stat
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from edge.links.control import PEER, ControlSocket, build_control


async def who(request: web.Request) -> web.Response:
    """Says who asked."""
    return web.json_response({"pid": request[PEER].pid, "uid": request[PEER].uid})


@pytest.mark.parametrize(("uids", "status"), [(frozenset({os.getuid()}), 200), (frozenset({12345}), 403)])
async def test_only_named_users_come_in(tmp_path: Path, uids: frozenset[int], status: int) -> None:
    path = tmp_path / "run" / "control.sock"
    control = ControlSocket(build_control([web.get("/who", who)], uids=uids), path)
    await control.open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession(connector=connector) as session, session.get("http://hub/who") as answer:
        assert answer.status == status
        body = await answer.json()
    assert body == ({"pid": os.getpid(), "uid": os.getuid()} if status == 200 else {"code": "not_your_hub"})
    await control.close()
    assert not path.exists()


async def test_over_tcp_nobody_comes_in(unused_tcp_port: int) -> None:
    app = build_control([web.get("/who", who)], uids=frozenset({os.getuid()}))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{unused_tcp_port}/who") as answer,
    ):
        assert answer.status == 403
    await runner.cleanup()
