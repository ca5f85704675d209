"""The simulated cameras: what is held up is seen in the stream, as a picture and nothing else."""

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import zxingcpp
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.camera import build
from devices.simulator.camera_codes import draw_code, draw_ean13, draw_qr
from devices.simulator.camera_scene import Scene
from devices.vision.decoder import Decoder
from devices.vision.pictures import open_picture
from tests.devices_vision.drawn import draw, jpeg, scene

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "devices" / "simulator" / "camera_page"
SOY = "6910628152903"
EAN13 = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.EAN13)
GOODS = [{"ean": SOY, "name_zh": "古法酱油", "picture": "soy"}]
WAIT_S = 10.0

Client = TestClient[Any, Any]


@pytest.fixture
async def client(aiohttp_client: Any) -> Client:
    made: Client = await aiohttp_client(build(GOODS, static=ROOT / "kiosk" / "static"))
    return made


async def _seen(client: Client, camera: str, wanted: str) -> None:
    """Watch the stream until the decoder reads `wanted` in a frame."""
    decoder, data = Decoder(), b""
    async with asyncio.timeout(WAIT_S), client.get(f"/{camera}.mjpg") as answer:
        async for chunk in answer.content.iter_any():
            data += chunk
            *frames, data = data.split(b"--frame\r\n")
            for frame in frames:
                picture = frame.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
                if picture and wanted in [
                    code.text for code in decoder.read(open_picture(picture)) if code.sure
                ]:
                    return
    raise AssertionError("the stream ended")


@given(digits=st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_drawn_barcodes_are_what_another_reader_reads(digits: str) -> None:
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    found = zxingcpp.read_barcode(draw_ean13(f"{digits}{check}"), formats=EAN13)
    assert found is not None
    assert found.text == f"{digits}{check}"


@pytest.mark.parametrize("text", ["hello", "CE1:" + "ABC123$%" * 25, "取件码 12345678"])
def test_drawn_qr_codes_are_what_another_reader_reads(text: str) -> None:
    found = zxingcpp.read_barcode(draw_qr(text))
    assert found is not None
    assert found.text == text


@pytest.mark.parametrize(
    ("symbology", "text"), [("ean13", "123"), ("ean13", "x" * 13), ("qr", ""), ("qr", "x" * 2000)]
)
def test_what_cannot_be_drawn_is_refused(symbology: str, text: str) -> None:
    with pytest.raises(ValueError):
        draw_code(symbology, text)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_held_codes_can_be_read_whatever_the_hand_does(seed: int) -> None:
    view, decoder = Scene(seed), Decoder()
    for symbology, text in (("ean13", SOY), ("qr", "CE1:" + "7WQ5P:0A" * 22)):
        view.hold(draw_code(symbology, text), now_s=0.0, seconds=4.0)
        read = [decoder.read(open_picture(view.frame(at / 12))) for at in range(6, 30)]
        right = [codes for codes in read if [(code.text, code.sure) for code in codes] == [(text, True)]]
        assert len(right) >= len(read) // 2
        assert all(code.text == text for codes in read for code in codes)


def test_the_lobby_holds_no_code_and_is_still_but_for_noise() -> None:
    view = Scene(1)
    frames = [view.frame(at / 12) for at in range(8)]
    assert len(set(frames)) > 1
    assert [Decoder().read(open_picture(frame)) for frame in frames] == [[]] * 8


async def test_a_code_held_up_is_seen_by_that_camera(client: Client) -> None:
    order = {"camera": "gate", "symbology": "qr", "text": "CE1:PASS", "seconds": 8}
    async with client.post("/hold", json=order) as answer:
        assert answer.status == 200
    await _seen(client, "gate", "CE1:PASS")
    async with client.post("/clear", json={"camera": "gate"}) as answer:
        assert answer.status == 200


async def test_an_uploaded_picture_is_seen(client: Client) -> None:
    form = aiohttp.FormData()
    form.add_field("camera", "kiosk")
    form.add_field(
        "picture", jpeg(scene(draw(SOY, zxingcpp.BarcodeFormat.EAN13), turn=0.0)), filename="a.jpg"
    )
    async with client.post("/picture", data=form) as answer:
        assert answer.status == 200
    await _seen(client, "kiosk", SOY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"camera":"roof"}',
        b'{"camera":"kiosk","symbology":"ean13","text":"12"}',
        b'{"camera":"kiosk","symbology":"qr","text":"x","seconds":900}',
        b"\xff\xfe",
    ],
)
async def test_malformed_orders_are_refused(client: Client, body: bytes) -> None:
    for path in ("/hold", "/clear"):
        async with client.post(path, data=body) as answer:
            assert answer.status == 400


@pytest.mark.parametrize(("camera", "picture"), [("kiosk", b"no picture"), ("roof", b"x"), ("kiosk", None)])
async def test_malformed_pictures_are_refused(client: Client, camera: str, picture: bytes | None) -> None:
    form = aiohttp.FormData()
    form.add_field("camera", camera)
    if picture is not None:
        form.add_field("picture", picture, filename="a.jpg")
    async with client.post("/picture", data=form) as answer:
        assert answer.status == 400


async def test_the_page_lives_under_a_policy_of_self(client: Client) -> None:
    for path in ("/", "/camera.css", "/camera.js", "/tokens.css", "/goods.svg", "/goods.json"):
        async with client.get(path) as answer:
            assert answer.status == 200, path
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    text = (PAGE / "index.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", text) == []
