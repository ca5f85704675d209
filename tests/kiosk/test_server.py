"""The server around a session: who may ask, what goes out, what comes back."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from kiosk.assets import Assets
from kiosk.desks.views import Account
from kiosk.openapi import OPENAPI
from kiosk.server import CLIENTS_LIMIT, build_screen
from tests.fakes.kiosk_desks import RESIDENT_CODE
from tests.fakes.kiosk_stand import Seen, Stand

Client = TestClient[Any, Any]


@pytest.fixture
def stand() -> Stand:
    """A kiosk on paper."""
    return Stand()


@pytest.fixture
async def client(stand: Stand) -> AsyncIterator[Client]:
    """A client of its server."""
    async with TestClient(TestServer(build_screen(stand.front()))) as client:
        yield client


def origin(client: Client) -> str:
    """The server's own origin."""
    return f"http://{client.host}:{client.port}"


async def connect(client: Client) -> ClientWebSocketResponse:
    """A socket with its first fragment taken."""
    socket = await client.ws_connect("/ws", headers={"Origin": origin(client)})
    await answer(socket)
    return socket


async def answer(socket: ClientWebSocketResponse, until: str = "", n: int = 0) -> dict[str, Any]:
    """The next message that shows these words and answers that gesture."""
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = json.loads((await socket.receive()).data)
            if until in message["html"] and message["answered"] >= n:
                return message


async def test_everything_stays_under_a_policy_of_self(client: Client) -> None:
    response = await client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    page = await response.text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "style=" not in page and "<style" not in page
    assert not re.search(r"\bon\w+=", page)
    assert not re.search(r'(?:src|href)="https?:', page)


async def test_refusals_and_errors_carry_the_headers_too(client: Client) -> None:
    response = await client.get("/no-such-page")
    assert response.status == 404
    assert "Content-Security-Policy" in response.headers


async def test_another_host_name_is_not_answered(client: Client) -> None:
    for path in ("/", "/ws", "/health", "/static/x/kit.css"):
        response = await client.get(path, headers={"Host": "evil.example"})
        assert response.status == 421, path


@pytest.mark.parametrize(
    "foreign", ["http://evil.example", "null", "", "http://127.0.0.1:1", "https://127.0.0.1"]
)
async def test_a_socket_of_another_origin_is_refused(client: Client, foreign: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refusal:
        await client.ws_connect("/ws", headers={"Origin": foreign})
    assert refusal.value.status == 403


async def test_a_gesture_gets_its_fragment_and_its_answer(client: Client) -> None:
    socket = await connect(client)
    await socket.send_json({"gesture": "touch", "value": "", "n": 1})
    shown = await answer(socket, "买东西", n=1)
    assert shown["html"].startswith("<main")
    await socket.send_json({"gesture": "nonsense", "n": 2})
    assert (await answer(socket, n=2))["answered"] == 2


@pytest.mark.parametrize("text", ["", "{", '{"gesture":1}', "[]", '{"value":"x"}'])
async def test_a_malformed_report_closes_the_socket_and_nothing_else(
    client: Client, stand: Stand, text: str
) -> None:
    socket = await connect(client)
    await socket.send_str(text)
    async with asyncio.timeout(5):
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            pass
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
    assert stand.screen == "idle"
    assert (await client.get("/")).status == 200


async def test_an_oversized_report_is_refused(client: Client) -> None:
    socket = await connect(client)
    await socket.send_str(json.dumps({"gesture": "x" * 5000}))
    async with asyncio.timeout(5):
        while (await socket.receive()).type is WSMsgType.TEXT:
            pass
    assert socket.closed


async def test_no_route_takes_decoded_text(client: Client, stand: Stand) -> None:
    socket = await connect(client)
    for gesture in ("scan", "code", "identify", "add_scanned"):
        await socket.send_json({"gesture": gesture, "value": RESIDENT_CODE, "n": 1})
        await answer(socket, n=1)
    assert stand.session.visit.resident is None
    for path in ("/scan", "/scans", "/api/scan"):
        assert (await client.post(path, data=RESIDENT_CODE)).status in (404, 405)


async def test_a_scan_reaches_every_browser_of_the_kiosk(client: Client, stand: Stand) -> None:
    sockets = [await connect(client), await connect(client)]
    await stand.scans.queue.put(Seen("ean13", "6901234567892"))
    for socket in sockets:
        await answer(socket, "古法酱油")


async def test_reloading_loses_nothing(client: Client, stand: Stand) -> None:
    await stand.do("touch", "open=shop", "add=soy")
    page = await (await client.get("/")).text()
    assert "购物篮" in page and "12.80" in page


async def test_what_a_product_is_called_is_only_text(client: Client, stand: Stand) -> None:
    await stand.do("touch", "open=shop", "search")
    stand.session.visit.browse.typed = '<img src=x onerror="alert(1)">'
    page = await (await client.get("/")).text()
    assert "<img src=x" not in page
    assert "&lt;img" in page


async def test_stopping_does_not_wait_for_the_browsers(stand: Stand) -> None:
    client = TestClient(TestServer(build_screen(stand.front())))
    await client.start_server()
    socket = await connect(client)
    async with asyncio.timeout(5):
        await client.server.close()
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            pass
    assert message.type is WSMsgType.CLOSE
    await client.close()


async def test_too_many_browsers_are_refused(client: Client) -> None:
    for _ in range(CLIENTS_LIMIT):
        await connect(client)
    with pytest.raises(WSServerHandshakeError) as refusal:
        await connect(client)
    assert refusal.value.status == 503


async def test_static_files_are_compressed_and_kept_for_ever(client: Client) -> None:
    page = await (await client.get("/")).text()
    urls = set(re.findall(r"/static/[\w./-]+", page))
    assert any(url.endswith("kiosk.js") for url in urls)
    for url in urls:
        response = await client.get(url)
        assert response.status == 200, url
        assert response.headers["Content-Encoding"] == "gzip"
        assert "immutable" in response.headers["Cache-Control"]
        assert "Content-Security-Policy" in response.headers
    assert (await client.get("/static/aaaaaaaaaaaa/../../etc/passwd")).status == 404


def test_all_static_files_together_are_small() -> None:
    assert Assets().compressed_bytes <= 60 * 1024


def test_a_product_without_a_drawing_gets_the_stand_in() -> None:
    assets = Assets()
    assert assets.picture("no such drawing").endswith("#stand-in")


async def test_health_says_ready_or_not(client: Client, stand: Stand) -> None:
    assert (await client.get("/health")).status == 200
    stand.health.away = ("storage",)
    assert (await client.get("/health")).status == 503
    assert "kiosk_up 1" in await (await client.get("/metrics")).text()


async def test_the_description_names_every_route(client: Client) -> None:
    described = await (await client.get("/openapi.json")).json()
    assert described == OPENAPI
    app = client.app
    assert app is not None
    routes = {resource.canonical for resource in app.router.resources()}
    assert routes == set(described["paths"])


async def test_a_screen_is_shown_when_it_has_read_what_it_shows(client: Client, stand: Stand) -> None:
    read, home = asyncio.Event(), stand.session.desks.home
    right = home.account

    async def slowly(room: str) -> Account:
        await read.wait()
        return await right(room)

    home.account = slowly  # type: ignore[method-assign]
    await stand.session.scan("qr", RESIDENT_CODE)
    socket = await connect(client)
    await socket.send_json({"n": 1, "gesture": "open", "value": "fees"})
    async with asyncio.timeout(5):
        while not stand.session.visit.arriving:
            await asyncio.sleep(0)
    page = asyncio.create_task(client.get("/"))
    await asyncio.wait({page}, timeout=0.1)
    assert not page.done()
    read.set()
    assert 'data-screen="fees"' in await (await page).text()
    assert 'data-screen="fees"' in (await answer(socket, n=1))["html"]
