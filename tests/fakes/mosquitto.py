"""A real mosquitto on a free port, started and killed by the test."""

import contextlib
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.fakes.ports import free_port

MOSQUITTO = "mosquitto"
READY_S = 10.0

CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence false
"""


class Mosquitto:
    """One broker. `start` returns when it listens; it keeps its port over a restart, and forgets the rest."""

    def __init__(self, folder: Path, configuration: str = CONFIGURATION) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self._file = folder / f"mosquitto-{self.port}.conf"
        self._file.write_text(configuration.format(port=self.port), "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            with contextlib.closing(socket.socket()) as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("mosquitto does not listen")

    def freeze(self) -> None:
        """Hold it still: connections stay up, nothing is answered any more. `stop` ends it all the same."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """Kill it, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
