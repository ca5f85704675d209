"""A camera that streams by RTSP over TCP (RFC 2326, interleaved) with JPEG frames (RFC 2435). For tests.

What an IP camera at a gate speaks, as far as a reader needs: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN.
"""

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

FRAME_S = 1 / 12
FRAGMENT_BYTES = 1_200
CLOCK_HZ = 90_000
DESCRIPTION = (
    "v=0",
    "o=- 0 0 IN IP4 127.0.0.1",
    "s=gate",
    "t=0 0",
    "m=video 0 RTP/AVP 26",
    "a=control:0",
)
JPEG_420, DYNAMIC_TABLES, RTP_JPEG = 1, 255, 26


class RtspCamera:
    """Streams `picture` (BGR or grey, sides multiples of 16, at most 2,040 pixels) until ended."""

    def __init__(self, picture: npt.NDArray[np.uint8], port: int = 0) -> None:
        self.picture = picture
        self.ended = threading.Event()
        camera = self

        class Viewer(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _Session(camera, self.request).play()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Viewer, False)
        self._server.allow_reuse_address = True
        self._server.daemon_threads = True
        self._server.server_bind()
        self._server.server_activate()
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where the stream is."""
        return f"rtsp://127.0.0.1:{self.port}/gate"

    def end(self) -> None:
        """Pull its plug."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Session:
    """One viewer."""

    def __init__(self, camera: RtspCamera, connection: socket.socket) -> None:
        self._camera = camera
        self._connection = connection

    def play(self) -> None:
        """Answer until the viewer goes away or the camera ends."""
        with contextlib.suppress(OSError):
            for method, number in self._requests():
                self._answer(method, number)
                if method == "PLAY":
                    self._stream()
                if method in ("PLAY", "TEARDOWN"):
                    return

    def _requests(self) -> Iterator[tuple[str, str]]:
        with self._connection.makefile("rb") as lines:
            while line := lines.readline(4096):
                method, number = line.split(b" ")[0].decode(), "0"
                while (header := lines.readline(4096).strip()) != b"":
                    if header.lower().startswith(b"cseq:"):
                        number = header.partition(b":")[2].strip().decode()
                yield method, number

    def _answer(self, method: str, number: str) -> None:
        body = ""
        headers = {"OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"}.get(method, "")
        if method == "DESCRIBE":
            lines = (
                "v=0",
                "o=- 0 0 IN IP4 127.0.0.1",
                "s=gate",
                "t=0 0",
                "m=video 0 RTP/AVP 26",
                "a=control:0",
            )
            body = "".join(f"{line}\r\n" for line in lines)
            headers = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        if method == "SETUP":
            headers = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        if method == "PLAY":
            headers = "Session: 1\r\n"
        self._connection.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{headers}\r\n{body}".encode())

    def _stream(self) -> None:
        sequence, stamp = 0, 0
        while not self._camera.ended.wait(FRAME_S):
            for packet, last in _packets(self._camera.picture):
                head = struct.pack(
                    ">BBHII", 0x80, RTP_JPEG | (0x80 if last else 0), sequence & 0xFFFF, stamp, 1
                )
                self._connection.sendall(struct.pack(">cBH", b"$", 0, len(head + packet)) + head + packet)
                sequence += 1
            stamp += round(FRAME_S * CLOCK_HZ)


def _packets(picture: npt.NDArray[np.uint8]) -> Iterator[tuple[bytes, bool]]:
    """The payloads of one frame (RFC 2435, 3.1): tables in the first; and which is the last."""
    color = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    _, encoded = cv2.imencode(".jpg", color, [cv2.IMWRITE_JPEG_QUALITY, 90])
    tables, scan = _take_apart(encoded.tobytes())
    height, width = picture.shape[:2]
    for offset in range(0, len(scan), FRAGMENT_BYTES):
        part = scan[offset : offset + FRAGMENT_BYTES]
        head = struct.pack(">I", offset) + bytes((JPEG_420, DYNAMIC_TABLES, width // 8, height // 8))
        if offset == 0:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        yield head + part, offset + FRAGMENT_BYTES >= len(scan)


def _take_apart(data: bytes) -> tuple[bytes, bytes]:
    """Quantization tables and entropy-coded data of a baseline JPEG (ITU T.81, annex B)."""
    tables, at = b"", 2
    while data[at + 1] != 0xDA:
        length = struct.unpack_from(">H", data, at + 2)[0]
        if data[at + 1] == 0xDB:
            segment = data[at + 4 : at + 2 + length]
            tables += b"".join(segment[place + 1 : place + 65] for place in range(0, len(segment), 65))
        at += 2 + length
    at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return tables, data[at:-2]
