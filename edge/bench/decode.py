"""`decode`: photographs of codes through the vision decoder, beside bare zxing-cpp; and an idle camera frame.

A picture's time is the best of REPEATS, from grey pixels to codes; opening the file is not in it.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import zxingcpp

from devices.vision.decoder import SEARCHED, Decoder
from devices.vision.gate import MotionGate
from devices.vision.headers import PictureRefused
from devices.vision.pictures import Gray, open_thumbnail, prepare_opencv, read_picture
from edge.bench.figures import Case, case, middle, percentile

REPEATS = 5
IDLE_FRAMES = 300
QR_KINDS = ("qrcode-",)
EAN_KINDS = ("ean13-",)
PICTURE_TYPES = (".png", ".webp", ".jpg")


class Photograph(NamedTuple):
    """A picture, the text it should give (None: nothing may be read), and its folder's name."""

    kind: str
    pixels: Gray
    expected: str | None


class Outcome(NamedTuple):
    """What a decoder made of one photograph."""

    photograph: Photograph
    texts: tuple[str, ...]
    took_ms: float


def codes_folder() -> Path | None:
    """The photographs: environment CODES_DIR, or `../shared/data/codes` beside the checkout."""
    beside = Path(__file__).parents[3] / "shared" / "data" / "codes"
    folder = Path(os.environ.get("CODES_DIR", beside))
    return folder if folder.is_dir() else None


def load_photographs(folder: Path) -> list[Photograph]:
    """Every picture of the folder's kinds that can be opened at all."""
    photographs = []
    for path in sorted(folder.glob("*/*")):
        if path.suffix not in PICTURE_TYPES:
            continue
        try:
            pixels = read_picture(path)
        except PictureRefused:
            continue
        truth = path.with_suffix(".txt")
        expected = truth.read_bytes().decode("utf-8") if truth.exists() else None
        photographs.append(Photograph(path.parent.name, pixels, expected))
    return photographs


def run() -> list[Case]:
    """All cases; without the photographs only the idle frame."""
    prepare_opencv()
    folder = codes_folder()
    photographs = load_photographs(folder) if folder else []
    cases = _photograph_cases(photographs) if photographs else []
    return [*cases, *(_idle_case(width, height) for width, height in ((640, 480), (1280, 720)))]


def _photograph_cases(photographs: list[Photograph]) -> list[Case]:
    decoder = Decoder()
    ours = [
        _time(photograph, lambda p: [c.text for c in decoder.read(p) if c.sure]) for photograph in photographs
    ]
    bare = [_time(photograph, _read_bare) for photograph in photographs]
    times, floor = [each.took_ms for each in ours], [each.took_ms for each in bare]
    median_ms, slow_ms = middle(times), percentile(times, 0.95)
    n = len(ours)
    return [
        case("decode-median", median_ms, "ms", floor=middle(floor), target="<= 1 ms", ok=median_ms <= 1, n=n),
        case(
            "decode-p95",
            slow_ms,
            "ms",
            floor=percentile(floor, 0.95),
            target="<= 12 ms",
            ok=slow_ms <= 12,
            n=n,
        ),
        _correct_case("decode-qr", ours, bare, QR_KINDS, least=1.0, target="all"),
        _correct_case("decode-ean13", ours, bare, EAN_KINDS, least=22 / 24, target=">= 22 of 24"),
        _wrong_case("decode-wrong-ean13", ours, bare, EAN_KINDS),
        _wrong_case("decode-read-in-no-code", ours, bare, ("no-code",)),
    ]


def _read_bare(pixels: Gray) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(pixels, formats=SEARCHED)]


def _time(photograph: Photograph, read: Callable[[Gray], list[str]]) -> Outcome:
    best_ms = float("inf")
    texts: tuple[str, ...] = ()
    for _ in range(REPEATS):
        began = time.perf_counter()
        texts = tuple(read(photograph.pixels))
        best_ms = min(best_ms, (time.perf_counter() - began) * 1000)
    return Outcome(photograph, texts, best_ms)


def _of_kind(outcomes: list[Outcome], kinds: tuple[str, ...]) -> list[Outcome]:
    return [each for each in outcomes if each.photograph.kind.startswith(kinds)]


def _correct_case(
    name: str, ours: list[Outcome], bare: list[Outcome], kinds: tuple[str, ...], *, least: float, target: str
) -> Case:
    correct, floor = (
        sum(each.texts == (each.photograph.expected,) for each in _of_kind(outcomes, kinds))
        for outcomes in (ours, bare)
    )
    n = len(_of_kind(ours, kinds))
    return case(name, correct, "pictures", floor=floor, target=target, ok=correct >= least * n, n=n)


def _wrong_case(name: str, ours: list[Outcome], bare: list[Outcome], kinds: tuple[str, ...]) -> Case:
    wrong, floor = (
        sum(
            any(text != each.photograph.expected for text in each.texts) for each in _of_kind(outcomes, kinds)
        )
        for outcomes in (ours, bare)
    )
    return case(name, wrong, "pictures", floor=floor, target="0", ok=wrong == 0, n=len(_of_kind(ours, kinds)))


def _idle_case(width: int, height: int) -> Case:
    """A frame of a camera before which nothing moves, from JPEG bytes to the gate's no."""
    frames = _still_frames(width, height)
    gate = MotionGate(open_ms=0)
    gate.is_open(open_thumbnail(frames[0]), 0)
    times, opened = [], 0
    for number in range(IDLE_FRAMES):
        data = frames[number % len(frames)]
        began = time.perf_counter()
        opened += gate.is_open(open_thumbnail(data), number + 1)
        times.append((time.perf_counter() - began) * 1000)
    idle_ms = middle(times)
    return case(
        f"decode-idle-frame-{height}p",
        idle_ms,
        "ms",
        floor=_bare_idle_ms(frames),
        target="<= 1 ms, gate shut",
        ok=idle_ms <= 1 and not opened,
        n=IDLE_FRAMES,
    )


def _bare_idle_ms(frames: list[bytes]) -> float:
    before = np.asarray(cv2.imdecode(np.frombuffer(frames[0], np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8))
    times = []
    for number in range(IDLE_FRAMES):
        began = time.perf_counter()
        data = np.frombuffer(frames[number % len(frames)], np.uint8)
        cv2.mean(cv2.absdiff(before, np.asarray(cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_8))))
        times.append((time.perf_counter() - began) * 1000)
    return middle(times)


def _still_frames(width: int, height: int) -> list[bytes]:
    """JPEGs of one still scene with a sensor's noise."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(40, 220, (9, 16, 3)).astype(np.uint8)
    scene = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    noisy = [(scene + rng.normal(0, 3, scene.shape)).clip(0, 255).astype(np.uint8) for _ in range(4)]
    return [cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes() for frame in noisy]
