"""Unix stream sockets with lines on them, without blocking."""

import contextlib
import os
import socket
from pathlib import Path

from devices.guard.protocol import MAX_LINE_BYTES
from edge.errors import DeviceFault


class Stream:
    """A connection that is read in whole lines."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self._rest = b""

    def read_lines(self) -> list[bytes] | None:
        """What has arrived, line by line; None at end of file or when a line is too long."""
        try:
            data = self.connection.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES or any(len(line) > MAX_LINE_BYTES for line in lines):
            return None
        return lines

    def send(self, line: bytes) -> None:
        """Send one line whole. Raises DeviceFault when the peer has gone or does not read."""
        try:
            sent = self.connection.send(line, socket.MSG_NOSIGNAL)
        except OSError as error:
            raise DeviceFault(f"peer has gone: {error}") from error
        if sent != len(line):
            raise DeviceFault("peer does not read")


def listen(path: Path, *, mode: int = 0o660) -> socket.socket:
    """Listen on `path`, replacing a socket that nobody listens on. Raises DeviceFault if somebody does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
        else:
            raise DeviceFault(f"{path}: another process listens there")
    listener = socket.socket(socket.AF_UNIX)
    old_mask = os.umask(0o777 & ~mode)
    try:
        listener.bind(str(path))
    finally:
        os.umask(old_mask)
    listener.listen(4)
    listener.setblocking(False)
    return listener
