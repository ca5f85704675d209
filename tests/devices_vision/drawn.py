"""Pictures of codes for the tests, drawn by zxing-cpp's writer, not by the product."""

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

Gray = npt.NDArray[np.uint8]


def draw(text: str, kind: zxingcpp.BarcodeFormat, scale: int = 3) -> Gray:
    """A clean code with its quiet zone."""
    code = zxingcpp.create_barcode(text, kind)
    pixels = np.array(zxingcpp.write_barcode_to_image(code, scale=scale, add_quiet_zones=True), np.uint8)
    return cv2.copyMakeBorder(pixels, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=(255,))  # type: ignore[return-value]


def scene(code: Gray, *, width: int = 640, height: int = 480, turn: float = 6.0, seed: int = 1) -> Gray:
    """The code as a camera would see it: turned, unevenly lit, blurred, with noise, on grey."""
    rng = np.random.default_rng(seed)
    rows, columns = code.shape
    warp = cv2.getRotationMatrix2D((columns / 2, rows / 2), turn, 1.0)
    warp[:, 2] += np.array([width / 2 - columns / 2, height / 2 - rows / 2])
    placed = cv2.warpAffine(code, warp, (width, height), borderValue=(150,))
    lit = placed * np.linspace(0.6, 1.0, width)[None, :]
    blurred = cv2.GaussianBlur(lit.clip(0, 255).astype(np.uint8), (0, 0), 0.8)
    return np.asarray((blurred + rng.normal(0, 5, (height, width))).clip(0, 255), np.uint8)


def jpeg(picture: Gray) -> bytes:
    """As JPEG bytes."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
