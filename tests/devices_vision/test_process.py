"""The whole process: a socket, a folder of pictures, limits on memory."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zxingcpp

from devices.vision.protocol import PayScreen, State
from devices.vision.scan_files import read_files
from devices.vision.server import VisionServer
from tests.devices_vision.drawn import draw, jpeg, scene

SOY = "6910628152903"
WAIT_S = 20.0
MEMORY_LIMIT_KB = 120 * 1024


def _write_picture(path: Path, text: str) -> None:
    kind = zxingcpp.BarcodeFormat.EAN13 if len(text) == 13 else zxingcpp.BarcodeFormat.QRCode
    path.write_bytes(jpeg(scene(draw(text, kind), turn=0.0)))


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    (tmp_path / "in").mkdir()
    (tmp_path / "site.toml").write_text(
        '[[reader]]\nid = "folder"\nsource = "in/"\nserves = "kiosk:k1"\n'
        '[[reader]]\nid = "dead"\nsource = "http://127.0.0.1:9/x.mjpg"\nserves = "door:gate"\n'
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "devices.vision", "--config", str(tmp_path / "site.toml")),
        *("--socket", str(tmp_path / "vision.sock")),
        stderr=subprocess.DEVNULL,
    )
    yield process
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), WAIT_S) == 0


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                return await asyncio.open_unix_connection(str(path))
            except OSError:
                await asyncio.sleep(0.02)


async def _until(lines: asyncio.StreamReader, **wanted: str) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        while line := await lines.readline():
            message: dict[str, Any] = json.loads(line)
            if wanted.items() <= message.items():
                return message
    raise AssertionError(f"never said: {wanted}")


async def test_the_process_reads_pictures_and_stays_within_its_memory(
    process: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    reader, writer = await _connect(tmp_path / "vision.sock")
    await _until(reader, t="state", reader="folder", state="live")
    for number in range(8):
        (tmp_path / "in" / f"{number}-damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(number * 100))
        _write_picture(tmp_path / "in" / f"{number}.jpg", f"parcel {number}")
        assert (await _until(reader, t="scan", reader="folder"))["text"] == f"parcel {number}"
    _write_picture(tmp_path / "in" / "soy.jpg", SOY)
    assert (await _until(reader, t="scan", symbology="ean13"))["text"] == SOY
    status = Path(f"/proc/{process.pid}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+)", status)
    assert resident is not None
    assert int(resident[1]) <= MEMORY_LIMIT_KB
    writer.close()


async def test_payment_codes_need_the_pay_screen_of_a_hub_that_is_still_there(
    process: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    assert process.returncode is None
    reader, writer = await _connect(tmp_path / "vision.sock")
    await _until(reader, t="state", reader="folder", state="live")
    _write_picture(tmp_path / "in" / "1.jpg", "101234567890123456")
    await _until(reader, t="payment_code_discarded", reader="folder")
    writer.write(b"no order\n" + b'{"t":"pay_screen","reader":"folder","on":true}\n')
    await writer.drain()
    _write_picture(tmp_path / "in" / "2.jpg", "asked")
    await _until(reader, t="scan", text="asked")
    _write_picture(tmp_path / "in" / "3.jpg", "111234567890123456")
    await _until(reader, t="scan", text="111234567890123456")
    writer.close()
    await writer.wait_closed()
    reader, writer = await _connect(tmp_path / "vision.sock")
    await _until(reader, t="state", reader="dead", state="lost")
    _write_picture(tmp_path / "in" / "4.jpg", "121234567890123456")
    await _until(reader, t="payment_code_discarded", reader="folder")
    writer.close()


async def test_states_are_told_to_whoever_connects_and_orders_end_with_the_connection(tmp_path: Path) -> None:
    server = VisionServer(tmp_path / "v.sock", ["kiosk"])
    ending = asyncio.Event()
    serving = asyncio.create_task(server.run(ending))
    reader, writer = await _connect(tmp_path / "v.sock")
    assert await _until(reader, t="state") == {"t": "state", "reader": "kiosk", "state": "lost"}
    server.say(State("kiosk", "live"))
    await _until(reader, t="state", state="live")
    for order in (PayScreen("kiosk", True), PayScreen("unknown", True)):
        writer.write(json.dumps({"t": "pay_screen", "reader": order.reader, "on": order.on}).encode() + b"\n")
    async with asyncio.timeout(WAIT_S):
        while not server.pays("kiosk"):
            await asyncio.sleep(0.01)
        assert not server.pays("unknown")
        writer.close()
        while server.pays("kiosk"):
            await asyncio.sleep(0.01)
    ending.set()
    await serving
    assert not (tmp_path / "v.sock").exists()


@pytest.mark.parametrize(
    "text", ["[[reader]]\nid = 'x'\n", "not toml", "[[reader]]\nid='x'\nsource='camera:a'\nserves='kiosk:k1'"]
)
def test_an_unusable_configuration_ends_with_a_line_that_says_why(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.toml").write_text(text)
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "devices.vision",
            "--config",
            tmp_path / "site.toml",
            "--socket",
            tmp_path / "s",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_S,
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith("vision: ")
    assert "Traceback" not in finished.stderr


def test_files_are_read_or_refused_one_by_one(tmp_path: Path) -> None:
    _write_picture(tmp_path / "a.jpg", SOY)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "c.gif").write_bytes(b"GIF89a")
    names = ("a.jpg", "b.jpg", "c.gif", "missing.jpg")
    results = read_files([tmp_path / name for name in names])
    assert [(result.text, result.refused) for result in results] == [
        (SOY, None),
        (None, "damaged"),
        (None, "format"),
        (None, "No such file or directory"),
    ]
