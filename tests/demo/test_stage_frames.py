"""A frame shows a page as it is, to the stage alone, and is driven by nobody from elsewhere."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from edge.demo.stage.frames import Frame

PAGE = "<!doctype html><html><head><title>kiosk</title></head><body>hello</body></html>"
POLICY = "default-src 'self'; frame-ancestors 'self'; object-src 'none'"


def kiosk_app() -> web.Application:
    """A page with a socket that takes its own origin only, as the kiosk does."""

    async def page(request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": POLICY, "X-Asked-As": request.host}
        return web.Response(text=PAGE, content_type="text/html", headers=headers)

    async def pay(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.headers['Origin']} {await request.text()}")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            await answer.send_str(f"heard {message.data}")
        return answer

    app = web.Application()
    app.add_routes([web.get("/", page), web.post("/pay", pay), web.get("/ws", socket)])
    return app


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def target() -> AsyncIterator[TestServer]:
    server = TestServer(kiosk_app(), host="127.0.0.1")
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def frame(target: TestServer) -> AsyncIterator[Frame]:
    assert target.port is not None
    made = Frame(port=unused_port(), target_port=target.port, stage_port=8088)
    await made.open()
    yield made
    await made.close()


async def test_the_stage_and_nobody_else_may_frame_a_page_which_gets_the_finger(
    frame: Frame, target: TestServer, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{frame.origin}/") as answer:
        text = await answer.text()
        assert answer.headers["Content-Security-Policy"] == POLICY.replace(
            "frame-ancestors 'self'", "frame-ancestors http://127.0.0.1:8088"
        )
        assert answer.headers["X-Asked-As"] == f"127.0.0.1:{target.port}"
    script = '<script src="/finger.js" data-stage="http://127.0.0.1:8088" defer></script>'
    assert text == PAGE.replace("</head>", f"{script}</head>")


async def test_what_its_own_page_sends_arrives_as_if_no_frame_were_there(
    frame: Frame, target: TestServer, http: aiohttp.ClientSession
) -> None:
    own = {"Origin": frame.origin}
    async with http.post(f"{frame.origin}/pay", data="12.80", headers=own) as answer:
        assert await answer.text() == f"http://127.0.0.1:{target.port} 12.80"
    async with http.ws_connect(f"{frame.origin}/ws", headers=own) as socket:
        await socket.send_str("tap")
        assert await socket.receive_str(timeout=2) == "heard tap"


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:8088", "null", ""])
async def test_nothing_is_driven_from_another_origin(
    frame: Frame, http: aiohttp.ClientSession, origin: str
) -> None:
    foreign = {"Origin": origin} if origin else {}
    async with http.post(f"{frame.origin}/pay", data="x", headers=foreign) as answer:
        assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{frame.origin}/ws", headers=foreign)
    assert refused.value.status == 403


async def test_a_name_that_was_bound_to_this_address_is_not_answered(
    frame: Frame, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{frame.origin}/", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421


async def test_a_frame_that_is_cut_refuses_and_ends_what_was_open(
    frame: Frame, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(f"{frame.origin}/ws", headers={"Origin": frame.origin}) as socket:
        await frame.cut()
        ended = await socket.receive(timeout=2)
        assert ended.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get(f"{frame.origin}/")
    await frame.mend()
    async with http.get(f"{frame.origin}/") as answer:
        assert answer.status == 200


async def test_a_page_whose_server_is_away_says_so_and_comes_back_by_itself(
    frame: Frame, target: TestServer, http: aiohttp.ClientSession
) -> None:
    await target.close()
    async with http.get(f"{frame.origin}/", headers={"Sec-Fetch-Mode": "navigate"}) as answer:
        assert (answer.status, answer.headers["Refresh"]) == (502, "1")
        assert "comes back by itself" in await answer.text()
    async with http.get(f"{frame.origin}/") as answer:
        assert (answer.status, await answer.text()) == (502, "away")
