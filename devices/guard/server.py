"""The guard's loop: one hub, its heartbeat, pulses that end, contacts and inputs that move."""

import os
import selectors
import socket
from collections.abc import Callable
from pathlib import Path

from devices.guard import protocol
from devices.guard.board import Board
from devices.guard.panel import Panel
from devices.guard.streams import Stream, listen
from edge.errors import DeviceFault

NS_PER_S = 1_000_000_000
BEAT_LIMIT_NS = int(protocol.BEAT_LIMIT_S * NS_PER_S)


class GuardServer:
    """Serves one hub at a time on `path`. `edges` is a pipe that carries the numbers of moved lines."""

    def __init__(
        self,
        *,
        path: Path,
        board: Board,
        panel: Panel | None,
        edges: int,
        stop: int,
        boot_ns: Callable[[], int],
    ) -> None:
        self._board = board
        self._panel = panel
        self._boot_ns = boot_ns
        self._boot = f"{os.getpid()}-{boot_ns()}"
        self._hub: Stream | None = None
        self._last_beat_ns = 0
        self._stopped = False
        self._edges = edges
        self._shown: dict[int, int] = {}
        self._selector = selectors.DefaultSelector()
        self._listener = listen(path)
        self._watch(self._listener, self._accept)
        self._selector.register(edges, selectors.EVENT_READ, self._read_edges)
        self._selector.register(stop, selectors.EVENT_READ, self._stop)
        if panel is not None:
            self._watch(panel.listener, self._accept_watcher)

    def run(self) -> None:
        """Serve until told to stop; every line is off when this returns or raises."""
        self._board.all_off("start")
        self._publish()
        try:
            while not self._stopped:
                for key, _ in self._selector.select(self._timeout_s()):
                    key.data()
                self._do_due()
        finally:
            self._board.all_off("exit")
            self._publish()

    def _timeout_s(self) -> float | None:
        due_ns = [self._last_beat_ns + BEAT_LIMIT_NS] if self._hub is not None else []
        if (next_ns := self._board.next_due_ns()) is not None:
            due_ns.append(next_ns)
        return max(0.0, (min(due_ns) - self._boot_ns()) / NS_PER_S) if due_ns else None

    def _do_due(self) -> None:
        for pulse_id in self._board.switchboard.end_due():
            self._tell("ended", id=pulse_id)
        self._board.signals.step_due()
        for line, says in self._board.ears.settled():
            kind = self._board.kind_of(line)
            self._tell(kind, line=line, state=says)
        if self._board.cycles.save_if_due(self._boot_ns()):
            self._tell("cycles", counts=self._board.cycles_told())
        self._publish()
        if self._hub is not None and self._boot_ns() - self._last_beat_ns > BEAT_LIMIT_NS:
            self._lose_hub("beat-missed")

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if self._hub is not None:
            # Two hubs would each believe that the lines are theirs: the first one stays.
            connection.close()
            return
        self._hub = Stream(connection)
        self._last_beat_ns = self._boot_ns()
        self._watch(connection, self._read_hub)
        self._tell("hello", boot=self._boot, **self._board.describe())

    def _read_hub(self) -> None:
        if self._hub is None:
            return
        lines = self._hub.read_lines()
        if lines is None:
            self._lose_hub("hub-gone")
            return
        for line in lines:
            if self._hub is None:
                return
            try:
                self._obey(protocol.parse_request(line))
            except protocol.NotUnderstood as error:
                self._tell("refused", id="", why=str(error))
                self._lose_hub("hub-gone")

    def _obey(self, request: protocol.Request) -> None:
        match request:
            case protocol.Beat():
                self._last_beat_ns = self._boot_ns()
            case protocol.Pulse():
                why = self._board.fire(request)
                if why is None:
                    self._tell("fired", id=request.id, at_boot_ns=self._boot_ns())
                else:
                    self._refuse(request.id, request.line, why)
            case protocol.Hold(line):
                if (why := self._board.hold(request)) is not None:
                    self._refuse(f"hold-{line}", line, why)
            case protocol.Signal(line):
                if (why := self._board.play(request)) is not None:
                    self._refuse(f"signal-{line}", line, why)
        self._publish()

    def _refuse(self, request_id: str, line: int, why: str) -> None:
        self._tell("refused", id=request_id, why=why)
        if why == "fault":
            self._tell("fault", line=line, why=self._board.faults[line])

    def _lose_hub(self, cause: str) -> None:
        self._board.all_off(cause)
        if self._hub is not None:
            self._selector.unregister(self._hub.connection)
            self._hub.connection.close()
            self._hub = None
        self._publish()

    def _tell(self, kind: str, **fields: object) -> None:
        if self._hub is None:
            return
        try:
            self._hub.send(protocol.encode(kind, **fields))
        except DeviceFault:
            self._lose_hub("hub-gone")

    def _read_edges(self) -> None:
        self._board.ears.note_edges(set(os.read(self._edges, 4096)))

    def _stop(self) -> None:
        self._stopped = True

    def _publish(self) -> None:
        if self._panel is None:
            return
        levels = self._board.levels()
        if levels != self._shown:
            self._shown = levels
            self._panel.publish(levels)

    def _accept_watcher(self) -> None:
        assert self._panel is not None
        connection = self._panel.accept(self._board.levels())
        self._watch(connection, lambda: self._read_watcher(connection))

    def _read_watcher(self, connection: socket.socket) -> None:
        assert self._panel is not None
        if not self._panel.read(connection):
            self._selector.unregister(connection)
            self._panel.drop(connection)

    def _watch(self, connection: socket.socket, act: Callable[[], None]) -> None:
        self._selector.register(connection, selectors.EVENT_READ, act)
