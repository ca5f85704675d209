"""Sources and readers with real files, a real HTTP stream and real threads."""

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from devices.vision.mjpeg import SourceLost
from devices.vision.pictures import MAX_BYTES
from devices.vision.protocol import PaymentCodeDiscarded, State
from devices.vision.sources import CaptureSource, MjpegSource, open_source
from tests.devices_vision.drawn import draw, jpeg, scene
from tests.devices_vision.watching import Watching
from tests.fakes.ports import free_port

SOY, OIL, PAYS = "6910628152903", "6963763680954", "134567890123456789"


def _picture(text: str) -> bytes:
    kind = zxingcpp.BarcodeFormat.EAN13 if len(text) == 13 else zxingcpp.BarcodeFormat.QRCode
    return jpeg(scene(draw(text, kind), turn=0.0))


@pytest.fixture
def watching() -> Iterator[Watching]:
    watching = Watching()
    yield watching
    watching.end()


class Camera:
    """An MJPEG server on a port of its own; `parts` are sent over and over."""

    def __init__(self, port: int = 0) -> None:
        self.parts: list[bytes] = []
        self.sent = threading.Event()
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=x")
                self.end_headers()
                try:
                    while not camera.ended:
                        for part in list(camera.parts):
                            self.wfile.write(
                                b"--x\r\nContent-Length: %d\r\n\r\n" % len(part) + part + b"\r\n"
                            )
                        camera.sent.wait(0.02)
                except OSError:
                    return

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.ended = False
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        self.ended = True
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def camera() -> Iterator[Camera]:
    camera = Camera()
    camera.parts = [_picture(SOY)]
    yield camera
    camera.end()


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/kiosk.mjpg"


def test_a_stream_is_read_and_one_code_is_one_scan(watching: Watching, camera: Camera) -> None:
    watching.start("kiosk", MjpegSource(_url(camera.port)))
    watching.heard.wait(lambda messages: len(messages) >= 2)
    camera.parts = [_picture(OIL)]
    watching.heard.wait(lambda _: watching.heard.texts()[-1:] == [OIL])
    assert watching.heard.messages[0] == State("kiosk", "live")
    assert watching.heard.texts() == [SOY, OIL]


def test_a_camera_that_dies_and_comes_back_is_read_again(watching: Watching, camera: Camera) -> None:
    watching.start("kiosk", MjpegSource(_url(camera.port)))
    watching.heard.wait(lambda _: watching.heard.texts() == [SOY])
    camera.end()
    watching.heard.wait(lambda messages: State("kiosk", "lost") in messages)
    again = Camera(camera.port)
    again.parts = [_picture(OIL)]
    try:
        watching.heard.wait(lambda _: watching.heard.texts() == [SOY, OIL])
    finally:
        again.end()


def test_damaged_and_oversized_pictures_are_survived(watching: Watching, camera: Camera) -> None:
    bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x01\x00\x00\x00\x01\x00\x00" + bytes(40)
    camera.parts = [b"no picture", _picture(SOY)[:900], bomb, bytes(MAX_BYTES + 100_000), b""]
    reader = watching.start("kiosk", MjpegSource(_url(camera.port)))
    watching.heard.wait(lambda _: bool(watching.heard.messages))
    camera.parts = [_picture(SOY)]
    watching.heard.wait(lambda _: watching.heard.texts() == [SOY])
    assert reader.refused >= 4
    assert watching.heard.messages[0] == State("kiosk", "live")


def test_a_bad_source_does_not_stop_another(watching: Watching, camera: Camera) -> None:
    class Broken:
        def frames(self) -> Iterator[None]:
            yield None
            raise RuntimeError("a driver with a defect")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        watching.start("silent", MjpegSource(_url(silent.getsockname()[1])))
        watching.start("broken", Broken())
        watching.start("gone", CaptureSource(Path("/nowhere.avi")))
        watching.start("kiosk", MjpegSource(_url(camera.port)))
        watching.heard.wait(lambda _: watching.heard.texts() == [SOY])
        watching.heard.wait(lambda messages: messages.count(State("broken", "lost")) >= 2)


def test_a_camera_that_is_not_there_is_lost() -> None:
    with pytest.raises(SourceLost, match="Connection refused"):
        next(MjpegSource(_url(free_port())).frames())


def test_a_folder_gives_each_new_file_as_a_frame(watching: Watching, tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(_picture(OIL))
    watching.start("folder", open_source(str(tmp_path), Path("/")))
    watching.heard.wait(lambda messages: messages == [State("folder", "live")])
    for name, data in (("a.jpg", _picture(SOY)), ("b.txt", b"no picture"), ("c.jpg", _picture("hello"))):
        (tmp_path / f".{name}").write_bytes(data)
        (tmp_path / f".{name}").rename(tmp_path / name)
    watching.heard.wait(lambda _: watching.heard.texts() == [SOY, "hello"])


def test_a_folder_that_vanishes_and_returns_is_watched_again(watching: Watching, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    watching.start("folder", open_source("in/", tmp_path))
    watching.heard.wait(lambda messages: State("folder", "live") in messages)
    folder.rmdir()
    watching.heard.wait(lambda messages: State("folder", "lost") in messages)
    folder.mkdir()
    watching.heard.wait(lambda messages: messages.count(State("folder", "live")) == 2)
    (folder / "a.jpg").write_bytes(_picture(SOY))
    watching.heard.wait(lambda _: watching.heard.texts() == [SOY])


def test_a_video_file_is_played(watching: Watching, tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15, (640, 480))
    pixels = cv2.cvtColor(
        np.asarray(cv2.imdecode(np.frombuffer(_picture(SOY), np.uint8), 0)), cv2.COLOR_GRAY2BGR
    )
    for _ in range(12):
        film.write(pixels)
    film.release()
    watching.start("film", open_source("film.avi", tmp_path))
    watching.heard.wait(lambda _: watching.heard.texts()[:1] == [SOY])
    watching.heard.wait(lambda messages: State("film", "lost") in messages)


def test_payment_codes_stay_here_unless_the_payer_sees_the_amount(watching: Watching, camera: Camera) -> None:
    camera.parts = [_picture(PAYS)]
    watching.start("kiosk", MjpegSource(_url(camera.port)))
    watching.heard.wait(lambda messages: PaymentCodeDiscarded("kiosk") in messages)
    assert watching.heard.texts() == []
    assert PAYS not in repr(watching.heard.messages)
    watching.paying.add("kiosk")
    camera.parts = [_picture(SOY)]
    watching.heard.wait(lambda _: watching.heard.texts() == [SOY])
    camera.parts = [_picture("15" + PAYS[2:])]
    watching.heard.wait(lambda _: watching.heard.texts() == [SOY, "15" + PAYS[2:]])


@pytest.mark.parametrize("text", ["camera:", "camera:front"])
def test_a_source_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        open_source(text, Path("/"))
