"""MJPEG over HTTP: the pictures of a multipart/x-mixed-replace stream, with limits, before decoding."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from io import BufferedIOBase
from urllib.parse import urlsplit

from devices.vision.pictures import MAX_BYTES
from edge.errors import DeviceOffline

TIMEOUT_S = 5.0
"""A camera that says nothing for so long is lost."""

MAX_LINE_BYTES = 1_024
MAX_HEADER_LINES = 32
CHUNK_BYTES = 65_536


class SourceLost(DeviceOffline):
    """The source gives no more frames; it is opened again after a pause."""


def read_mjpeg(url: str) -> Iterator[bytes]:
    """The parts of the stream at `url`, one after another, until it ends. Raises SourceLost."""
    place = urlsplit(url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=TIMEOUT_S)
    with closing(connection):
        try:
            connection.request("GET", (place.path or "/") + (f"?{place.query}" if place.query else ""))
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise SourceLost(f"{url} answers {answer.status}")
            if "multipart" not in answer.getheader("Content-Type", ""):
                raise SourceLost(f"{url} is no MJPEG stream")
            while True:
                yield _read_part(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceLost(f"{url}: {error or type(error).__name__}") from error


def _read_part(stream: BufferedIOBase) -> bytes:
    """One part, by its Content-Length. One that is too large is read past and comes back empty."""
    length = -1
    in_headers = False
    for _ in range(MAX_HEADER_LINES):
        line = stream.readline(MAX_LINE_BYTES)
        if not line:
            raise SourceLost("the stream ended")
        if line.startswith(b"--"):
            in_headers = True
        elif in_headers and line.strip() == b"":
            break
        elif in_headers and line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    if length < 0:
        raise SourceLost("a part of the stream has no length")
    if length <= MAX_BYTES:
        return _read_exactly(stream, length)
    for left in range(length, 0, -CHUNK_BYTES):
        _read_exactly(stream, min(CHUNK_BYTES, left))
    return b""


def _read_exactly(stream: BufferedIOBase, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise SourceLost("the stream ended")
    return data
