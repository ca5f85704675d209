"""With mock pins: lets another process see the levels of the output pins and drive the contacts.

JSON lines on a Unix socket. Guard to panel: `{"levels": {"17": 0}}` whole, at connect and on every edge.
Panel to guard: `{"line": 27, "level": 0}`. The other process knows nothing else: no ids, no commands.
"""

import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path

from devices.guard.streams import Stream, listen
from edge.errors import DeviceFault


class Panel:
    """The listening socket and its watchers. `drive(line, level)` moves a contact's pin."""

    def __init__(self, path: Path, *, drive: Callable[[int, int], None], lines: frozenset[int]) -> None:
        self.listener = listen(path)
        self.watchers: dict[socket.socket, Stream] = {}
        self._drive = drive
        self._lines = lines

    def accept(self, levels: dict[int, int]) -> socket.socket:
        """Take a new watcher and tell it every level."""
        connection, _ = self.listener.accept()
        self.watchers[connection] = Stream(connection)
        self._tell(connection, levels)
        return connection

    def read(self, connection: socket.socket) -> bool:
        """Take what a watcher drives. Returns False when it has gone."""
        lines = self.watchers[connection].read_lines()
        if lines is None:
            return False
        for line in lines:
            try:
                body = json.loads(line)
                pin, level = int(body["line"]), int(body["level"])
            except (ValueError, KeyError, TypeError):
                return False
            if pin not in self._lines or level not in (0, 1):
                return False
            self._drive(pin, level)
        return True

    def drop(self, connection: socket.socket) -> None:
        """Forget a watcher."""
        del self.watchers[connection]
        connection.close()

    def publish(self, levels: dict[int, int]) -> None:
        """Tell every watcher the levels; one that does not read is told no more."""
        for connection in tuple(self.watchers):
            self._tell(connection, levels)

    def _tell(self, connection: socket.socket, levels: dict[int, int]) -> None:
        line = json.dumps({"levels": {str(pin): level for pin, level in levels.items()}}).encode() + b"\n"
        # A watcher that has gone is found, and dropped, where its end of file is read.
        with contextlib.suppress(DeviceFault):
            self.watchers[connection].send(line)
