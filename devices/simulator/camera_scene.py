"""What a simulated camera sees: a lobby with some noise, and now and then something held up before it.

A held code is printed on a card that slides in, trembles in the hand, stands askew, is lit from one side and
blurred by the lens. Only pictures leave; nobody behind the camera is told what the code says.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from devices.simulator.camera_codes import Picture

Colour = npt.NDArray[np.uint8]
"""Rows of BGR values."""

WIDTH, HEIGHT = 640, 480
JPEG_QUALITY = 82
NOISE_GREY = 3.0
IDLE_FRAMES = 8
SLIDE_S = 0.35
CODE_SIDE_PX = 330
SWAY_PX = 2.5
TILT_SHARE = 0.06
"""How far corners stand off the rectangle, as a share of the card's width."""


def draw_lobby(seed: int) -> Colour:
    """A lobby, a little out of focus: wall, floor, a door with light behind it, letterboxes."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(1.05, 0.78, HEIGHT)[:, None, None]
    picture = (np.array([196, 205, 204], float)[None, None] * rows).repeat(WIDTH, 1)
    picture[350:] = np.array([120, 138, 148]) * np.linspace(1.0, 0.7, HEIGHT - 350)[:, None, None]
    lobby = np.clip(picture, 0, 255).astype(np.uint8)
    cv2.rectangle(lobby, (430, 90), (570, 352), (61, 67, 18), -1)
    cv2.rectangle(lobby, (446, 108), (554, 338), (168, 217, 240), -1)
    cv2.rectangle(lobby, (496, 108), (504, 338), (61, 67, 18), -1)
    for row in range(4):
        for column in range(4):
            left, top = 60 + column * 62, 130 + row * 44
            cv2.rectangle(lobby, (left, top), (left + 52, top + 34), (136, 146, 95), -1)
            cv2.rectangle(lobby, (left + 14, top + 8), (left + 38, top + 12), (60, 80, 50), -1)
    noise = rng.normal(0, 4, (HEIGHT // 8, WIDTH // 8, 1)).astype(np.float32)
    mottled = lobby + cv2.resize(noise, (WIDTH, HEIGHT))[:, :, None]
    return np.asarray(cv2.GaussianBlur(np.clip(mottled, 0, 255).astype(np.uint8), (0, 0), 2.2), np.uint8)


def to_jpeg(picture: Colour) -> bytes:
    """A frame as the camera sends it."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()


class Scene:
    """One camera's view. Times are seconds of any clock that only goes forward."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._lobby = draw_lobby(seed)
        self._idle = [to_jpeg(self._noisy(self._lobby)) for _ in range(IDLE_FRAMES)]
        self._card: Picture | None = None
        self._corners = np.zeros((4, 2), np.float32)
        self._picture: Colour | None = None
        self._from_s = self._until_s = 0.0
        self._count = 0

    def hold(self, code: Picture, *, now_s: float, seconds: float) -> None:
        """Hold a code up for so many seconds."""
        self.clear()
        self._card = cv2.copyMakeBorder(code, 14, 14, 14, 14, cv2.BORDER_CONSTANT, value=(242,))  # type: ignore[assignment]
        self._corners = self._askew(code.shape)
        self._from_s, self._until_s = now_s, now_s + seconds

    def show(self, picture: Colour, *, now_s: float, seconds: float) -> None:
        """Show a picture in place of the lobby for so many seconds, fitted into the frame."""
        self.clear()
        height, width = picture.shape[:2]
        share = min(WIDTH / width, HEIGHT / height)
        size = (max(1, round(width * share)), max(1, round(height * share)))
        fitted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC)
        frame = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
        frame[top : top + size[1], left : left + size[0]] = fitted
        self._picture, self._from_s, self._until_s = frame, now_s, now_s + seconds

    def clear(self) -> None:
        """Take away whatever is held."""
        self._card = self._picture = None

    def frame(self, now_s: float) -> bytes:
        """The JPEG of this moment."""
        self._count += 1
        if now_s >= self._until_s:
            self.clear()
        if self._picture is not None:
            return to_jpeg(self._noisy(self._picture))
        if self._card is not None:
            return to_jpeg(self._noisy(self._with_card(self._card, now_s)))
        return self._idle[self._count % IDLE_FRAMES]

    def _askew(self, shape: Sequence[int]) -> npt.NDArray[np.float32]:
        """Where the card's corners stand, clockwise from the top left."""
        height, width = shape[:2]
        share = CODE_SIDE_PX / max(width, height)
        half = np.array([width, height]) * share / 2
        around = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        around += self._rng.uniform(-TILT_SHARE, TILT_SHARE, (4, 2)) * CODE_SIDE_PX / 2
        turn = np.deg2rad(self._rng.uniform(-7, 7))
        turned = around @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        centre = np.array([WIDTH / 2, HEIGHT / 2]) + self._rng.uniform(-24, 24, 2)
        return np.asarray(turned + centre, np.float32)

    def _with_card(self, card: Picture, now_s: float) -> Colour:
        """The lobby with the card before it: warped, lit from one side, out of focus at its edges."""
        height, width = card.shape
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        warp = cv2.getPerspectiveTransform(corners, self._corners + self._tremble(now_s))
        how = cv2.INTER_AREA
        paper = cv2.warpPerspective(card, warp, (WIDTH, HEIGHT), flags=how, borderValue=(0,))
        mask = cv2.warpPerspective(np.full_like(card, 255), warp, (WIDTH, HEIGHT), flags=how)
        light = np.linspace(0.72, 0.98, WIDTH)[None, :]
        lit = cv2.GaussianBlur((paper * light + 10).clip(0, 255).astype(np.uint8), (0, 0), 0.7)
        share = cv2.GaussianBlur(mask, (0, 0), 0.8)[:, :, None].astype(np.float32) / 255
        return np.asarray(self._lobby * (1 - share) + lit[:, :, None] * share, np.uint8)

    def _tremble(self, now_s: float) -> npt.NDArray[np.float32]:
        """The hand: it slides in and out from below, and is never quite still."""
        edge = max(0.0, 1 - min(now_s - self._from_s, self._until_s - now_s) / SLIDE_S)
        sway = SWAY_PX * np.array([np.sin(now_s * 2.1), np.cos(now_s * 1.7)])
        return np.asarray(sway + np.array([0.0, edge * HEIGHT]), np.float32)

    def _noisy(self, picture: Colour) -> Colour:
        noise = np.zeros(picture.shape[:2], np.int16)
        cv2.randn(noise, np.zeros(1), np.full(1, NOISE_GREY))
        return np.asarray((picture + noise[:, :, None]).clip(0, 255), np.uint8)
