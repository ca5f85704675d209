"""IP cameras by RTSP and the Raspberry Pi's own: read, lost, read again; what they send is bounded."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import zxingcpp

from devices.simulator.rtsp import RtspCamera
from devices.vision import sources
from devices.vision.mjpeg import SourceLost
from devices.vision.pi_camera import pi_command, read_program
from devices.vision.pictures import MAX_BYTES, Gray
from devices.vision.protocol import PictureBad, State
from devices.vision.sources import CaptureSource, EncodedFrame, Frame, MjpegSource, PiSource, StreamSource
from tests.devices_vision.drawn import draw, jpeg, scene
from tests.devices_vision.watching import Watching


@pytest.fixture
def watching() -> Iterator[Watching]:
    """Readers in threads."""
    watching = Watching()
    yield watching
    watching.end()


def framed(text: str) -> Gray:
    """A code in the middle of a frame of 640 x 480."""
    code = scene(draw(text, zxingcpp.BarcodeFormat.QRCode), turn=0.0)
    frame = np.full((480, 640), 128, np.uint8)
    height, width = min(code.shape[0], 480), min(code.shape[1], 640)
    frame[:height, :width] = code[:height, :width]
    return frame


@pytest.mark.slow
def test_a_camera_by_rtsp_is_read_lost_and_read_again(watching: Watching) -> None:
    camera = RtspCamera(framed("CE1:ONE"))
    watching.start("gate", StreamSource(camera.url))
    watching.heard.wait(lambda _: watching.heard.texts() == ["CE1:ONE"])
    camera.end()
    watching.heard.wait(lambda messages: State("gate", "lost") in messages)
    again = RtspCamera(framed("CE1:TWO"), camera.port)
    try:
        watching.heard.wait(lambda _: watching.heard.texts() == ["CE1:ONE", "CE1:TWO"])
    finally:
        again.end()


def program(text: str) -> list[str]:
    """A program in place of rpicam-vid."""
    return [sys.executable, "-c", "import sys\nout = sys.stdout.buffer\n" + text]


def test_a_program_s_pictures_are_parted_and_its_end_is_a_loss(tmp_path: Path) -> None:
    picture = jpeg(framed("CE1:PI"))
    (tmp_path / "one.jpg").write_bytes(picture)
    play = f"one = open({str(tmp_path / 'one.jpg')!r}, 'rb').read()\n"
    pictures = read_program(program(play + "out.write(b'noise' + one + one[:900] + one)"))
    assert next(pictures) == picture
    assert next(pictures)[:900] == picture[:900]
    with pytest.raises(SourceLost, match="ended"):
        list(pictures)
    with pytest.raises(SourceLost, match="No such file"):
        next(PiSource(0).frames())
    assert pi_command(1)[:3] == ["rpicam-vid", "--camera", "1"]


@pytest.mark.slow
def test_a_picture_without_end_is_read_past(tmp_path: Path) -> None:
    picture = jpeg(framed("CE1:PI"))
    (tmp_path / "one.jpg").write_bytes(picture)
    play = f"one = open({str(tmp_path / 'one.jpg')!r}, 'rb').read()\n"
    flood = f"out.write(one[:9] + bytes({2 * MAX_BYTES}) + one[-2:] + one)"
    assert list(_until_end(read_program(program(play + flood)))) == [b"", picture]


def _until_end(pictures: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pictures
    except SourceLost:
        return


class Bomb:
    """A camera whose every picture says that it is enormous."""

    def frames(self) -> Iterator[Frame | None]:
        size = (65_535).to_bytes(4, "big")
        bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + size + size + bytes(60)
        while True:
            yield EncodedFrame(bomb)


def test_a_picture_bomb_is_told_once_in_a_while_and_the_reader_lives(watching: Watching) -> None:
    reader = watching.start("gate", Bomb())
    watching.heard.wait(lambda _: reader.refused > 50)
    bad = [message for message in watching.heard.messages if isinstance(message, PictureBad)]
    assert bad == [PictureBad("gate", "pixels")]
    assert State("gate", "live") in watching.heard.messages


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("camera:0", CaptureSource),
        ("/dev/v4l/by-id/usb-cam-index0", CaptureSource),
        ("pi:0", PiSource),
        ("rtsp://viewer:secret@10.0.0.9/stream", StreamSource),
        ("http://10.0.0.9/stream.mjpg", MjpegSource),
    ],
)
def test_a_source_is_told_by_how_it_begins(text: str, kind: Callable[..., object]) -> None:
    assert isinstance(sources.open_source(text, Path("/etc")), kind)  # type: ignore[arg-type]


def test_a_stream_that_is_not_there_does_not_tell_its_password() -> None:
    with pytest.raises(SourceLost) as caught:
        next(StreamSource("rtsp://viewer:secret@127.0.0.1:1/stream").frames())
    assert "secret" not in str(caught.value)
