"""A process that is lost and comes back: simulated relay boards, and satellites."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

READY_S = 40.0


class RelayProcess:
    """`python -m MODULE ARGUMENTS`; simulators get a trace and a control socket of their own."""

    def __init__(self, folder: Path, module: str, *arguments: str, plays: bool = True) -> None:
        self.trace = folder / "relay.trace"
        self._control = folder / "control.sock"
        own = ("--trace", str(self.trace), "--control", str(self._control)) if plays else ()
        self._command = [sys.executable, "-m", module, *arguments, *own]
        self._plays = plays
        self._process: subprocess.Popen[bytes] | None = None
        self.trace.touch()

    def start(self) -> None:
        """Start it; a simulator listens when this returns."""
        self._control.unlink(missing_ok=True)
        self._process = subprocess.Popen(self._command)
        end = time.monotonic() + READY_S
        while self._plays and not self._listens():
            assert time.monotonic() < end and self._process.poll() is None, self._command
            time.sleep(0.02)

    def _listens(self) -> bool:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
            return probe.connect_ex(str(self._control)) == 0

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stand_still(self, still: bool) -> None:
        """Stop or continue it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def switch(self, path: str, **switches: bool) -> None:
        """Post to its control socket."""
        connection = http.client.HTTPConnection("board", timeout=READY_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self._control))
        connection.request("POST", path, json.dumps(switches))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()
