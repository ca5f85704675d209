"""Still pictures are not decoded; a code counts once while it stays in view."""

import cv2
import numpy as np
import pytest

from devices.simulator.camera_codes import draw_qr
from devices.vision.codes import Code
from devices.vision.gate import CHANGE_GREY, MotionGate
from devices.vision.in_view import AGREEING_FRAMES, InView
from devices.vision.sources import EncodedFrame

SOY = Code("ean13", "6910628152903")
OIL = Code("ean13", "6963763680954")


def _thumbnail(
    seed: int = 0, *, noise: float = 1.0, moved: bool = False
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    rng = np.random.default_rng(seed)
    picture = np.full((60, 80), 120.0) + rng.normal(0, noise, (60, 80))
    if moved:
        picture[20:40, 30:50] += 60
    return picture.clip(0, 255).astype(np.uint8)


def test_the_gate_opens_for_a_change_and_shuts_when_nothing_moves_any_more() -> None:
    gate = MotionGate(open_ms=500)
    assert gate.is_open(_thumbnail(), 0)
    assert gate.is_open(_thumbnail(1), 400)
    assert not gate.is_open(_thumbnail(2), 501)
    assert gate.is_open(_thumbnail(3, moved=True), 600)
    assert not gate.is_open(_thumbnail(4, moved=True), 1_200)


def test_noise_and_slow_daylight_do_not_open_it() -> None:
    gate = MotionGate(open_ms=0)
    gate.is_open(_thumbnail(), 0)
    for step in range(1, 200):
        dusk = (_thumbnail(step, noise=2.0).astype(int) - step // 4).clip(0, 255).astype(np.uint8)
        assert not gate.is_open(dusk, step)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 480), (250, 250)])
def test_the_thumbnail_is_the_same_whether_the_picture_was_decoded_before_or_not(
    width: int, height: int
) -> None:
    """A gate that shut after frames that were decoded must not take the next one, which is not, for moved."""
    drawn = cv2.resize(draw_qr("CE1:A PASS"), (width, height))
    jpeg = bytes(cv2.imencode(".jpg", drawn, (cv2.IMWRITE_JPEG_QUALITY, 85))[1])
    before, after = EncodedFrame(jpeg), EncodedFrame(jpeg)
    after.picture()
    difference = cv2.absdiff(before.thumbnail(), after.thumbnail())
    assert int(difference.max()) < CHANGE_GREY


def test_a_picture_of_another_size_opens_it() -> None:
    gate = MotionGate(open_ms=0)
    gate.is_open(_thumbnail(), 0)
    assert gate.is_open(_thumbnail()[:30], 10)


def test_a_code_counts_once_while_it_stays() -> None:
    view = InView(gone_ms=1_000)
    assert view.arrived([SOY], 0) == [SOY]
    assert [view.arrived([SOY], at) for at in range(100, 5_000, 100)] == [[]] * 49
    assert view.arrived([SOY, OIL], 5_050) == [OIL]


def test_taken_away_and_shown_again_it_counts_again() -> None:
    view = InView(gone_ms=1_000)
    view.arrived([SOY], 0)
    assert view.arrived([], 900) == []
    assert view.arrived([SOY], 950) == []
    assert view.arrived([SOY], 2_000) == [SOY]


def test_it_stays_in_view_while_the_picture_is_still() -> None:
    view = InView(gone_ms=1_000)
    view.arrived([SOY], 0)
    for at in range(0, 60_000, 500):
        view.still(at)
    assert view.arrived([SOY], 60_100) == []


def test_an_unsure_barcode_counts_when_frames_agree() -> None:
    view = InView(gone_ms=1_000)
    weak = Code(SOY.symbology, SOY.text, sure=False)
    news = [view.arrived([weak], at) for at in range(0, 100 * AGREEING_FRAMES, 100)]
    assert news == [[]] * (AGREEING_FRAMES - 1) + [[SOY]]
    assert view.arrived([weak], 400) == []


def test_unsure_barcodes_that_differ_never_count() -> None:
    view = InView()
    weak = [Code(code.symbology, code.text, sure=False) for code in (SOY, OIL)]
    assert [view.arrived([weak[at % 2]], at * 50) for at in range(20)] == [[]] * 20
